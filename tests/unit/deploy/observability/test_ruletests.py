"""Unit tests of rules as plain trees."""

from __future__ import annotations

from tests.unit.deploy.test_configuration import TEXT, spec_of

from twinbuild.deploy.observability.ruletests import alert_tests


def test_two_for_each_alert() -> None:
    """One under which it fires, with its labels and texts, and one under which it is silent."""
    spec = spec_of()
    tests = alert_tests(spec, "x.rules.yaml")["tests"]  # type: ignore[index,call-overload]
    assert [each["name"] for each in tests] == [
        f"{alert.name} {word}" for alert in spec.observability.alerts for word in ("fires", "is silent")
    ]
    (expected,) = tests[0]["alert_rule_test"][0]["exp_alerts"]
    assert expected["exp_annotations"]["summary"] == spec.observability.alerts[0].summary
    assert tests[1]["alert_rule_test"][0]["exp_alerts"] == []


def test_series_of_the_spec() -> None:
    """They are taken as they are; whether the alert fires is asked of ALERTS."""
    given = (
        "      tests: {firing: [{series: 'up{job=\"a\"}', values: 0+0x9}], silent: []}\n    - name: FraudScorerErrors\n"
    )
    spec = spec_of(TEXT.replace("    - name: FraudScorerErrors\n", given, 1))
    firing, silent = alert_tests(spec, "x.rules.yaml")["tests"][:2]  # type: ignore[index,call-overload]
    assert firing["input_series"] == [{"series": 'up{job="a"}', "values": "0+0x9"}]
    assert firing["promql_expr_test"][0]["exp_samples"] == [{"labels": "{}", "value": 1}]
    assert silent["promql_expr_test"][0]["exp_samples"] == []

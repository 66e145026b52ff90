"""Rules as plain trees; ``oracle/test_promtool.py`` runs them."""

from __future__ import annotations

from typing import Any

from tests.unit.deploy.test_configuration import TEXT, deployment_of_text

from twinbuild.deploy.observability.rules import literal, rules_document
from twinbuild.deploy.observability.ruletests import alert_tests
from twinbuild.model.digest import Digest


def test_an_alert() -> None:
    """Free text is an annotation, never a label."""
    text = TEXT.replace("95 % of requests take longer than 250 ms.", '"{{ $value }}: x"')
    document = rules_document(deployment_of_text(text))
    rule = document["groups"][0]["rules"][0]  # type: ignore[index,call-overload]
    assert rule == {
        "alert": "FraudScorerSlow",
        "expr": "histogram_quantile(0.95, sum by (le) (rate(fraud_request_seconds_bucket[5m]))) > 0.25",
        "for": "10m",
        "labels": {"severity": "critical", "release": "fraud-scorer", "version": "1.0.0"},
        "annotations": {"summary": '{{"{{"}} $value }}: x', "team": "payments-risk"},
    }


def test_an_alert_of_a_stage() -> None:
    """It looks at its own stage and says which that is, for whoever is called by night of one alone."""
    rules: Any = rules_document(deployment_of_text(), "staging")
    (rule,) = [each for each in rules["groups"][0]["rules"] if each["alert"] == "FraudScorerGone"]
    assert rule["expr"] == 'absent(up{job="fraud-scorer",dev_twinbuild_stage=~"staging|"})'
    assert rule["labels"]["stage"] == "staging"


def test_an_alert_that_must_not_be_narrowed() -> None:
    """Where no series for its unit test can be found then, it stays as it is: nothing is rendered without a test."""
    both = 'up{dev_twinbuild_stage="other"} == 0 and up == 0'
    text = TEXT.replace('absent(up{job="fraud-scorer"})', f"'{both}'")
    rules: Any = rules_document(deployment_of_text(text), "staging")
    (rule,) = [each for each in rules["groups"][0]["rules"] if each["alert"] == "FraudScorerGone"]
    assert rule["expr"] == both
    alert_tests(deployment_of_text(text).spec, "x", "staging")


def test_the_images_are_recorded_unless_the_service_says_them() -> None:
    """By digest."""
    groups: Any = rules_document(deployment_of_text())["groups"]  # type: ignore[index,call-overload]
    assert [each["name"] for each in groups] == ["fraud-scorer.alerts", "fraud-scorer.gates"]
    (line,) = [each for each in TEXT.splitlines(keepends=True) if "name: twinbuild_release_info" in each]
    text = TEXT.replace(line, "").replace("logger, message, image, release]", "logger, message]")
    group: Any = rules_document(deployment_of_text(text))["groups"][-1]  # type: ignore[index,call-overload]
    assert group["name"] == "fraud-scorer.release"
    assert [rule["labels"]["image"] for rule in group["rules"]] == [str(Digest.of(b"image"))]


def test_literal() -> None:
    """Each pair of braces that begins an action is printed by one."""
    assert literal("a {{{{ b }} {") == 'a {{"{{"}}{{"{{"}} b }} {'

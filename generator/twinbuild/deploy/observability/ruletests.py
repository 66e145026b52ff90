"""Unit tests of the alerts for ``promtool test rules``: each has series under which it fires, and others."""

from __future__ import annotations

from twinbuild.codec.canonical import Json
from twinbuild.deploy.observability.rules import alert_expression, alert_labels, alert_texts, milliseconds
from twinbuild.model.promql.derive import derive_false, derive_true
from twinbuild.model.promql.expression import parse
from twinbuild.model.promql.series import Series, duration, quoted
from twinbuild.model.promql.timing import MINUTE, Timing, timing_of
from twinbuild.model.spec.observability import Alert, Sample
from twinbuild.model.spec.release import ReleaseSpec
from twinbuild.model.spec.watching import schema_of

__all__ = ["alert_tests"]


def alert_tests(spec: ReleaseSpec, rules: str, stage: str = "") -> Json:
    """The file of tests; ``rules`` is the name of the file of rules beside it."""
    tests: list[Json] = []
    evaluation = MINUTE
    for alert in spec.observability.alerts:
        tree = parse(alert_expression(spec, alert, stage))
        timing = timing_of(tree, milliseconds(alert.duration))
        evaluation = max(evaluation, timing.evaluation)
        tests += _given(alert, timing) if alert.tests is not None else _derived(spec, alert, timing, stage)
    return {"rule_files": [rules], "evaluation_interval": duration(evaluation), "tests": tests}


def _derived(spec: ReleaseSpec, alert: Alert, timing: Timing, stage: str) -> list[Json]:
    tree = parse(alert_expression(spec, alert, stage))
    schema = schema_of(spec.observability, tree, spec.metadata.name)
    firing, labels = derive_true(tree, schema)
    silent, _ = derive_false(tree, schema)
    raised: Json = {
        "exp_labels": {**dict(labels), **alert_labels(spec, alert, stage)},
        "exp_annotations": dict(alert_texts(spec, alert)),
    }
    return [
        {
            "name": f"{alert.name} {word}",
            "interval": duration(timing.interval),
            "input_series": [_series(each, timing) for each in series],
            "alert_rule_test": [{"eval_time": duration(timing.at), "alertname": alert.name, "exp_alerts": expected}],
        }
        for word, series, expected in (("fires", firing, [raised]), ("is silent", silent, []))
    ]


def _series(series: Series, timing: Timing) -> Json:
    return {"series": series.selector, "values": series.line.notation(timing.interval, timing.count)}


def _given(alert: Alert, timing: Timing) -> list[Json]:
    """Series of the spec, one sample a minute: which labels they lead to is not known, whether it fires is asked."""
    assert alert.tests is not None
    alerts = f'count(ALERTS{{alertname={quoted(alert.name)},alertstate="firing"}})'
    fires: Json = {"labels": "{}", "value": 1}
    cases: tuple[tuple[str, tuple[Sample, ...]], ...] = (
        ("fires", tuple(alert.tests.firing)),
        ("is silent", tuple(alert.tests.silent)),
    )
    return [
        {
            "name": f"{alert.name} {word}",
            "interval": "1m",
            "input_series": [{"series": each.series, "values": each.values} for each in samples],
            "promql_expr_test": [
                {
                    "expr": f"clamp_max({alerts}, 1)",
                    "eval_time": duration(timing.at),
                    "exp_samples": [fires] if word == "fires" else [],
                }
            ],
        }
        for word, samples in cases
    ]

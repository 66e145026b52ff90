"""Prometheus' own promtool on what is rendered: the rules are sound, and their unit tests pass and can fail."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.deploy.test_configuration import deployment_of_text
from tests.unit.model.spec.test_watching import text_with

from fakes.promtool import promtool, promtool_says
from twinbuild.codec.canonical import Json
from twinbuild.deploy.deployment import Deployment
from twinbuild.deploy.observability.files import observability_files
from twinbuild.deploy.observability.gates import DECISION, HOLDS, gate_rules, gates_of
from twinbuild.deploy.observability.gatetests import gate_tests
from twinbuild.deploy.observability.rules import literal
from twinbuild.deploy.observability.simulation import decisions
from twinbuild.model.promql.candidates import INVERSE
from twinbuild.model.promql.derive import Underivable, derive_false, derive_true
from twinbuild.model.promql.expression import parse
from twinbuild.model.promql.series import duration
from twinbuild.model.promql.solve import peel
from twinbuild.model.promql.state import Schema
from twinbuild.model.promql.timing import timing_of

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted(path.parent.name for path in (ROOT / "examples").glob("*/release.yaml"))
EXPRESSIONS = [
    "up == 0",
    "queue > 5",
    'queue{shard!~"a|b"} >= 0.5',
    "5 < queue",
    'absent(up{job="x"})',
    "absent_over_time(queue[10m])",
    "rate(errors_total[5m]) > 0",
    "increase(errors_total[30m]) >= 3",
    "sum(rate(errors_total[5m])) / sum(rate(requests_total[5m])) > 0.01",
    'sum(rate(requests_total{status=~"5.."}[5m])) / sum(rate(requests_total[5m])) > 0.05',
    'sum by (path) (rate(requests_total{status=~"5.."}[5m])) / sum by (path) (rate(requests_total[5m])) > 0.95',
    '1 - sum(rate(requests_total{status=~"5.."}[5m])) / sum(rate(requests_total[5m])) < 0.999',
    "rate(seconds_sum[5m]) / rate(seconds_count[5m]) > 0.5",
    "histogram_quantile(0.99, sum by (le, path) (rate(seconds_bucket[1m]))) > 2",
    'histogram_quantile(0.5, rate(seconds_bucket{path="/predict"}[10m])) * 1000 > 250',
    'sum(rate(seconds_bucket{le="0.25"}[5m])) / sum(rate(seconds_count[5m])) < 0.95',
    "count(up == 0) > 2",
    "(capacity - used) / capacity < 0.1",
    "avg_over_time(queue[1h]) > 10 and queue > 10",
    "queue > 10 or capacity < 1",
    "capacity < 1 unless used > 5",
    "delta(queue[10m]) < -4",
    "deriv(queue[10m]) > 0.5",
    "queue > scalar(capacity)",
    "sum(queue) by (shard) != 3",
    "topk(3, queue) > 4",
    "abs(queue) > 2",
    "-queue > 2",
    "avg_over_time(rate(errors_total[5m])[30m:1m]) > 0.2",
    "used / on (shard) group_left capacity > 0.9",
    "queue offset 1h > 2",
    "rate(errors_total[30s]) > 1",
    "increase(errors_total[30d]) > 100",
]
SCHEMA = Schema(
    labels=(
        ("up", ("job", "instance")),
        ("queue", ("shard",)),
        ("capacity", ("shard",)),
        ("used", ("shard",)),
        ("errors_total", ()),
        ("requests_total", ("path", "status")),
        ("seconds_bucket", ("path", "le")),
        ("seconds_sum", ("path",)),
        ("seconds_count", ("path",)),
    ),
    counters=frozenset({"errors_total", "requests_total", "seconds_bucket", "seconds_sum", "seconds_count"}),
)


def _tests(expressions: list[str], *, held: int = 120_000) -> dict[str, bytes]:
    """Rules and tests of expressions by themselves, as the renderer writes an alert's."""
    rules: list[Json] = []
    tests: list[Json] = []
    evaluation = 60_000
    for index, text in enumerate(expressions):
        name = f"Alert{index}"
        rules.append({"alert": name, "expr": text, "for": duration(held), "labels": {}, "annotations": {}})
        tree = parse(text)
        timing = timing_of(tree, held)
        evaluation = max(evaluation, timing.evaluation)
        firing, labels = derive_true(tree, SCHEMA)
        silent, _ = derive_false(tree, SCHEMA)
        for series, expected in ((firing, [{"exp_labels": dict(labels), "exp_annotations": {}}]), (silent, [])):
            tests.append(
                {
                    "interval": duration(timing.interval),
                    "input_series": [
                        {"series": each.selector, "values": each.line.notation(timing.interval, timing.count)}
                        for each in series
                    ],
                    "alert_rule_test": [
                        {"eval_time": duration(timing.at), "alertname": name, "exp_alerts": expected}  # type: ignore[dict-item]
                    ],
                }
            )
    document = {"rule_files": ["rules.yaml"], "evaluation_interval": duration(evaluation), "tests": tests}
    return {
        "rules.yaml": json.dumps({"groups": [{"name": "all", "rules": rules}]}).encode(),
        "tests.yaml": json.dumps(document).encode(),
    }


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_derived_series(text: str, tmp_path: Path) -> None:
    """Series that are derived from an expression do what they are derived for, labels included."""
    status, said = promtool_says("test", tmp_path, _tests([text]), "tests.yaml")
    assert status == 0, said


def _spec(name: str) -> str:
    return (ROOT / "examples" / name / "release.yaml").read_text("utf-8")


def _rendered(text: str) -> tuple[str, dict[str, bytes], Deployment]:
    """The name of a spec's release, its files for Prometheus, and its deployment."""
    deployment = deployment_of_text(text)
    prefix = f"prometheus/{deployment.stages[-1]}/" if deployment.stages else "prometheus/"
    files = {
        path.removeprefix(prefix): content
        for path, content in observability_files(deployment).items()
        if path.startswith(prefix)
    }
    return deployment.spec.metadata.name, files, deployment


@pytest.mark.parametrize("example", EXAMPLES)
def test_examples(example: str, tmp_path: Path) -> None:
    """The rules of every example are sound, and every example has unit tests that pass."""
    name, files, _ = _rendered(_spec(example))
    status, said = promtool_says("check", tmp_path, files, f"{name}.rules.yaml")
    assert status == 0, said
    tests = sorted(path for path in files if path.endswith("tests.yaml"))
    assert f"{name}.tests.yaml" in tests
    assert (f"{name}.gates.tests.yaml" in tests) is (example == "fraud-scorer")
    status, said = promtool_says("test", tmp_path, files, *tests)
    assert status == 0, said


def _inverted(text: str) -> str:
    """The opposite: what compares compares otherwise; what asks for absence asks for presence."""
    node = peel(parse(text))
    operator = str(getattr(node, "op", ""))
    if operator in INVERSE:
        return f"({node.lhs.prettify()}) {INVERSE[operator]} ({node.rhs.prettify()})"  # type: ignore[attr-defined]
    return f"absent({text})"


@pytest.mark.parametrize("example", EXAMPLES)
@pytest.mark.parametrize("change", [_inverted, lambda text: f"({text}) and vector(0) > 1", lambda _: "vector(1)"])
def test_a_wrong_expression_fails_its_unit_test(example: str, change: Any, tmp_path: Path) -> None:
    """Each alert: inverted, emptied, or always true, its unit test fails, and names the alert."""
    name, files, deployment = _rendered(_spec(example))
    document = yaml.safe_load(files[f"{name}.rules.yaml"])
    alerts = [rule for rule in document["groups"][0]["rules"] if "alert" in rule]
    assert [rule["alert"] for rule in alerts] == [alert.name for alert in deployment.spec.observability.alerts]
    for rule in alerts:
        rule["expr"] = change(rule["expr"])
    changed = {**files, f"{name}.rules.yaml": json.dumps(document).encode()}
    status, said = promtool_says("test", tmp_path, changed, f"{name}.tests.yaml")
    assert status == 1
    assert _named(said) == {rule["alert"] for rule in alerts}


def _named(said: str) -> set[str]:
    """The alerts whose tests failed."""
    return set(re.findall(r"alertname: (\w+),", said))


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_inverted_expressions_fail(text: str, tmp_path: Path) -> None:
    """Series that are derived tell an expression from its opposite, and from one that yields nothing."""
    files = _tests([text])
    for change in (_inverted(text), f"({text}) and vector(0) > 1"):
        rules = json.loads(files["rules.yaml"])
        rules["groups"][0]["rules"][0]["expr"] = change
        changed = {**files, "rules.yaml": json.dumps(rules).encode()}
        status, said = promtool_says("test", tmp_path, changed, "tests.yaml")
        assert status == 1, said
        assert "FAILED" in said


_SELECTORS = st.sampled_from(["queue", 'queue{shard="x"}', "capacity", "used", "up"])
_COUNTERS = st.sampled_from(["errors_total", 'requests_total{status=~"5.."}', "requests_total", "seconds_count"])
_WINDOWS = st.sampled_from(["30s", "5m", "2h"])
_NUMBERS = st.sampled_from(["0", "0.01", "0.5", "1", "3", "99.5", "1e3"])
_ATOMS = st.one_of(
    _SELECTORS,
    st.builds("{}({}[{}])".format, st.sampled_from(["rate", "irate", "increase"]), _COUNTERS, _WINDOWS),
    st.builds("{}({}[{}])".format, st.sampled_from(["avg_over_time", "max_over_time", "delta"]), _SELECTORS, _WINDOWS),
    st.builds("histogram_quantile({}, sum by (le) (rate(seconds_bucket[{}])))".format, st.just("0.9"), _WINDOWS),
)
_TREES = st.recursive(
    _ATOMS,
    lambda below: st.one_of(
        st.builds("{}({})".format, st.sampled_from(["sum", "avg", "min", "max", "abs", "sum by (shard) "]), below),
        st.builds("({} {} {})".format, below, st.sampled_from(["*", "/", "+", "-"]), _NUMBERS),
        st.builds("(sum({}) {} sum({}))".format, below, st.sampled_from(["*", "/", "+", "-"]), below),
    ),
    max_leaves=4,
)
_COMPARED = st.builds("{} {} {}".format, _TREES, st.sampled_from(sorted(INVERSE)), _NUMBERS)
_ALERTS = st.one_of(
    _COMPARED, st.builds("{} {} on () ({})".format, _COMPARED, st.sampled_from(["and", "unless"]), _COMPARED)
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(expressions=st.lists(_ALERTS, min_size=1, max_size=8))
def test_whatever_is_derived_holds(expressions: list[str], tmp_path: Path) -> None:
    """Of any expression: either series are derived and promtool agrees, or it is said that none are."""
    promtool()
    fit = [text for text in expressions if _derivable(text)]
    if not fit:
        return
    status, said = promtool_says("test", tmp_path, _tests(fit), "tests.yaml")
    assert status == 0, (fit, said)


def _derivable(text: str) -> bool:
    tree = parse(text)
    try:
        timing_of(tree, 0)
        derive_true(tree, SCHEMA)
        derive_false(tree, SCHEMA)
    except Underivable:
        return False
    return True


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    summary=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=60)
    | st.sampled_from(
        ["{{ $value }}", "{{", "}}", "{{{{{", "a: b # c", "- x", "'\"", "&a *a", "!!python/object",
         '{{ template "x" }}', "{{/* x */}}", "{{- 1 -}}", "| >",
         "\u2028x", "%YAML 1.2", "\\", "{{`", "null", "0x1f", "1_000", "=", "<<"]
    )
)  # fmt: skip
def test_any_text_arrives_as_it_is(summary: str, tmp_path: Path) -> None:
    """Text for people is neither YAML nor a template: promtool gives it back letter by letter."""
    promtool()
    if not summary.strip() or "\n" in summary:
        return
    rule = {"alert": "A", "expr": "up == 0", "labels": {}, "annotations": {"summary": literal(summary)}}
    test = {
        "input_series": [{"series": "up", "values": "0x3"}],
        "alert_rule_test": [
            {"eval_time": "2m", "alertname": "A", "exp_alerts": [{"exp_annotations": {"summary": summary}}]}
        ],
    }
    from twinbuild.codec.yamltext import as_yaml_stream

    files = {
        "rules.yaml": as_yaml_stream({"groups": [{"name": "g", "rules": [rule]}]}),  # type: ignore[dict-item]
        "tests.yaml": as_yaml_stream({"rule_files": ["rules.yaml"], "evaluation_interval": "1m", "tests": [test]}),  # type: ignore[dict-item]
    }
    status, said = promtool_says("test", tmp_path, files, "tests.yaml")
    assert status == 0, said


SIMULATED = """\
rollout:
  strategy: canary
  steps: [{weight: 10, pause: 1m}, {weight: 100}]
  promote:
    - {name: few, metric: queue, operator: "OPERATOR", threshold: 5, window: 3m}
    - {name: other, expression: load, operator: "!=", threshold: 2, window: 2m}
  rollback:
    - {name: many, expression: "queue * 1", operator: ">=", threshold: 9, window: 2m}
observability:
  metrics:
    - {name: queue, type: gauge, description: What waits.}
    - {name: load, type: gauge, description: Load.}
"""
_MEASURED = st.lists(st.sampled_from([None, None, math.nan, 1.0, 2.0, 5.0, 9.0, 12.0]), min_size=12, max_size=12)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(queue=_MEASURED, load=_MEASURED, operator=st.sampled_from(["<", "<=", ">", "!="]))
def test_the_simulation_decides_as_the_rules_do(
    queue: list[float | None], load: list[float | None], operator: str, tmp_path: Path
) -> None:
    """At every moment, whatever is measured, and whatever is not."""
    promtool()
    section = SIMULATED.replace("OPERATOR", operator).replace("metric: queue", "expression: queue")
    spec = deployment_of_text(text_with(section).replace(_old_rollout(), "")).spec
    gates = gates_of(spec)
    assert gates.interval == 60
    values = {"few": tuple(queue), "other": tuple(load), "many": tuple(queue)}
    decided = [moment.decision for moment in decisions(gates, values)]
    samples = {
        name: " ".join(_notation(value) for value in given) for name, given in (("queue", queue), ("load", load))
    }
    expected = {"promote": 1, "rollback": -1}
    tests = [
        {
            "expr": f"{DECISION} != 0",
            "eval_time": f"{moment}m",
            "exp_samples": [{"labels": f'{DECISION}{{release="fraud-scorer"}}', "value": expected[decision]}]
            if decision != "hold"
            else [],
        }
        for moment, decision in enumerate(decided)
    ]
    document = {
        "rule_files": ["rules.yaml"],
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": [{"series": name, "values": text} for name, text in samples.items()],
                "promql_expr_test": tests,
            }
        ],
    }
    files = {
        "rules.yaml": json.dumps({"groups": [gate_rules(spec)]}).encode(),
        "tests.yaml": json.dumps(document).encode(),
    }
    status, said = promtool_says("test", tmp_path, files, "tests.yaml")
    assert status == 0, said


def _notation(value: float | None) -> str:
    return "stale" if value is None else str(value).replace("nan", "NaN")


def _old_rollout() -> str:
    text = _spec("fraud-scorer")
    return text[text.index("\nrollout:") : text.index("\nobservability:")]


def test_gates_of_the_example(tmp_path: Path) -> None:
    """Good, bad, empty and NaN series decide as they must; a gate that is inverted fails its tests."""
    spec = deployment_of_text(_spec("fraud-scorer")).spec
    files = {
        "rules.yaml": json.dumps({"groups": [gate_rules(spec)]}).encode(),
        "tests.yaml": json.dumps(gate_tests(spec, "rules.yaml")).encode(),
    }
    status, said = promtool_says("check", tmp_path, files, "rules.yaml")
    assert status == 0, said
    status, said = promtool_says("test", tmp_path, files, "tests.yaml")
    assert status == 0, said
    for gate in gates_of(spec).gates:
        group: Any = json.loads(json.dumps(gate_rules(spec)))
        for rule in group["rules"]:
            if rule["record"] == HOLDS and rule["labels"]["gate"] == gate.name:
                operator = gate.condition.operator
                rule["expr"] = rule["expr"].replace(f" {operator} bool ", f" {INVERSE[operator]} bool ")
        changed = {**files, "rules.yaml": json.dumps({"groups": [group]}).encode()}
        status, said = promtool_says("test", tmp_path, changed, "tests.yaml")
        assert status == 1
        assert f"{gate.name} with" in said or f'gate=\\"{gate.name}\\"' in said


def test_other_stages_and_versions_do_not_count(tmp_path: Path) -> None:
    """One Prometheus scrapes all of them: of two stages one alone is bad, of two versions the old one."""
    name, files, deployment = _rendered(_spec("fraud-scorer"))
    stage = deployment.stages[-1]

    def requests(stage: str, version: str, errors: str) -> list[dict[str, str]]:
        pod = f'app_kubernetes_io_version="{version}",dev_twinbuild_stage="{stage}"'
        return [
            {"series": f"fraud_request_errors_total{{{pod}}}", "values": errors},
            {"series": f'fraud_request_seconds_count{{path="/predict",{pod}}}', "values": "0+600x40"},
            {"series": f'fraud_request_seconds_bucket{{le="0.05",path="/predict",{pod}}}', "values": "0+600x40"},
            {"series": f'fraud_request_seconds_bucket{{le="+Inf",path="/predict",{pod}}}', "values": "0+600x40"},
            {"series": f'fraud_predictions_total{{decision="fraud",{pod}}}', "values": "0+1x40"},
            {"series": f'fraud_predictions_total{{decision="genuine",{pod}}}', "values": "0+600x40"},
        ]

    labels = f'{{release="fraud-scorer",stage="{stage}"}}'
    cases = (
        ([requests(stage, "1.0.0", "0x40"), requests("other", "1.0.0", "0+600x40")], [], 1),
        ([requests(stage, "1.0.0", "0x40"), requests(stage, "0.9.0", "0+600x40")], [1], 1),
        ([requests(stage, "1.0.0", "0+600x40"), requests(stage, "0.9.0", "0x40")], [1], -1),
    )
    tests = [
        {
            "interval": "1m",
            "input_series": [each for pods in series for each in pods],
            "promql_expr_test": [
                {
                    "expr": 'clamp_max(count(ALERTS{alertname="FraudScorerErrors",alertstate="firing"}), 1)',
                    "eval_time": "30m",
                    "exp_samples": [{"labels": "{}", "value": value} for value in firing],
                },
                {
                    "expr": DECISION,
                    "eval_time": "30m",
                    "exp_samples": [{"labels": f"{DECISION}{labels}", "value": decision}],
                },
            ],
        }
        for series, firing, decision in cases
    ]
    document = {"rule_files": [f"{name}.rules.yaml"], "evaluation_interval": "1m", "tests": tests}
    status, said = promtool_says("test", tmp_path, {**files, "t.yaml": json.dumps(document).encode()}, "t.yaml")
    assert status == 0, said
    # The same rules of whichever stage and version, as they were once, decide otherwise.
    mixed = files[f"{name}.rules.yaml"].decode().replace(f'dev_twinbuild_stage=~"{stage}|"', 'job!="x"')
    assert promtool_says("test", tmp_path, {f"{name}.rules.yaml": mixed.encode()}, "t.yaml")[0] == 1

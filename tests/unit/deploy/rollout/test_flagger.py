"""Flagger."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.model.spec.test_rollout import with_rollout

from fakes.deployed import a_target, example
from twinbuild.deploy.rollout.flagger import flagger, why_not
from twinbuild.model.promql.expression import parse

ELSEWHERE = """strategy: canary
steps: [{weight: 5, pause: 1m}, {weight: 9, pause: 1m}]
gates: [{name: review, before: 9, confirm: 'http://gate.example'}]"""
PROMETHEUS = "prometheus: http://prometheus.example:9090"


WEIGHTED = f"strategy: canary\nsteps: [{{weight: 5, pause: 5m}}]\ntraffic: {{router: nginx, route: r}}\n{PROMETHEUS}"


def condition(operator: str, name: str = "one") -> str:
    """A condition of a gauge-like share."""
    return f"{{name: {name}, metric: fraud_request_errors_total, operator: '{operator}', threshold: 0.5, window: 5m}}"


def test_canary() -> None:
    """Weights, gate, measurements; the interval is the longest of all, and a rollback is not later than declared."""
    found: Any = flagger(a_target())
    spec = found["canary"]["spec"]
    assert spec["provider"] == "nginx"
    assert spec["analysis"]["stepWeights"] == [10, 50]
    assert (spec["analysis"]["interval"], spec["analysis"]["threshold"]) == ("5m", 1)
    assert spec["analysis"]["webhooks"][0]["type"] == "confirm-promotion"
    assert {each["templateRef"]["name"] for each in spec["analysis"]["metrics"]} == {
        document["metadata"]["name"] for name, document in found.items() if name.startswith("metric-")
    }
    assert "service" not in found  # it makes its own


@pytest.mark.parametrize(
    ("pause", "windows", "threshold"),
    [("1m", ("5m", "3m"), 3), ("3m", ("3m",), 1), ("90s", ("5m",), 3), ("1m", (), 3)],
)
def test_a_rollback_in_time(pause: str, windows: tuple[str, ...], threshold: int) -> None:
    """As many looks fail as the shortest window has: interval times threshold is never longer than it."""
    bad = ", ".join(condition(">", f"bad-{number}").replace("5m", each) for number, each in enumerate(windows))
    text = with_rollout(WEIGHTED.replace("pause: 5m", f"pause: {pause}") + f"\nrollback: [{bad}]")
    found: Any = flagger(a_target(text))
    assert found["canary"]["spec"]["analysis"]["threshold"] == threshold


@pytest.mark.parametrize(
    ("kind", "operator", "span", "ending"),
    [
        ("promote", "<=", {"max": 0.5}, "[5m]))"),
        ("promote", ">=", {"min": 0.5}, "[5m]))"),
        ("promote", "<", {"min": 1}, ") < bool 0.5"),
        ("promote", "==", {"min": 1}, ") == bool 0.5"),
        ("rollback", ">", {"max": 0.5}, "[5m]))) >= -Inf or on() vector(0.5)"),
        ("rollback", "<", {"min": 0.5}, "[5m]))) >= -Inf or on() vector(0.5)"),
        ("rollback", ">=", {"min": 1}, ") >= -Inf) < bool 0.5 or on() vector(1)"),
        ("rollback", "!=", {"min": 1}, ") >= -Inf) == bool 0.5 or on() vector(1)"),
    ],
)
def test_ranges(kind: str, operator: str, span: dict[str, float], ending: str) -> None:
    """A rollback's condition is good where it does not hold; what no range can say is compared by Prometheus.

    Where nothing is measured nothing is rolled back: a good value stands in.
    """
    found: Any = flagger(a_target(with_rollout(f"{WEIGHTED}\n{kind}: [{condition(operator)}]")))
    assert found["canary"]["spec"]["analysis"]["metrics"][0]["thresholdRange"] == span
    query = found["metric-one"]["spec"]["query"]
    parse(query)
    assert query.endswith(ending)
    new = 'app_kubernetes_io_name="{{ target }}",namespace="{{ namespace }}",'
    this = 'app_kubernetes_io_version="1.0.0",dev_twinbuild_stage="staging"'
    assert f"fraud_request_errors_total{{{new}{this}}}[5m]" in query


def test_a_gate_of_blue_green() -> None:
    """There are no steps: the gate stands before the promotion."""
    text = with_rollout("strategy: blue_green\ngates: [{name: review, confirm: 'http://gate.example'}]")
    found: Any = flagger(a_target(text))
    assert found["canary"]["spec"]["analysis"]["webhooks"][0]["type"] == "confirm-promotion"


def test_without_a_router() -> None:
    """There are no weights to set: it measures as often as there are steps, then switches."""
    text = with_rollout("strategy: canary\nsteps: [{weight: 5, pause: 1m}, {weight: 50, pause: 90s}]")
    spec: Any = flagger(a_target(text))["canary"]
    assert spec["spec"]["provider"] == "kubernetes"
    assert (spec["spec"]["analysis"]["iterations"], spec["spec"]["analysis"]["interval"]) == (2, "90s")
    assert "stepWeights" not in spec["spec"]["analysis"]


@pytest.mark.parametrize(
    ("rollout", "reason"),
    [
        ("strategy: rolling", "rolling"),
        (f"strategy: blue_green\npromote: [{condition('<')}]", "rollout.prometheus"),
        (f"strategy: blue_green\npromote: [{condition('<')}]\n{PROMETHEUS}", "no traffic"),
        (f"{WEIGHTED.replace('traffic: {router: nginx, route: r}', '')}\nrollback: [{condition('>')}]", "no traffic"),
        (f"{WEIGHTED.replace('5m', '6m')}\nrollback: [{condition('>')}]", "looks once in 6m, and `one` brings the old"),
        ("strategy: canary\nsteps: [{weight: 5}, {weight: 100}]", "waits for somebody"),
        ("strategy: blue_green\ngates: [{name: review}]", "no `confirm`"),
        (
            ELSEWHERE,
            "stands elsewhere",
        ),
        ("strategy: canary\nsteps: [{weight: 5, pause: 1m}]\nshadow: {duration: 1m}", "shadow"),
    ],
)
def test_not_rendered(rollout: str, reason: str) -> None:
    """What Flagger could not do as it is written is not rendered at all."""
    target = a_target(with_rollout(rollout))
    assert flagger(target) == {}
    assert reason in why_not(target)
    assert why_not(a_target(example())) == ""

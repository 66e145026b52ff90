"""Conditions as recording rules; ``oracle/test_promtool.py`` runs them."""

from __future__ import annotations

from typing import Any

from tests.unit.deploy.test_configuration import TEXT, spec_of

from twinbuild.deploy.observability.gates import gate_rules, gates_of
from twinbuild.model.promql.expression import parse


def test_moments() -> None:
    """So close that the shortest window has two of them."""
    gates = gates_of(spec_of())
    assert gates.interval == 60
    assert {gate.condition.window: gate.count for gate in gates.gates} == {"5m": 5, "10m": 10}
    shorter = gates_of(spec_of(TEXT.replace("rate: 1m, window: 5m", "rate: 20s, window: 1m")))
    assert (shorter.interval, {gate.condition.window: gate.count for gate in shorter.gates}["1m"]) == (30, 2)


def test_rules_are_promql() -> None:
    """Three for each condition, and the decision last."""
    spec = spec_of()
    group: Any = gate_rules(spec)
    assert [rule["record"] for rule in group["rules"]] == [
        *["twinbuild_gate_value", "twinbuild_gate_holds", "twinbuild_gate_met"] * len(gates_of(spec).gates),
        "twinbuild_rollout_decision",
    ]
    for rule in group["rules"]:
        parse(rule["expr"])


def test_of_a_stage() -> None:
    """Pods of this version in this stage are measured, and what is recorded says which stage."""
    text = TEXT.replace(
        "  rollback:\n", "  rollback:\n    - {expression: up, operator: '==', threshold: 0, window: 5m}\n"
    )
    spec = spec_of(text)
    chosen = '{app_kubernetes_io_version="1.0.0",dev_twinbuild_stage="staging"}'
    gates = {gate.name: gate.expression for gate in gates_of(spec, "staging").gates}
    assert gates.pop("rollback-1") == 'up{dev_twinbuild_stage=~"staging|"}'
    assert all(f"fraud_request_seconds_count{chosen}" in each for each in gates.values() if "_count" in each)
    assert all("app_kubernetes_io_version" in each for each in gates.values())
    rules: Any = gate_rules(spec, "staging")
    assert {rule["labels"]["stage"] for rule in rules["rules"]} == {"staging"}
    for rule in rules["rules"]:
        parse(rule["expr"])
        assert "twinbuild_gate" not in rule["expr"] or 'release="fraud-scorer",stage="staging"' in rule["expr"]
    assert not any("dev_twinbuild" in gate.expression for gate in gates_of(spec).gates)


def test_no_conditions() -> None:
    """No group."""
    text = TEXT[: TEXT.index("rollout:")] + TEXT[TEXT.index("observability:") :]
    assert gate_rules(spec_of(text)) is None

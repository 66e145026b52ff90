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


def test_no_conditions() -> None:
    """No group."""
    text = TEXT[: TEXT.index("rollout:")] + TEXT[TEXT.index("observability:") :]
    assert gate_rules(spec_of(text)) is None

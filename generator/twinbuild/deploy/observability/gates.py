"""The conditions of a rollout as recording rules, and what a controller, or a person, may read off them.

Each condition is evaluated every ``Gates.interval`` seconds; it holds at a moment if every series of its expression
does (``promote``), or any does (``rollback``), and it is met once it has held at every one of the last ``count``
moments. No series, a gap, or NaN at any of them is no decision: moments are counted. Nothing is promoted either while
a condition of ``rollback`` is not measured.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from twinbuild.codec.canonical import Json
from twinbuild.deploy.observability.onestage import of_one_stage
from twinbuild.deploy.rollout.conditions import measured, query
from twinbuild.deploy.rollout.scraped import matchers_of
from twinbuild.model.promql.series import duration, number, quoted
from twinbuild.model.spec.release import ReleaseSpec
from twinbuild.model.spec.rollout import Condition, Kind
from twinbuild.model.spec.values import duration_seconds

__all__ = ["DECISION", "HOLDS", "MET", "VALUE", "Gate", "Gates", "gate_rules", "gates_of", "labels_of", "matchers"]

VALUE: Final = "twinbuild_gate_value"
HOLDS: Final = "twinbuild_gate_holds"
MET: Final = "twinbuild_gate_met"
DECISION: Final = "twinbuild_rollout_decision"
_INTERVALS: Final = (60, 30, 15, 10, 5, 1)  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """A condition: what is asked (PromQL), and at how many moments in a row it must hold."""

    kind: Kind
    name: str
    expression: str
    condition: Condition
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Gates:
    """All conditions of a rollout in a stage ("": whichever), and the seconds between two moments."""

    interval: int
    gates: tuple[Gate, ...]
    stage: str = ""

    def of(self, kind: Kind) -> tuple[Gate, ...]:
        """Those of a kind, in the spec's order."""
        return tuple(gate for gate in self.gates if gate.kind == kind)


def gates_of(spec: ReleaseSpec, stage: str = "") -> Gates:
    """The conditions with names; moments are so close that the shortest window has two.

    Of a stage they ask for the pods of this version there; an expression of the spec's own asks for all of the stage.
    """
    kinds: tuple[Kind, ...] = ("promote", "rollback")
    found = [each for kind in kinds for each in measured(spec, kind)]
    windows = [math.ceil(duration_seconds(each.condition.window)) for each in found]
    interval = next((each for each in _INTERVALS if 2 * each <= min(windows, default=120)), 1)
    pods = matchers_of(spec, stage) if stage else ()
    gates = tuple(
        Gate(
            kind=each.kind,
            name=each.name,
            expression=of_one_stage(spec, own, stage)
            if (own := each.condition.expression) is not None
            else query(spec, each.condition, pods),
            condition=each.condition,
            count=math.ceil(window / interval),
        )
        for each, window in zip(found, windows, strict=True)
    )
    return Gates(interval=interval, gates=gates, stage=stage)


def gate_rules(spec: ReleaseSpec, stage: str = "") -> Json | None:
    """A group of rules; None where a rollout has no conditions."""
    gates = gates_of(spec, stage)
    if not gates.gates:
        return None
    rules: list[Json] = []
    for gate in gates.gates:
        labels = labels_of(spec, stage, gate)
        rules.append({"record": VALUE, "expr": gate.expression, "labels": dict(labels)})
        rules.append({"record": HOLDS, "expr": _holds(spec, stage, gate), "labels": dict(labels)})
        rules.append({"record": MET, "expr": _met(spec, gates, gate), "labels": dict(labels)})
    rules.append({"record": DECISION, "expr": _decision(spec, gates), "labels": dict(labels_of(spec, stage))})
    return {"name": f"{spec.metadata.name}.gates", "interval": duration(gates.interval * 1000), "rules": rules}


def labels_of(spec: ReleaseSpec, stage: str, gate: Gate | None = None) -> dict[str, str]:
    """Labels of what is recorded, of one gate or of all."""
    found = {"release": spec.metadata.name} | ({"stage": stage} if stage else {})
    return found | ({"kind": gate.kind, "gate": gate.name} if gate is not None else {})


def matchers(spec: ReleaseSpec, stage: str, gate: Gate | None = None) -> str:
    """What chooses the series of a gate, or of all."""
    return ",".join(f"{name}={quoted(value)}" for name, value in labels_of(spec, stage, gate).items())


def _holds(spec: ReleaseSpec, stage: str, gate: Gate) -> str:
    value = f"{VALUE}{{{matchers(spec, stage, gate)}}}"
    threshold = number(gate.condition.threshold)
    # NaN is unequal to everything, itself included: what is left of `value == value` are numbers.
    if gate.kind == "rollback":
        return f"max(({value} == {value}) {gate.condition.operator} bool {threshold})"
    return f"min({value} {gate.condition.operator} bool {threshold}) and count({value}) == count({value} == {value})"


def _met(spec: ReleaseSpec, gates: Gates, gate: Gate) -> str:
    holds = f"{HOLDS}{{{matchers(spec, gates.stage, gate)}}}"
    # Half an interval less than `count` of them holds exactly `count` moments, whether its ends count or not.
    window = f"[{duration((2 * gate.count - 1) * gates.interval * 500)}]"
    return f"min_over_time({holds}{window}) * (count_over_time({holds}{window}) == bool {gate.count})"


def _decision(spec: ReleaseSpec, gates: Gates) -> str:
    """1: the next step; 0: wait; -1: back. No element at all where nothing has been measured."""
    release = matchers(spec, gates.stage)
    promote, rollback = len(gates.of("promote")), len(gates.of("rollback"))
    parts, factors = [], []
    if rollback:
        parts.append(f'-(max({MET}{{{release},kind="rollback"}}) == 1)')
    if promote:
        met = f'{MET}{{{release},kind="promote"}}'
        factors += [f"min({met})", f"(count({met}) == bool {promote})"]
    if rollback:
        factors.append(f'(count({HOLDS}{{{release},kind="rollback"}}) == bool {rollback})')
    return " or ".join([*parts, " * ".join(factors)])

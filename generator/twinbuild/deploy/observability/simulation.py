"""A rollout played through with given measurements: what is decided at each moment, and why.

It decides as the rendered rules do; a test runs both on the same series.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

from twinbuild.deploy.observability.gates import Gate, Gates
from twinbuild.deploy.rollout.conditions import Verdict, verdict
from twinbuild.model.promql.candidates import INVERSE, candidates
from twinbuild.model.spec.rollout import Rollout
from twinbuild.model.spec.values import duration_seconds

__all__ = ["CASES", "LONGEST", "Decision", "Moment", "Seen", "case_value", "decisions", "length_of", "simulate"]

Decision = Literal["promote", "hold", "rollback"]
CASES: Final = ("good", "bad", "empty", "nan")
LONGEST: Final = 100_000
"""Moments of a rollout, at most, that are played."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A gate at a moment: its value (None: no series), what that says, and at how many moments in a row it has held."""

    gate: str
    value: float | None
    verdict: Verdict
    held: int
    wanted: int

    @property
    def met(self) -> bool:
        """Whether it has held for its whole window."""
        return self.held >= self.wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """Seconds from the start, the share of traffic (per cent) then, what was seen, and what is decided and why."""

    time: int
    weight: int
    seen: tuple[Seen, ...]
    decision: Decision
    reason: str
    last: bool = False  # the rollout has ended


def decisions(gates: Gates, series: Mapping[str, tuple[float | None, ...]], *, length: int = 0) -> Iterator[Moment]:
    """What the conditions say at each moment, whatever the steps are: what the rules record."""
    held = dict.fromkeys((gate.name for gate in gates.gates), 0)
    for index in range(max([length, *map(len, series.values())])):
        seen = tuple(_look(gate, series.get(gate.name, ()), index, held) for gate in gates.gates)
        decision, reason = _decide(gates, seen)
        yield Moment(time=index * gates.interval, weight=0, seen=seen, decision=decision, reason=reason)


def simulate(
    rollout: Rollout,
    gates: Gates,
    series: Mapping[str, tuple[float | None, ...]],
    *,
    approved: bool,
    length: int = 0,
) -> Iterator[Moment]:
    """Each moment until the rollout has ended, one way or the other, or the series have.

    A gate without a series has no measurements. ``approved``: whoever must agree does so at once. ``length``: moments
    at least, for a rollout without conditions.
    """
    steps = [(step.weight, _seconds(step.pause)) for step in rollout.steps] or [(100, 0)]
    if steps[-1][0] != 100:
        steps.append((100, 0))
    at, since = 0, 0
    for moment in decisions(gates, series, length=length):
        weight, pause = steps[at]
        decision, reason = moment.decision, moment.reason
        following = steps[at + 1][0] if at + 1 < len(steps) else None
        if decision == "promote":
            waits = _waits(rollout, pause, moment.time - since, following, approved=approved)
            decision, reason = ("hold", waits) if waits else (decision, reason)
        last = decision == "rollback" or (decision == "promote" and following in (None, 100))
        yield replace(moment, weight=weight, decision=decision, reason=reason, last=last)
        if last:
            return
        if decision == "promote":
            at, since = at + 1, moment.time


def _seconds(pause: str | None) -> int | None:
    return None if pause is None else math.ceil(duration_seconds(pause))


def _look(gate: Gate, values: tuple[float | None, ...], index: int, held: dict[str, int]) -> Seen:
    value = values[index] if index < len(values) else None
    said = verdict(gate.condition, value)
    held[gate.name] = held[gate.name] + 1 if said == "holds" else 0
    return Seen(gate=gate.name, value=value, verdict=said, held=held[gate.name], wanted=gate.count)


def _decide(gates: Gates, seen: tuple[Seen, ...]) -> tuple[Decision, str]:
    """What the conditions say, whatever the steps: what ends a rollout goes first."""
    by_name = {each.gate: each for each in seen}
    for gate in gates.of("rollback"):
        if by_name[gate.name].met:
            return "rollback", f"{gate.name} has held for {gate.condition.window}"
    for gate in gates.of("promote"):
        found = by_name[gate.name]
        if found.verdict == "unknown":
            return "hold", f"{gate.name} was not measured"
        if found.verdict == "fails":
            return "hold", f"{gate.name} does not hold"
        if not found.met:
            return "hold", f"{gate.name} has not held for {gate.condition.window} yet"
    unknown = [gate.name for gate in gates.of("rollback") if by_name[gate.name].verdict == "unknown"]
    if unknown:
        return "hold", f"{unknown[0]} was not measured"
    return "promote", "all conditions hold" if seen else "there is no condition that could hold it back"


def _waits(rollout: Rollout, pause: int | None, passed: int, following: int | None, *, approved: bool) -> str:
    """What a promotion still waits for; "" for nothing."""
    if pause is None and following is not None and not approved:
        return "the step has no time of its own: a person decides"
    if pause is not None and passed < pause:
        return f"the step lasts {pause} s"
    for gate in rollout.gates:
        if gate.before == (following or 100) and not approved:
            return f"somebody must agree: {gate.name}"
    return ""


def case_value(gate: Gate, case: str) -> float | None:
    """A measurement of a case: ``good`` (promotes), ``bad`` (rolls back, or holds), ``empty`` (None) and ``nan``."""
    if case in ("empty", "nan"):
        return None if case == "empty" else math.nan
    wished = (gate.kind == "promote") == (case == "good")
    operator = gate.condition.operator if wished else INVERSE[gate.condition.operator]
    return next(candidates(operator, gate.condition.threshold, exact=True))


def length_of(rollout: Rollout, gates: Gates) -> int:
    """Moments after which a rollout that nothing holds back has ended: ``LONGEST`` or fewer can be played."""
    pauses = sum(_seconds(step.pause) or 0 for step in rollout.steps)
    longest = max((gate.count for gate in gates.gates), default=0)
    return pauses // gates.interval + longest + 2 * len(rollout.steps) + 2

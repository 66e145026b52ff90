"""A rollout played through."""

from __future__ import annotations

import math
from typing import Any

import pytest
from tests.unit.deploy.test_configuration import TEXT, spec_of

from twinbuild.deploy.observability.gates import Gates, gates_of
from twinbuild.deploy.observability.simulation import CASES, Moment, case_value, length_of, simulate
from twinbuild.model.spec.rollout import Rollout

CANARY: dict[str, Any] = {
    "strategy": "canary",
    "steps": ({"weight": 10, "pause": "2m"}, {"weight": 50, "pause": "1m"}, {"weight": 100}),
    "promote": ({"name": "fast", "expression": "a", "operator": "<", "threshold": 0.1, "window": "2m"},),
    "rollback": ({"name": "wrong", "expression": "b", "operator": ">", "threshold": 0.5, "window": "2m"},),
}


def _rollout(**changes: Any) -> tuple[Rollout, Gates]:
    rollout = Rollout.model_validate({**CANARY, **changes})
    return rollout, gates_of(spec_of().model_copy(update={"rollout": rollout}))


def _played(series: dict[str, tuple[float | None, ...]], *, approved: bool = False, **changes: Any) -> list[Moment]:
    rollout, gates = _rollout(**changes)
    assert gates.interval == 60
    return list(simulate(rollout, gates, series, approved=approved))


def _shown(moments: list[Moment]) -> list[tuple[int, int, str]]:
    return [(moment.time, moment.weight, moment.decision) for moment in moments]


GOOD, BAD = (0.05,) * 9, (0.9,) * 9


def test_promoted() -> None:
    """Each step lasts as long as it says, and the conditions hold for their windows."""
    moments = _played({"fast": GOOD, "wrong": (0.0,) * 9})
    assert _shown(moments) == [(0, 10, "hold"), (60, 10, "hold"), (120, 10, "promote"), (180, 50, "promote")]
    assert moments[-1].last


def test_nothing_to_measure() -> None:
    """A rollout without conditions is promoted, and the reason does not praise conditions that nobody wrote."""
    rollout, gates = _rollout(strategy="rolling", steps=(), promote=(), rollback=())
    (moment,) = simulate(rollout, gates, {}, approved=False, length=3)
    assert (moment.decision, moment.reason) == ("promote", "there is no condition that could hold it back")


def test_rolled_back() -> None:
    """Once the condition has held for its whole window, and though all is well otherwise."""
    moments = _played({"fast": GOOD, "wrong": BAD})
    assert _shown(moments) == [(0, 10, "hold"), (60, 10, "rollback")]
    assert moments[-1].reason == "wrong has held for 2m"


@pytest.mark.parametrize("nothing", [None, math.nan])
@pytest.mark.parametrize("gate", ["fast", "wrong"])
def test_nothing_measured_never_promotes(nothing: float | None, gate: str) -> None:
    """Whichever condition it is; and it rolls nothing back."""
    series: dict[str, tuple[float | None, ...]] = {"fast": GOOD, "wrong": (0.0,) * 9, gate: (nothing,) * 9}
    moments = _played(series)
    assert {moment.decision for moment in moments} == {"hold"}
    assert len(moments) == 9
    assert moments[-1].reason == f"{gate} was not measured"
    without = {name: values for name, values in series.items() if name != gate}
    assert {moment.decision for moment in _played(without)} == {"hold"}


def test_a_gap_begins_the_window_anew() -> None:
    """One missing measurement is enough."""
    moments = _played({"fast": (0.05, None, 0.05, math.nan, 0.05, 0.05), "wrong": (0.0,) * 6})
    assert [moment.decision for moment in moments] == ["hold"] * 5 + ["promote"]


def test_a_person_decides() -> None:
    """A step without a time, or a gate before the next weight, waits until somebody agrees."""
    series = {"fast": GOOD, "wrong": (0.0,) * 9}
    steps = ({"weight": 10}, {"weight": 100})
    assert {moment.decision for moment in _played(series, steps=steps)} == {"hold"}
    assert _played(series, steps=steps, approved=True)[-1].last
    gate = ({"name": "review", "before": 100},)
    moments = _played(series, gates=gate)
    assert (moments[-1].decision, moments[-1].weight) == ("hold", 50)
    assert moments[-1].reason == "somebody must agree: review"
    assert _played(series, gates=gate, approved=True)[-1].last


@pytest.mark.parametrize("case", CASES)
def test_cases_of_the_example(case: str) -> None:
    """Good is promoted, bad is rolled back, empty and NaN wait until nobody waits any more."""
    spec = spec_of()
    gates = gates_of(spec)
    length = length_of(spec.rollout, gates)
    series = {gate.name: (case_value(gate, case),) * length for gate in gates.gates}
    end = list(simulate(spec.rollout, gates, series, approved=True))[-1]
    assert end.decision == {"good": "promote", "bad": "rollback"}.get(case, "hold")
    assert end.last is (case in ("good", "bad"))
    assert TEXT

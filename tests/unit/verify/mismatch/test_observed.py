from __future__ import annotations

from dataclasses import replace

from twinbuild.verify.mismatch.observed import Clue, Observed, of_observation

_ONE = Observed(
    time=1_795_000_000.0,
    host_name="alpha",
    user="ada",
    directories=(),
    time_zones=(),
    locale="C",
    environment=(),
    processors=2,
)
_CLUE = Clue(first=_ONE, second=replace(_ONE, host_name="beta", user="bob", processors=3))


def test_a_value_that_was_seen() -> None:
    """It stands on each side as that side saw it."""
    found = of_observation((b"on alpha", b"on beta"), 3, _CLUE)
    assert found is not None
    assert found.name == "host-name"


def test_nothing_that_was_seen() -> None:
    """A value of one side alone, or within a word, is none."""
    assert of_observation((b"on alphabet", b"on betabet"), 3, _CLUE) is None

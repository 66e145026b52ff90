"""``model.spec.values`` and ``model.spec.frozen``: exact amounts, times as seconds, values that cannot change."""

from __future__ import annotations

import pickle
from fractions import Fraction

import pytest
from pydantic_core import PydanticCustomError, ValidationError

from twinbuild.model.spec.frozen import FrozenMapping, PlainDate, freeze
from twinbuild.model.spec.values import duration_seconds, epoch, quantity_value


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("250ms", Fraction(1, 4)), ("1.5s", Fraction(3, 2)), ("10m", 600), ("2h", 7200), ("1d", 86400), ("1w", 604800)],
)
def test_durations(text: str, seconds: Fraction) -> None:
    """A duration is an exact number of seconds."""
    assert duration_seconds(text) == seconds


@pytest.mark.parametrize(
    ("text", "value"),
    [("250m", Fraction(1, 4)), ("2", 2), ("1.5", Fraction(3, 2)), ("512Mi", 512 << 20), ("1G", 10**9), ("3k", 3000)],
)
def test_quantities(text: str, value: Fraction) -> None:
    """An amount is exact in its base unit."""
    assert quantity_value(text) == value


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1980-01-01", 315532800),
        ("2026-11-01", 1793491200),
        ("2026-11-01T12:00:00Z", 1793534400),
        ("2026-11-01T12:00:00+02:00", 1793527200),
    ],
)
def test_epoch(text: str, seconds: int) -> None:
    """A day is its midnight in UTC, a time is itself."""
    assert epoch(text) == seconds


@pytest.mark.parametrize(
    "text", ["2026-13-01", "1979-12-31", "2107-01-01", "2026-1-1", "2026-11-01T12:00:00", "now", ""]
)
def test_no_epoch(text: str) -> None:
    """Other spellings, days that there are not, and years that archives cannot hold are refused."""
    with pytest.raises(PydanticCustomError) as caught:
        epoch(text)
    assert caught.value.type == "TB1121"


def test_frozen() -> None:
    """A frozen value is equal to what it was made from, hashable, picklable, and has no way to change."""
    value = freeze({"a": [1, {"b": None}]})
    assert isinstance(value, FrozenMapping)
    assert value["a"] == (1, {"b": None})
    assert hash(value) == hash(freeze({"a": [1, {"b": None}]}))
    assert pickle.loads(pickle.dumps(value)) == value
    with pytest.raises(TypeError):
        value["a"] = 1  # type: ignore[index]


def test_freeze_finds_every_part() -> None:
    """Each part that JSON cannot hold is named at its own place."""
    with pytest.raises(ValidationError) as caught:
        freeze({"a": [PlainDate("2026-01-01")], "b": {"c": 2**60}})
    assert [error["loc"] for error in caught.value.errors()] == [("a", 0), ("b", "c")]

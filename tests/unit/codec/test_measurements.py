"""A file of measurements: every fault with its line."""

from __future__ import annotations

import math
import time

import pytest
from pydantic_core import PydanticCustomError

from twinbuild.codec.measurements import Measurements, expand, read_measurements
from twinbuild.errors import UsageError


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("1", (1.0,)),
        ("1x2 _ 3", (1.0, 1.0, 1.0, None, 3.0)),
        ("0+60x2", (0.0, 60.0, 120.0)),
        ("5-1.5x2", (5.0, 3.5, 2.0)),
        ("-1x1 _x2 stale", (-1.0, -1.0, None, None, None)),
        ("1e-3", (0.001,)),
        ("+Inf", (math.inf,)),
    ],
)
def test_notation(text: str, values: tuple[float | None, ...]) -> None:
    """As promtool has it."""
    assert expand(text) == values


def test_nan_and_length() -> None:
    """NaN is a value; nothing is longer than 100,000 values, and what is longer is refused, not cut off."""
    assert math.isnan(expand("NaN")[0] or 0)
    assert len(expand("1x99999")) == 100_000
    started = time.process_time()
    for text in ("1x99999 1", " ".join(["1x99999"] * 5000)):
        with pytest.raises(PydanticCustomError, match="more than 100,000 values"):
            expand(text)
    assert time.process_time() - started < 60  # 500 million values take minutes and gigabytes


def test_other_moments() -> None:
    """A value counts until the next one."""
    measurements = Measurements(interval=60_000, series=(("a", (1.0, None, 3.0)),))
    assert measurements.every(60) == {"a": (1.0, None, 3.0)}
    assert measurements.every(30) == {"a": (1.0, 1.0, None, None, 3.0, 3.0)}
    assert measurements.every(120) == {"a": (1.0,)}


def test_a_file() -> None:
    """The interval is a minute unless it says otherwise."""
    content = b"series:\n  fast: 0.1x3 NaN\n"
    found = read_measurements("m.yaml", content, ("fast", "wrong"))
    assert (found.interval, found.series[0][0], len(found.series[0][1])) == (60_000, "fast", 5)
    assert read_measurements("m.yaml", b"interval: 30s\n" + content, ("fast",)).interval == 30_000


@pytest.mark.parametrize(
    ("content", "faults"),
    [
        (b"a: 1\n", [("TB7410", 1, 1)]),
        (b"- 1\n", [("TB7410", 1, 1)]),
        (b"series: 7\n", [("TB7410", 1, 1)]),
        (b"series:\n  slow: 1x3\n", [("TB7410", 2, 3)]),
        (b"series:\n  fast: [1, 2]\n", [("TB7410", 2, 9)]),
        (b"series:\n  fast: 1*3\n", [("TB7410", 2, 9)]),
        (b"interval: soon\nseries:\n  fast: 1x3\n", [("TB7410", 1, 11)]),
        (b"interval: 0s\nseries:\n  fast: 1x3\n", [("TB7410", 1, 11)]),
        (b"interval: soon\nseries:\n  fast: 1*3\n", [("TB7410", 1, 11), ("TB7410", 3, 9)]),
        (b"series: {", [("TB1005", 2, 1)]),
    ],
)
def test_a_fault(content: bytes, faults: list[tuple[str, int, int]]) -> None:
    """All at once."""
    with pytest.raises(UsageError) as caught:
        read_measurements("m.yaml", content, ("fast",))
    assert [(each.code, each.where.line, each.where.column) for each in caught.value.findings] == faults

from __future__ import annotations

import struct

import pytest

from twinbuild.verify.mismatch.moments import in_zone, of_binary_moment, of_moment


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("2026-11-03 08:15:42", "2026-11-03 22:15:42", "time-zone"),
        ("2026-11-03 08:15:42", "2026-12-19 22:15:42", "timestamp"),
        ("2026-11-03 08:15:42", "2026-11-03 22:15:43", "timestamp"),
        ("08:15:42 UTC", "08:15:42 CET", "time-zone"),
        ("Di 3. März 11:20:01", "Tue 3. March 11:20:01", "locale"),
        ("at 1795000000", "at 1795036000", "time-zone"),
        ("at 1795000000", "at 1795036001", "timestamp"),
        ("D:20261103081542", "D:20261104091547", "timestamp"),
        ("datetime.datetime(2026, 11, 3, 8, 15)", "datetime.datetime(2026, 11, 4, 9, 1)", "timestamp"),
        ("version 1.2.3", "version 1.2.4", ""),
        ("id 3109936495", "id 3109936496", ""),
    ],
)
def test_texts(one: str, other: str, expected: str) -> None:
    """Times of the build, of another zone, in another language; and numbers that are none."""
    found = of_moment(one.encode(), other.encode())
    assert (found.name if found else "") == expected


def test_zones() -> None:
    """Quarters of an hour, and no more of them than lie between two zones."""
    assert in_zone(19_800)
    assert not in_zone(0)
    assert not in_zone(901)
    assert not in_zone(40 * 3600)


def test_binary() -> None:
    """Four aligned bytes that are a time on both sides, with nothing unlike behind them."""
    one, other = (b"\0" * 8 + struct.pack("<I", each) + b"\1" * 8 for each in (1_795_000_000, 1_795_100_003))
    found = of_binary_moment((one, other), 8)
    assert found is not None
    assert found.name == "timestamp"
    assert of_binary_moment((one + b"a" * 4, one[:8] + bytes(4) + b"b" * 12), 8) is None

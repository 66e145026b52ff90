"""``govern.judging.windows``: freezes, at their edges and where clocks change."""

from __future__ import annotations

from datetime import datetime

import pytest

from twinbuild.govern.judging.windows import UnknownZone, frozen_until
from twinbuild.model.policy import Freeze


def _freeze(zone: str, **window: object) -> Freeze:
    return Freeze.model_validate({"name": "f", "stages": ["*"], "zone": zone, "reason": "r", **window})


def _at(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


WEEKEND = {"weekly": {"from": "fri 16:00", "until": "mon 06:00"}}


@pytest.mark.parametrize(
    ("moment", "until"),
    [
        ("2027-01-15T15:59:59+01:00", None),
        ("2027-01-15T16:00:00+01:00", "2027-01-18T06:00:00+01:00"),
        ("2027-01-17T23:59:59+01:00", "2027-01-18T06:00:00+01:00"),
        ("2027-01-18T05:59:59+01:00", "2027-01-18T06:00:00+01:00"),
        ("2027-01-18T06:00:00+01:00", None),
        ("2027-07-16T14:00:00+00:00", "2027-07-19T04:00:00+00:00"),  # summer time
        ("2027-03-28T12:00:00+00:00", "2027-03-29T04:00:00+00:00"),  # clocks change that weekend
        ("2027-10-31T12:00:00+00:00", "2027-11-01T05:00:00+00:00"),
    ],
)
def test_weekends(moment: str, until: str | None) -> None:
    """From Friday to Monday in Berlin, in winter and in summer."""
    assert frozen_until(_freeze("Europe/Berlin", **WEEKEND), _at(moment)) == (until and _at(until))


@pytest.mark.parametrize(
    ("moment", "frozen"),
    [
        ("2027-12-19T22:59:59+00:00", False),
        ("2027-12-19T23:00:00+00:00", True),
        ("2028-01-01T22:59:59+00:00", True),
        ("2028-01-01T23:00:00+00:00", False),
    ],
)
def test_once(moment: str, frozen: bool) -> None:
    """From a local time to before another one."""
    freeze = _freeze("Europe/Berlin", **{"from": "2027-12-20T00:00", "until": "2028-01-02T00:00"})
    assert (frozen_until(freeze, _at(moment)) is not None) is frozen


def test_an_hour_twice() -> None:
    """Of an hour that comes twice both belong to the freeze."""
    freeze = _freeze("Europe/Berlin", **{"from": "2027-10-31T02:15", "until": "2027-10-31T02:45"})
    inside = ("2027-10-31T02:15:00+02:00", "2027-10-31T02:44:59+01:00")
    assert all(frozen_until(freeze, _at(each)) for each in inside)
    assert frozen_until(freeze, _at("2027-10-31T02:45:00+01:00")) is None


def test_unknown_zone() -> None:
    """Nobody can tell: that is said, and not passed over."""
    for zone in ("Europe/Nowhere", "../../etc/passwd", "/etc/localtime"):
        with pytest.raises(UnknownZone):
            frozen_until(_freeze(zone, **WEEKEND), 0)

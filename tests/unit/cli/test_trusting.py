"""``cli.trusting``: texts of the command line as values."""

from __future__ import annotations

import pytest

from twinbuild.cli.trusting import log_signer, named_role, time_given
from twinbuild.errors import UsageError


def test_roles() -> None:
    """People may have blanks in their names, and a threshold comes last."""
    assert named_role("approver=Ada Example, grace:2") == ("approver", ("Ada Example", "grace"), 2)
    assert named_role("approver=") == ("approver", (), 1)
    with pytest.raises(UsageError):
        named_role("approver")


def test_times() -> None:
    """A length from now, a day, a time; nothing else."""
    assert time_given("2d", 100, where="x") == 100 + 2 * 86400
    assert time_given("2027-01-15", 0, where="x") == 1_799_971_200
    assert time_given("2027-01-15T09:00:00+01:00", 0, where="x") == 1_800_000_000
    for text in ("tomorrow", "9999999d", "2107-01-01"):  # later ones have no day that could be written
        with pytest.raises(UsageError):
            time_given(text, 1_800_000_000, where="x")


def test_logs() -> None:
    """A log to append to needs its key."""
    assert log_signer(None, None) is None
    with pytest.raises(UsageError):
        log_signer(None, "key")

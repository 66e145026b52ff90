"""Why a bounded process ended, as far as its status tells; the rest is with those who use one."""

from __future__ import annotations

import pytest

from twinbuild.build.bounded import TOO_MUCH, why_it_ended
from twinbuild.ports import Completed


@pytest.mark.parametrize(
    ("status", "errors", "said"),
    [
        (-24, b"", "is not done after 10 seconds of processor time"),
        (-9, b"", "is not done after 10 seconds"),
        (TOO_MUCH, b"", "needs more than 1024 MiB"),
        (-11, b"", "SIGSEGV"),
        (1, b"a\nlast words\n\n", "last words"),
        (1, b"", "it said nothing"),
    ],
)
def test_reasons(status: int, errors: bytes, said: str) -> None:
    """By signal, by status, by its last line."""
    assert said in why_it_ended(Completed(status=status, stdout=b"", stderr=errors))

"""``model.validity``: from when until when something counts."""

from __future__ import annotations

import pytest

from twinbuild.model.validity import Revocation, Validity


@pytest.mark.parametrize(
    ("at", "why"), [(9, "was not valid yet"), (10, ""), (19, ""), (20, "has expired"), (25, "was revoked (lost)")]
)
def test_objection(at: int, why: str) -> None:
    """The first moment counts, the last does not; a revocation is said before anything else."""
    assert Validity(since=10, until=20, revoked=Revocation(at=25, reason="lost")).objection(at) == why


def test_early() -> None:
    """A revocation as of a time before it began."""
    assert Validity(since=10, revoked=Revocation(at=0, reason="x")).objection(5) == "was revoked (x)"

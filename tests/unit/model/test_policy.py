"""``model.policy``: patterns of names, and what is not said is the stricter one."""

from __future__ import annotations

import pytest

from fakes.governed import policy
from twinbuild.model.policy import covers


@pytest.mark.parametrize(
    ("patterns", "name", "fits"),
    [
        (("*",), "fraud", True),
        (("fraud-*",), "fraud-scorer", True),
        (("fraud-*",), "fraud", False),
        (("fraud",), "fraud-scorer", False),
        (("a", "fraud"), "fraud", True),
        ((), "fraud", False),
    ],
)
def test_patterns(patterns: tuple[str, ...], name: str, fits: bool) -> None:
    """A name, or its beginning."""
    assert covers(patterns, name) is fits


def test_least_privilege() -> None:
    """A requirement that says nothing asks for an approval by another person."""
    (rule,) = policy("").require
    assert (rule.approvals, rule.two_person) == (1, True)

"""``model.policy``: patterns of names, and what is not said is the stricter one."""

from __future__ import annotations

import pytest

from fakes.governed import policy
from twinbuild.errors import SpecError
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


def test_declared() -> None:
    """Nobody vouches for everything at once."""
    text = "    declared_encrypted: [{what: WHAT, by: storage, reason: It is., until: 2028-01-01}]\n"
    assert policy(text.replace("WHAT", "s3://*")).require[0].declared_encrypted[0].by == "storage"
    with pytest.raises(SpecError) as raised:
        policy(text.replace("WHAT", '"*"'))
    assert raised.value.findings[0].code == "TB1105"

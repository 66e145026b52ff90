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
    """Nobody vouches for everything at once, and of a host or a directory by its whole name alone."""
    text = "    declared_encrypted: [{what: 'WHAT', by: storage, reason: It is., until: 2028-01-01}]\n"
    for what in ("s3://*", "s3://models/*", "s3://models", "DATA=gs://a:1/b/*", "/srv/archive/*", "jdbc:oracle://db/*"):
        assert policy(text.replace("WHAT", what)).require[0].declared_encrypted[0].by == "storage"
    for what in (
        "*",
        "s3:*",
        "s3:/*",
        "s3*",
        "s3://models*",
        "s3://models/a*",
        "s3:///*",
        "/*",
        "//*",
        "/srv/archive*",
    ):
        with pytest.raises(SpecError) as raised:
            policy(text.replace("WHAT", what))
        assert [each.code for each in raised.value.findings] == ["TB1105"], what

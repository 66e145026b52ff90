"""Debian versions sort as dpkg sorts them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from twinbuild.debian.version import OPERATORS, compare, require_version, satisfies, sort_key, upstream
from twinbuild.errors import IntegrityError

# Each line is what `dpkg --compare-versions` said of a pair: real versions of two suites, near misses, and oddities.
PAIRS = [line.split(" ") for line in Path(__file__).with_name("versions.txt").read_text().splitlines()]
ORDER = {"<<": -1, "=": 0, ">>": 1}


def test_order_is_that_of_dpkg() -> None:
    """At least 500 pairs compare as dpkg compared them, both ways round."""
    assert len(PAIRS) >= 500
    wrong = [
        (left, relation, right)
        for left, relation, right in PAIRS
        if compare(left, right) != ORDER[relation] or compare(right, left) != -ORDER[relation]
    ]
    assert wrong == []


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("dpkg") is None, reason="needs dpkg")
def test_recorded_order_is_what_dpkg_says() -> None:
    """The record is not our own invention: dpkg says the same today."""
    operators = {"<<": "lt", "=": "eq", ">>": "gt"}
    for left, relation, right in PAIRS:
        done = subprocess.run(["dpkg", "--compare-versions", left, operators[relation], right], check=False)
        assert done.returncode == 0, (left, relation, right)


@pytest.mark.parametrize(
    ("older", "newer"),
    [("1:1.0~rc1", "1:1.0"), ("1.0-1", "1.0-1+b1"), ("9.9", "1:0.1"), ("1.0~~", "1.0~"), ("1.0", "1.0a")],
)
def test_epochs_tildes_and_rebuilds(older: str, newer: str) -> None:
    """The cases that a naive comparison gets wrong."""
    assert compare(older, newer) == -1
    assert satisfies(newer, ">>", older)
    assert not satisfies(older, ">=", newer)


def test_no_operator_is_always_true() -> None:
    """A relation without a version admits every version, and every operator of the Policy is known."""
    assert satisfies("1.0", "", "")
    assert set(OPERATORS) == {"<<", "<=", "=", ">=", ">>"}


def test_equal_spellings_have_equal_keys() -> None:
    """An absent epoch is 0, an absent revision is 0, and leading zeros do not count."""
    assert sort_key("1.0") == sort_key("0:1.0") == sort_key("1.0-0") == sort_key("1.00")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a1",
        "1.0-",
        "1 0",
        "1_0",
        "1:",
        ":1",
        "-1",
        "1:1-1:1",
        "1:1:",
        "x:1",
        "1.0-1/2",
        "1.0é",
        "1\n",
        "9" * 257,
        "9999999999:1",
    ],
)
def test_malformed_versions_are_refused(text: str) -> None:
    """What is no version raises TB2102, whatever asks for it; digits are those of ASCII and not too many."""
    if text == "1:1:":  # a colon may stand in the upstream part where there is an epoch
        require_version(text)
        return
    for ask in (sort_key, require_version, upstream):
        with pytest.raises(IntegrityError) as caught:
            ask(text)
        assert caught.value.findings[0].code == "TB2102"


def test_upstream_part() -> None:
    """Epoch and revision are no part of the upstream version, of which hyphens may be."""
    assert upstream("3.11.2-6+deb12u6") == "3.11.2"
    assert upstream("1:2-3-4") == "2-3"

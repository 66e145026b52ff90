"""Relationships between packages, as chapter 7 of the Policy writes them."""

from __future__ import annotations

import pytest

from twinbuild.debian.relation import Provided, Relation, parse_provides, parse_relations
from twinbuild.errors import IntegrityError


def test_every_part_of_a_relation() -> None:
    """Version, qualifier, architectures and build profiles are all read, and written back the same."""
    text = "a (>= 1) | b:any [amd64 arm64] <!nocheck> <cross stage1>"
    ((first, second),) = parse_relations(text)
    assert first == Relation(name="a", operator=">=", version="1")
    assert second == Relation(
        name="b",
        qualifier="any",
        architectures=("amd64", "arm64"),
        profiles=(("!nocheck",), ("cross", "stage1")),
    )
    assert f"{first} | {second}" == text


def test_groups_and_blanks() -> None:
    """Groups are separated by commas; blanks and a trailing comma mean nothing; old operators mean "or equal"."""
    assert parse_relations("a(<<2~) ,\n b|c ,") == (
        (Relation(name="a", operator="<<", version="2~"),),
        (Relation(name="b"), Relation(name="c")),
    )
    assert parse_relations("") == ()
    assert parse_relations("a (< 1)")[0][0].operator == "<="
    assert parse_relations("a (> 1)")[0][0].operator == ">="


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("A", "TB2103"),
        ("a b", "TB2103"),
        ("a (1)", "TB2103"),
        ("a (== 1)", "TB2103"),
        ("a (>= )", "TB2102"),
        ("a | ", "TB2103"),
        ("a [amd64 !arm64]", "TB2103"),
        ("a []", "TB2103"),
        ("../a", "TB2103"),
        ("${misc:Depends}", "TB2103"),
        ("a (>= x)", "TB2102"),
    ],
)
def test_malformed_relations_are_refused(text: str, code: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(IntegrityError) as caught:
        parse_relations(text)
    assert caught.value.findings[0].code == code


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", True),
        ("a [amd64]", True),
        ("a [arm64 any-amd64]", True),
        ("a [linux-any]", True),
        ("a [arm64]", False),
        ("a [!amd64]", False),
        ("a [!arm64 !i386]", True),
        ("a <!nocheck>", True),
        ("a <nocheck>", False),
        ("a <stage1> <!cross>", True),
        ("a [amd64] <stage1 !cross>", False),
    ],
)
def test_where_a_relation_applies(text: str, expected: bool) -> None:
    """Architecture lists and build profiles restrict where it counts."""
    assert parse_relations(text)[0][0].applies("amd64") is expected


def test_provides() -> None:
    """A versioned relation is met only by a versioned Provides."""
    plain, versioned = parse_provides("mail-agent, libfoo (= 1:2.0)")
    assert (plain, versioned) == (Provided(name="mail-agent"), Provided(name="libfoo", version="1:2.0"))
    assert plain.meets(Relation(name="mail-agent"))
    assert not plain.meets(Relation(name="mail-agent", operator=">=", version="0"))
    assert versioned.meets(Relation(name="libfoo", operator=">=", version="1:1"))
    assert not versioned.meets(Relation(name="libfoo", operator="<<", version="1:2.0"))


@pytest.mark.parametrize("text", ["a (>= 1)", "a | b", "a (= )"])
def test_malformed_provides_are_refused(text: str) -> None:
    """A package cannot provide alternatives or ranges."""
    with pytest.raises(IntegrityError, match="TB2103"):
        parse_provides(text)

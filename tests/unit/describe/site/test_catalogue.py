"""``describe.site.catalogue``: the order, neighbours, and what any two are compared by."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.published import example
from twinbuild.describe.site.catalogue import by_name, deltas, entry, listing, neighbours, ordered


@pytest.mark.parametrize(
    "rising",
    [["1.0.0-rc1", "1.0.0", "1.0.1"], ["1.9.0", "1.10.0", "2.0.0"], ["0.9", "0.9.1", "0.10"]],
)
def test_versions_of_one_moment(rising: list[str]) -> None:
    """The higher one is newer: numbers by their value, a candidate before its release."""
    entries = [entry(example(version)) for version in rising]
    random.Random(1).shuffle(entries)
    assert [each.version for each in ordered(entries)] == rising[::-1]


def test_newest_first_whatever_the_version() -> None:
    """Time decides before the version does."""
    entries = [entry(example("2.0.0")), entry(example("1.0.1", day=3)), entry(example("1.0.0", day=1, name="b"))]
    assert [each.version for each in ordered(entries)] == ["1.0.1", "1.0.0", "2.0.0"]
    names = by_name(entries)
    assert list(names) == ["b", "fraud-scorer"]
    assert [(old.version, new.version) for old, new in neighbours(names["fraud-scorer"])] == [("2.0.0", "1.0.1")]


def test_listing() -> None:
    """A row links to the page."""
    one = entry(example())
    (row,) = listing([one]).rows
    assert row[0].href == f"releases/{one.slug}.html"
    assert (row[1].text, row[2].text) == ("1.0.0", "2026-11-01")
    assert [part.text for part in row[6].parts] == ["Reproduced", "Not tested", "Unsigned"]
    assert listing([]).rows == ()


FACTS = st.dictionaries(st.tuples(st.sampled_from("de"), st.sampled_from("abc")), st.sampled_from("xyz"))


def _rebuilt(document: Mapping[str, Any], keys: list[tuple[str, str]]) -> list[dict[tuple[str, str], str]]:
    """Each release's facts again, as the page's script gets them."""
    found, facts = [], dict[tuple[str, str], str]()
    for *_, changed in document["releases"]:
        for fact, value in zip(changed[::2], changed[1::2], strict=True):
            key = keys[fact]
            if value < 0:
                del facts[key]
            else:
                facts[key] = document["values"][value]
        found.append(dict(facts))
    return found


@given(st.lists(FACTS, max_size=5))
def test_deltas(listed: list[dict[tuple[str, str], str]]) -> None:
    """Of what each changes, every release's facts are had again."""
    one = entry(example())
    keys = sorted({key for facts in listed for key in facts})
    assert _rebuilt(deltas([(one, facts) for facts in listed], keys), keys) == listed


def test_a_long_description_is_cut_in_the_list() -> None:
    """A row stays a row, whatever a release says of itself."""
    one = replace(entry(example()), description="x " * 9000)
    note = listing([one]).rows[0][0].note
    assert len(note) <= 160
    assert note.endswith("x…")
    assert listing([replace(one, description="short")]).rows[0][0].note == "short"

"""``describe.site.difference``: what changed, as a page shows it."""

from __future__ import annotations

from twinbuild.describe.site.difference import RENDERED, Change, Comparison, Section, Shared
from twinbuild.pipeline.explain.diff import HEADINGS


def change(word: str, risk: str) -> Change:
    """A change of that word and risk."""
    assert risk in ("high", "medium", "low")
    return Change(word=word, scope="", what="w", before="a", after="b", risk=risk, reason="r")


def test_risks_are_counted_the_highest_first() -> None:
    """Over all sections; a level without a change is not named."""
    sections = (
        Section(title="x", changes=(change("changed", "low"), change("bumped", "high"))),
        Section(title="y", changes=(change("added", "high"),)),
    )
    assert Comparison(sections=sections).risks == (("high", 2), ("low", 1))
    assert Comparison(sections=()).risks == ()


def test_rendered() -> None:
    """Documents follow from the rest, so that a reader looks at the rest."""
    sections = (Section(title="knobs", changes=(change("changed", "high"),)), Section(title=RENDERED, changes=()))
    assert Comparison(sections=sections).rendered == 0
    documents = Section(title=RENDERED, changes=(change("changed", "high"), change("added", "low")))
    both = Comparison(sections=(sections[0], documents))
    assert (both.rendered, both.risks) == (2, (("high", 1),))
    alone = Comparison(sections=(documents,))
    assert (alone.rendered, alone.risks) == (0, (("high", 1), ("low", 1)))
    assert RENDERED in HEADINGS


def test_kinds() -> None:
    """What is neither added nor removed is changed, whatever the word."""
    words = ("added", "removed", "bumped", "lowered", "other bytes", "changed")
    assert [change(each, "low").kind for each in words] == ["added", "removed", *["changed"] * 4]


def test_shared() -> None:
    """Layers in words."""
    assert Shared(image="cpu", kept=3, count=4, pulled=2_500_000).said == "3 of 4 layers shared, 2.5 MB to fetch"

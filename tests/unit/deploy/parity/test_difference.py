"""``deploy.parity.difference``: facts of a document, and where two documents' facts differ."""

from __future__ import annotations

from twinbuild.deploy.parity.difference import ABSENT, facts_of, object_at, unlike


def test_entries_by_name() -> None:
    """An entry stands by its name, whatever comes before it; entries without names stand by their number."""
    knobs = [{"name": "a", "default": 1}, {"name": "b", "default": 2.0}]
    assert dict(facts_of({"knobs": knobs})) == dict(facts_of({"knobs": knobs[::-1]}))
    assert ("knobs", "b", "default") in dict(facts_of({"knobs": knobs}))
    assert dict(facts_of([{"weight": 1}, {"weight": 5}])) == {("1", "weight"): "1", ("2", "weight"): "5"}
    twice = [{"name": "a", "x": 1}, {"name": "a", "x": 2}]
    assert dict(facts_of(twice)) == {("1", "name"): "a", ("1", "x"): "1", ("2", "name"): "a", ("2", "x"): "2"}


def test_what_is_not_there() -> None:
    """Null, an empty list and an empty mapping say nothing; false, zero and empty text do."""
    facts = dict(facts_of({"a": None, "b": [], "c": {}, "d": False, "e": 0, "f": "", "g": [1, "x"]}))
    assert facts == {("d",): "false", ("e",): "0", ("f",): "", ("g",): '[1, "x"]'}
    assert dict(facts_of({"x": 1.0})) == dict(facts_of({"x": 1}))
    assert object_at({"a": {"b": [1]}}, "a", "b") == {}
    assert object_at(None, "a") == {}


def test_riskiest_first() -> None:
    """Every difference once, with risk and reason, and a long value cut."""
    found = unlike(
        {("model", "version"): "1", ("build", "x"): "1", ("serving", "y"): "z" * 300, ("tests", "t"): "1"},
        {("model", "version"): "1", ("build", "x"): "2", ("tests", "u"): "1"},
    )
    assert [(item.risk, item.section, item.what) for item in found] == [
        ("high", "serving", "y"),
        ("medium", "tests", "t"),
        ("medium", "tests", "u"),
        ("low", "build", "x"),
    ]
    assert (len(found[0].first), found[0].second) == (200, ABSENT)
    assert all(item.reason for item in found)

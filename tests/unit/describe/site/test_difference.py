"""``describe.site.difference``: what changed, by section."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from fakes.published import example
from twinbuild.describe.site.difference import TITLES, changes, stated

FACTS = st.dictionaries(
    st.tuples(st.sampled_from(TITLES), st.text(min_size=1, max_size=3)), st.text(min_size=1, max_size=3), max_size=9
)


def test_what_changed() -> None:
    """A wheel's version, a layer, a knob, a step of the rollout: each in its section, with both values."""

    def change(document: dict[str, Any]) -> None:
        wheels = document["environment"]["targets"][0]["wheels"]
        wheels[0]["version"] = "9"
        del wheels[1]
        document["environment"]["images"][0]["layers"][0]["diff_id"] = f"sha256:{'0' * 64}"
        document["configuration"]["parameters"][1]["default"] = 32
        document["rollout"]["steps"][0]["pause"] = "1h"
        document["metadata"]["team"] = "others"

    sections = changes(stated(example()), stated(example("1.1.0", change=change)))
    found = {section.title: [(each.kind, each.fact) for each in section.changes] for section in sections}
    assert found == {
        "Release": [("changed", "team")],
        "Layers": [("changed", "cpu linux/amd64: Debian packages")],
        "Wheels": [("changed", "annotated-doc (cpu linux/amd64)"), ("removed", "annotated-types (cpu linux/amd64)")],
        "Configuration": [("changed", "configuration / parameters / batch_limit / default")],
        "Rollout": [("changed", "rollout / steps / 10 / pause")],
    }


@given(FACTS, FACTS)
def test_there_and_back(before: dict[tuple[str, str], str], after: dict[tuple[str, str], str]) -> None:
    """What was added one way was removed the other way, and nothing differs from itself."""
    there = {(s.title, c.fact, c.before, c.after) for s in changes(before, after) for c in s.changes}
    back = {(s.title, c.fact, c.after, c.before) for s in changes(after, before) for c in s.changes}
    assert there == back
    assert {(title, fact) for title, fact, _, _ in there} == {
        key for key in before.keys() | after.keys() if before.get(key) != after.get(key)
    }
    assert changes(before, before) == ()


def test_a_long_value_ends_in_its_digest() -> None:
    """Two that begin alike are still two."""

    def long(end: str) -> Any:
        def change(document: dict[str, Any]) -> None:
            document["metadata"]["description"] = "a" * 1000 + end

        return change

    (section,) = changes(stated(example(change=long("x"))), stated(example(change=long("y"))))
    assert len(section.changes[0].before) < 250

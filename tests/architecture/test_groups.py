"""Tests that share what is costly are in one group, by names that exist."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest

from fakes import groups
from fakes.sampled import sampled

TESTS = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize(
    ("nodeid", "group"),
    [
        ("tests/oracle/test_debian_system.py::test_the_usual_tools_work[bookworm]", "test_debian_system"),
        ("tests/oracle/test_two_builders.py::test_x[a]", "tests/oracle/test_two_builders.py::test_x[a]"),
        ("tests/pipeline/test_families.py::test_conformance[torch]", "families"),
        ("tests/pipeline/test_llm_server.py::test_one_variant_of_three", "families"),
        (f"tests/oracle/{next(iter(groups._TORCH))}", "families"),
        ("tests/pipeline/test_shadow.py::test_two_releases", "examples"),
        ("tests/architecture/test_effects.py::test_a_build_needs_no_network", "examples"),
        ("tests/unit/pipeline/archive/test_pruning.py::test_a", "test_pruning"),
        ("tests/unit/net/test_opener.py::test_a", "tests/unit/net/test_opener.py::test_a"),
    ],
)
def test_group(nodeid: str, group: str) -> None:
    """A module of an oracle, the examples, the families; every other test is on its own."""
    assert groups.group_of(nodeid) == group


def test_the_longest_come_first() -> None:
    """All names are those of modules, tests or groups that there are."""
    there = {path.stem for path in TESTS.rglob("test_*.py")} | {"families", "examples"}
    assert set(groups._LONGEST) <= there
    assert {
        name.partition(".py")[0]
        for name in groups._EXAMPLES | groups._INDEPENDENT | groups._TOGETHER | {*groups._TORCH}
    } <= there
    names = ["tests/unit/test_a.py::test_b", "tests/pipeline/test_families.py::test_conformance[torch]"]
    assert sorted(names, key=groups.rank) == names[::-1]


class _Item:
    def __init__(self, nodeid: str, *, skipped: bool) -> None:
        self.nodeid, self._skipped = nodeid, skipped

    def get_closest_marker(self, name: str) -> object:
        return object() if self._skipped and name == "skipif" else None


def test_a_sample_has_every_test() -> None:
    """Of its values the first and the last; all, where root passes it over."""

    def item(name: str, *, skipped: bool = False) -> pytest.Item:
        return cast("pytest.Item", _Item(name, skipped=skipped))

    plain = [item(f"a.py::test[{number}]") for number in range(5)]
    others = [item("a.py::test_other"), item("b.py::test[1]"), *(item(f"c.py::x[{n}]", skipped=True) for n in range(3))]
    assert sampled([*plain, *others]) == {plain[0], plain[-1], *others}

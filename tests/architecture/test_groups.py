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
        ("tests/oracle/test_debian_system.py::test_tools[bookworm]", "tests/oracle/test_debian_system.py"),
        ("tests/oracle/test_two_builders.py::test_x[a]", "tests/oracle/test_two_builders.py::test_x[a]"),
        ("tests/pipeline/test_families.py::test_conformance[torch]", "families"),
        ("tests/pipeline/test_llm_server.py::test_one_variant_of_three", "families"),
        (f"tests/oracle/{next(iter(groups._TORCH))}", "families"),
        ("tests/pipeline/test_shadow.py::test_two_releases", "examples"),
        ("tests/architecture/test_effects.py::test_a_build_needs_no_network", "examples"),
        ("tests/unit/pipeline/archive/test_pruning.py::test_a", "tests/unit/pipeline/archive/test_pruning.py"),
        ("tests/unit/net/test_opener.py::test_a[x]", "tests/unit/net/test_opener.py"),
        ("tests/unit/wheel/test_pip_parity.py::test_a[x]", "tests/unit/wheel/test_pip_parity.py::test_a[x]"),
        ("tests/pipeline/test_tool.py::test_a[x]", "tests/pipeline/test_tool.py::test_a[x]"),
        ("tests/pipeline/test_impurities.py::test_a[x]", "tests/pipeline/test_impurities.py"),
    ],
)
def test_group(nodeid: str, group: str) -> None:
    """A module, the examples, the families; what takes long and shares nothing is on its own."""
    assert groups.group_of(nodeid) == group


def test_the_longest_come_first() -> None:
    """All names are those of modules, tests or groups that there are."""
    there = {path.stem for path in TESTS.rglob("test_*.py")} | {"families", "examples"}
    assert set(groups._LONGEST) <= there
    assert {
        name.partition(".py")[0] for name in groups._EXAMPLES | groups._INDEPENDENT | groups._SHARING | {*groups._TORCH}
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


def test_what_is_done_is_not_counted_again() -> None:
    """A group stays with a process until the last of its tests is done."""

    class Node:
        shutting_down = True  # nothing more is given to it

    node, names = Node(), [f"tests/unit/test_a.py::test_{each}" for each in "ab"]
    grouped = groups.Grouped.__new__(groups.Grouped)
    grouped.registered_collections = {node: names}
    grouped.assigned_work = {node: {"tests/unit/test_a.py": dict.fromkeys(names, False)}}
    grouped.mark_test_complete(node, 1)
    assert grouped.assigned_work[node] == {"tests/unit/test_a.py": {names[0]: False, names[1]: True}}
    grouped.mark_test_complete(node, 0)
    assert grouped.assigned_work[node] == {}

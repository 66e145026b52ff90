"""Tests that share what is costly are in one group, by names that exist."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakes import groups

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
    assert {name.partition(".py")[0] for name in groups._EXAMPLES | groups._INDEPENDENT | {*groups._TORCH}} <= there
    names = ["tests/unit/test_a.py::test_b", "tests/pipeline/test_families.py::test_conformance[torch]"]
    assert sorted(names, key=groups.rank) == names[::-1]

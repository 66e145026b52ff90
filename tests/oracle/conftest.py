"""Oracles wait for networks and for other programs more than they compute: they run side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

_INDEPENDENT: Final = {"test_python_uv"}  # nothing costly is shared between its tests

_APART: Final = {"test_a_change_on_buildkits_side"}  # many, and as costly as all others of their module


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The tests of a module share what it has set up, in one process."""
    for item in items:
        if Path(__file__).parent in item.path.parents and item.path.stem not in _INDEPENDENT:
            name = getattr(item, "originalname", item.name)
            item.add_marker(pytest.mark.xdist_group(name if name in _APART else item.path.stem))

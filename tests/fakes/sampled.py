"""Which tests another machine is asked: each of them, and of the values that one is given the first and the last.

Who runs a test, where, by which Python and under which umask shows in what it does; what it does with all its values
is seen by the run that knows no sample. Tests that the run as root leaves out are asked with all their values.
"""

from __future__ import annotations

from collections.abc import Iterable

import pytest

__all__ = ["sampled"]


def sampled(items: Iterable[pytest.Item]) -> frozenset[pytest.Item]:
    """The sample of these tests."""
    first: dict[str, pytest.Item] = {}
    last: dict[str, pytest.Item] = {}
    kept: set[pytest.Item] = set()
    for item in items:
        name = item.nodeid.partition("[")[0]
        first.setdefault(name, item)
        last[name] = item
        if item.get_closest_marker("skipif"):
            kept.add(item)
    return frozenset({*first.values(), *last.values(), *kept})

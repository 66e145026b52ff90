"""``twinbuild approve``: by whom, and what it needs."""

from __future__ import annotations

import pytest

from fakes.tool import Tool, tool

__all__ = ["tool"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("--stage", "production", "--key", "k"),
        ("--stage", "production", "--trust", "nowhere", "--key", "k"),
        ("--trust", "nowhere", "--key", "k"),
    ],
)
def test_usage(tool: Tool, arguments: tuple[str, ...]) -> None:
    """A stage, a trust root and a key."""
    assert tool("approve", ".", *arguments).status == 2

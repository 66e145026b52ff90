"""``twinbuild rebuild-archived``: hidden, and run by ``reproduce`` alone, whose tests show what it does."""

from __future__ import annotations

from fakes.tool import Tool, tool

__all__ = ["tool"]


def test_hidden(tool: Tool) -> None:
    """Nobody is told of it."""
    assert "rebuild-archived" not in tool("--help").out
    assert tool("rebuild-archived", "--help").status == 0

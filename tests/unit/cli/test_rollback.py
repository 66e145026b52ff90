"""``twinbuild rollback``: of which release, where the record does not say."""

from __future__ import annotations

from pathlib import Path

from fakes.tool import Tool, tool

__all__ = ["tool"]


def test_which(tool: Tool) -> None:
    """None or several: the names are told."""
    words = ("--to", "production", "--trust", "trust", "--key", "k", "--record", "record", "--releases", ".")
    ended = tool("rollback", *words, "--output", "out")
    assert (ended.status, "releases: none" in ended.err) == (2, True), ended.err
    for name in ("tiny", "small"):
        Path("record", "production", name).mkdir(parents=True)
    assert "releases: none" in tool("rollback", *words, "--output", "out").err  # what was refused was never there
    for name in ("tiny", "small"):
        Path("record", "production", name, "000001.dsse.json").touch()
    assert "small, tiny" in tool("rollback", *words, "--output", "out", "--approvals", ".").err
    ended = tool("rollback", *words, "--output", "out", "--approvals", "more")
    assert (ended.status, "'more' does not exist" in ended.err) == (2, True), ended.err


def test_where_from(tool: Tool) -> None:
    """From directories or from an archive: one of them is said."""
    words = ("--to", "production", "--trust", "trust", "--key", "k", "--record", "record", "--output", "out")
    ended = tool("rollback", "tiny", *words)
    assert (ended.status, "no place of releases" in ended.err) == (2, True), ended.err

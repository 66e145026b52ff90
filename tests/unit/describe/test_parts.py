"""``describe.parts``: which tool made which part of a release manifest."""

from __future__ import annotations

from twinbuild.describe.parts import PARTS, TOOLS, tool_of


def test_innermost() -> None:
    """The innermost part decides; what is the spec's own has none."""
    assert (
        tool_of(("environment", "targets", 3, "wheels", 0, "sha256"))
        == PARTS[[part.at for part in PARTS].index(("environment", "targets", "*", "wheels"))]
    )
    made = tool_of(("environment", "targets", 0, "variant"))
    assert made is not None
    assert made.by == "lock"
    assert tool_of(("environment", "python")) is None
    assert tool_of(("environment",)) is None
    assert tool_of(("sourcery", "files")) is None


def test_known() -> None:
    """Each tool is explained, and each is used."""
    assert {part.by for part in PARTS} == set(TOOLS)
    assert len({part.at for part in PARTS}) == len(PARTS)

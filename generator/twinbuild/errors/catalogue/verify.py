"""Codes of the second build and its comparison."""

from __future__ import annotations

from typing import Final

from twinbuild.errors.catalogue import Code

__all__ = ["CODES"]

CODES: Final[tuple[Code, ...]] = (
    Code(
        code="TB6001",
        title="the second build failed",
        explanation="The first build worked, the second, under other conditions, did not. What only the second met is "
        "the reason; the message ends with what it said. Mend that and run the command again.",
    ),
    Code(
        code="TB6010",
        title="two builds differ",
        explanation="The image was built twice under different conditions and the bytes differ, so nothing was "
        "released. The finding names layer, file, offset and likely cause. Take the cause away and run it again.",
    ),
)

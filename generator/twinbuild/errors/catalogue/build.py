"""Codes of the embedded assembler."""

from __future__ import annotations

from typing import Final

from twinbuild.errors.catalogue import Code

__all__ = ["CODES"]

CODES: Final[tuple[Code, ...]] = (
    Code(
        code="TB5010",
        title="byte code could not be compiled",
        explanation="The image's own interpreter ended with an error while it compiled. Run it on a machine of the "
        "image's architecture, or leave byte code out with `build: {bytecode: false}`.",
    ),
    Code(
        code="TB5011",
        title="another byte code program",
        explanation="The plan was made by a twinbuild with another compiling program. Use that version, or plan again.",
    ),
    Code(
        code="TB5012",
        title="other script effects",
        explanation="The plan was made by a twinbuild that knows other effects of Debian's maintainer scripts. Use "
        "that version, or plan again.",
    ),
    Code(
        code="TB5013",
        title="no interpreter for this machine",
        explanation="Byte code is compiled by the image's own version of Python. For an image of another architecture "
        "a build of the same package version for this machine does it, which the lock has where "
        "`environment.platforms` names both. Add this machine's platform, build elsewhere, or leave byte code out with "
        "`build: {bytecode: false}`.",
    ),
)

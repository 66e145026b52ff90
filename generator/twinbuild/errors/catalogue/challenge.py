"""Codes of what independent rebuilders say."""

from __future__ import annotations

from typing import Final

from twinbuild.errors.catalogue import Code

__all__ = ["CODES"]

CODES: Final[tuple[Code, ...]] = (
    Code(
        code="TB6101",
        title="a file that is no rebuilder's statement",
        explanation="""\
`challenge` reads statements that `twinbuild rebuild --key` wrote: an in-toto statement about the images that were
built, in a DSSE envelope. This file is something else, has more in it, or was cut. Take it again from who made it.""",
    ),
    Code(
        code="TB6102",
        title="a rebuilder's statement with a signature that is not good",
        explanation="""\
The signature bears the id of a key that you gave, and is not by this key, or is of another text: somebody changed the
statement, or speaks in the name of another. Nothing is decided with such a statement in between. Ask the key's owner
for it, and leave this file out.""",
    ),
    Code(
        code="TB6103",
        title="images that rebuilders got otherwise",
        explanation="""\
Enough rebuilders got one and the same image from these sources, and somebody else another: the rebuilders that are
named, or the release itself, or a key whose statements contradict each other. If it is the release, its images are not
what its sources give: do not deploy it. If it is a rebuilder, look at its machine: `twinbuild explain-mismatch`
compares the bytes.""",
    ),
    Code(
        code="TB6104",
        title="a challenge that is undecidable",
        explanation="""\
For at least one image no digest has as many votes as `--threshold` asks for, or more than one has. Nothing can be said
about who is right. Ask more rebuilders, or look at why those that are there disagree.""",
    ),
)

"""Codes of tar streams that others made (TB44)."""

from __future__ import annotations

from typing import Final

from twinbuild.errors.catalogue import Code

__all__ = ["CODES"]

CODES: Final[tuple[Code, ...]] = (
    Code(
        code="TB4401",
        title="malformed tar stream",
        explanation="""\
The archive is cut off, has a header whose sum is wrong, a malformed extension header, or bytes after its end. Such an
archive reads differently in different programs, so it isn't used at all.

Fetch it again; if its digest is the one in the lock, report it to whoever made it.""",
    ),
    Code(
        code="TB4402",
        title="refused kind of tar member",
        explanation="""\
The archive holds a device, a FIFO, a sparse file or an extension that twinbuild doesn't know. Only regular files,
directories, symbolic links and hard links can become part of an image.

Use another version of the package, or build it without that member.""",
    ),
    Code(
        code="TB4403",
        title="tar member that could escape or clash",
        explanation="""\
A member's path is absolute, contains `..`, occurs twice, lies below a link or file of the same archive, or is a hard
link to a file that isn't there. Such archives are made to write outside of the place where they are unpacked.

Do not use the archive; report it to whoever made it.""",
    ),
    Code(
        code="TB4404",
        title="tar stream above a limit",
        explanation="""\
The archive has more members, a larger file or more bytes than allowed, which is how a decompression bomb looks.

Check where the archive comes from; a legitimate one of that size must be split.""",
    ),
)

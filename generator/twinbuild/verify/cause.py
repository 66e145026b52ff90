"""Why two contents differ: from the bytes around the first difference and from what each build could observe.

A cause is a guess with a reason, told as such. The order matters: what is certain (the same things stand there in
another order, a value that one build observed stands in its bytes) comes before what is only likely.
"""

from __future__ import annotations

import re
from typing import Final

from twinbuild.verify.mismatch.arrangement import of_arrangement
from twinbuild.verify.mismatch.catalogue import Cause, cause
from twinbuild.verify.mismatch.observed import Clue, Observed, of_observation
from twinbuild.verify.mismatch.patterns import of_pattern

__all__ = ["Cause", "Clue", "Observed", "explain"]

_MACHINE_ID: Final = re.compile(rb"\A[0-9a-f]{32}\n?\Z")


def explain(path: str, sides: tuple[bytes, bytes], at: int, *, base: int, clue: Clue | None) -> Cause:
    """The likely cause of a difference at byte ``at`` of two pieces of a file, which begin at ``base`` in it.

    ``clue`` is what their makers could see; None where that is not known.
    """
    return (
        _of_name(path, sides, at, base)
        or of_arrangement(sides)
        or (of_observation(sides, at, clue) if clue is not None else None)
        or of_pattern(sides, at)
    )


def _of_name(path: str, sides: tuple[bytes, bytes], at: int, base: int) -> Cause | None:
    """What the file's name already says."""
    name = path.rpartition("/")[2]
    offset = base + at
    if name == "machine-id" or (name.endswith("-id") and all(_MACHINE_ID.match(side) for side in sides)):
        return cause("machine-id", "a machine's identity was drawn while the image was built")
    if name == "RECORD" and ".dist-info/" in path and _reordered(sides):
        return cause("record-order", "the rows of RECORD are the same, in another order")
    if name.endswith(".pyc") and offset < 16 and sides[0][4:8] == sides[1][4:8] == bytes(4) and offset >= 8:
        return cause("bytecode-timestamp", "the byte code's header has its source's time of modification")
    if _gzip_header(sides, at, base):
        return cause("gzip-timestamp", "the header of the gzip file has the time of compression")
    if path.startswith(("var/log/apt/", "var/log/dpkg", "var/log/alternatives")):
        return cause("apt-log", "a package tool's log, with times, was left behind")
    return None


def _gzip_header(sides: tuple[bytes, bytes], at: int, base: int) -> bool:
    """Whether the first difference lies in the time of a gzip header (RFC 1952, section 2.3.1, MTIME)."""
    return base == 0 and all(side[:2] == b"\x1f\x8b" for side in sides) and 4 <= at < 8


def _reordered(sides: tuple[bytes, bytes]) -> bool:
    return sides[0] != sides[1] and sorted(sides[0].splitlines()) == sorted(sides[1].splitlines())

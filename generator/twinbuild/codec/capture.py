"""A captured environment back from its bytes."""

from __future__ import annotations

import re
from typing import Final

from twinbuild.codec.canonical import Json
from twinbuild.codec.jsontext import JsonProblem, parse_json
from twinbuild.errors import IntegrityError, Location, UsageError

__all__ = ["decode_capture", "is_capture"]

_VERSION: Final = re.compile(r"twinbuild/capture/v([1-9][0-9]{0,5})")
_NEWEST: Final = 1
_PARTS: Final[dict[str, type]] = {
    "release": dict,
    "python": dict,
    "packages": list,
    "unowned": list,
    "os_packages": list,
    "variables": dict,
    "environment": list,
    "files": dict,
}


def is_capture(content: bytes) -> bool:
    """Whether the bytes begin as what `twinbuild capture` writes, or say so anywhere near their beginning."""
    return b'"twinbuild/capture/' in content[:4096]


def decode_capture(content: bytes, *, name: str) -> dict[str, Json]:
    """The document. ``name`` is the file's, for messages.

    Raises IntegrityError TB7601 for bytes that are no capture, UsageError TB7602 for a newer version.
    """
    try:
        document, _ = parse_json(name, content)
    except JsonProblem as problem:
        raise _no_capture(problem.message, problem.where) from None
    version = document.get("apiVersion") if isinstance(document, dict) else None
    match = _VERSION.fullmatch(version) if isinstance(version, str) else None
    if not isinstance(document, dict) or match is None or document.get("kind") != "Capture":
        raise _no_capture("its apiVersion and kind are not those of a capture", Location(file=name))
    if int(match[1]) > _NEWEST:
        raise UsageError.of(
            "TB7602",
            f"got a capture of version {match[1]}, this installation reads up to {_NEWEST}",
            hint="capture again with the program that `twinbuild capture --program` of this installation prints",
            where=name,
        )
    for part, kind in _PARTS.items():
        if not isinstance(document.get(part), kind):
            raise _no_capture(
                f"{part} is missing, or is no {'list' if kind is list else 'mapping'}", Location(file=name)
            )
    return document


def _no_capture(why: str, where: Location) -> IntegrityError:
    return IntegrityError.of(
        "TB7601",
        f"it is no capture of an environment: {why}",
        hint="write one with `twinbuild capture`, and keep all of its output",
        where=where,
    )

"""A release manifest back from its bytes, which must be the one spelling of it (RFC 8785)."""

from __future__ import annotations

import re
from typing import Final

from twinbuild.codec.canonical import Json, canonical
from twinbuild.codec.jsontext import JsonProblem, parse_json
from twinbuild.errors import IntegrityError, Location, TwinbuildError, UsageError

__all__ = ["NEWEST", "decode_manifest"]

NEWEST: Final = 2  # of twinbuild/manifest/vN; older ones are read too
_VERSION: Final = re.compile(r"twinbuild/manifest/v([1-9][0-9]{0,5})")


def decode_manifest(content: bytes, *, name: str) -> dict[str, Json]:
    """The document. ``name`` is the file's, for messages.

    Raises IntegrityError TB7001 for bytes that are no release manifest or not spelled as one, UsageError TB7002 for a
    version that is newer than this program.
    """
    try:
        document, _ = parse_json(name, content)
    except JsonProblem as problem:
        raise _no_manifest(problem.message, problem.where) from None
    version = document.get("apiVersion") if isinstance(document, dict) else None
    match = _VERSION.fullmatch(version) if isinstance(version, str) else None
    if not isinstance(document, dict) or match is None or document.get("kind") != "ReleaseManifest":
        raise _no_manifest("its apiVersion and kind are not those of a release manifest", Location(file=name))
    if int(match[1]) > NEWEST:
        raise UsageError.of(
            "TB7002",
            f"got a release manifest of version {match[1]}, this installation reads up to {NEWEST}",
            hint="install the twinbuild that wrote it, or a newer one: generator.version in the file says which",
            where=name,
        )
    if not isinstance(document.get("metadata"), dict):
        raise _no_manifest("it has no section metadata", Location(file=name))
    try:
        spelled = canonical(document)
    except TwinbuildError:
        spelled = b""
    if spelled != content:
        raise _no_manifest("it is not in the canonical form, so it was changed after it was made", Location(file=name))
    return document


def _no_manifest(why: str, where: Location) -> IntegrityError:
    return IntegrityError.of(
        "TB7001",
        f"it is no release manifest: {why}",
        hint="name a directory that `twinbuild release` wrote, or its manifest.json",
        where=where,
    )

"""The record of an archived release, to and from its bytes: canonical JSON, and nothing but what is written here."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import fields
from datetime import datetime
from typing import Any, Final

from twinbuild.codec.canonical import Json, canonical
from twinbuild.codec.jsontext import JsonProblem, parse_json
from twinbuild.errors import IntegrityError, TwinbuildError, UsageError
from twinbuild.model.archive import ArchivedFile, ArchivedImage, ArchivedInput, ArchivedRelease
from twinbuild.model.digest import Digest

__all__ = ["CURRENT", "KINDS", "decode_archived", "encode_archived"]

KINDS: Final = ("artifact", "base", "deb", "installer", "sdist", "wheel")
_FORMAT: Final = re.compile(r"twinbuild/archived/v([1-9][0-9]{0,5})")
_NEWEST: Final = 1
CURRENT: Final = f'"apiVersion":"twinbuild/archived/v{_NEWEST}"'.encode()  # stands in every record of this format
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,127}")
_COMMIT: Final = re.compile(r"([0-9a-f]{40,64})?")
_LONGEST: Final = 4096  # characters of a path or a name


class _Refused(Exception):
    """A field is not what the format says; the text says which, and why."""


def encode_archived(release: ArchivedRelease) -> bytes:
    """The bytes of a record. Digests are written as they are everywhere, ``sha256:`` first, so that one can grep."""
    document: dict[str, Json] = {"apiVersion": f"twinbuild/archived/v{_NEWEST}", "kind": "ArchivedRelease"}
    for field in fields(release):
        document[field.name] = _written(getattr(release, field.name))
    return canonical(document)


def _written(value: object) -> Json:
    if isinstance(value, Digest):
        return str(value)
    if isinstance(value, tuple):
        return [_written(item) for item in value]
    if isinstance(value, ArchivedFile | ArchivedImage | ArchivedInput):
        return {field.name: _written(getattr(value, field.name)) for field in fields(value)}
    assert isinstance(value, str | bool | int)
    return value


def decode_archived(content: bytes, *, name: str) -> ArchivedRelease:
    """The record of these bytes. ``name`` says which, for messages.

    Raises IntegrityError TB9111 for anything that ``encode_archived`` does not write, UsageError TB9112 for a newer
    version of the format.
    """
    try:
        document, _ = parse_json(name, content)
    except JsonProblem as problem:
        raise _no_record(name, problem.message) from None
    version = document.get("apiVersion") if isinstance(document, dict) else None
    match = _FORMAT.fullmatch(version) if isinstance(version, str) else None
    if not isinstance(document, dict) or match is None or document.get("kind") != "ArchivedRelease":
        raise _no_record(name, "its apiVersion and kind are not those of one")
    if int(match[1]) > _NEWEST:
        raise UsageError.of(
            "TB9112",
            f"got the record of an archived release of version {match[1]}, expected at most {_NEWEST}",
            hint="use the twinbuild that wrote it, or a newer one",
            where=name,
        )
    try:
        release = _release({key: value for key, value in document.items() if key not in ("apiVersion", "kind")})
        same = encode_archived(release) == content
    except _Refused as error:
        raise _no_record(name, str(error)) from None
    except TwinbuildError as error:
        raise _no_record(name, error.findings[0].message) from None
    if not same:
        raise _no_record(name, "it is not in the canonical form")
    return release


def _release(document: dict[str, Json]) -> ArchivedRelease:
    read = _object(document, ArchivedRelease, _RELEASE)
    release = ArchivedRelease(**read)
    for what, files in (("files", release.files), ("project", release.project)):
        paths = [file.path for file in files]
        if paths != sorted(set(paths)):
            raise _Refused(f"{what} are not sorted by path, each once")
        known = set(paths)
        if below_file := next((path for path in paths if not known.isdisjoint(_above(path))), ""):
            raise _Refused(f"{what}: {below_file[:80]!r} lies below a file")
    below = {file.path for file in release.project}
    for path in (release.spec, *release.overlays):
        if path not in below:
            raise _Refused(f"the project has no {path[:80]!r}")
    return release


def _above(path: str) -> Iterator[str]:
    """The directories that a path lies in."""
    for at, letter in enumerate(path):
        if letter == "/":
            yield path[:at]


def _object(value: Json, kind: type, readers: dict[str, Callable[[Json], Any]]) -> dict[str, Any]:
    if not isinstance(value, dict) or value.keys() != readers.keys():
        raise _Refused(f"an {kind.__name__} has other fields than expected")
    read = {}
    for key, reader in readers.items():
        try:
            read[key] = reader(value[key])
        except _Refused as error:
            raise _Refused(f"{key}: {error}") from None
    return read


def _many(reader: Callable[[Json], Any]) -> Callable[[Json], tuple[Any, ...]]:
    def read(value: Json) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise _Refused("it is no list")
        return tuple(reader(item) for item in value)

    return read


def _of(kind: type, readers: dict[str, Callable[[Json], Any]]) -> Callable[[Json], Any]:
    return lambda value: kind(**_object(value, kind, readers))


def _text(value: Json) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST or not value.isprintable():
        raise _Refused("it is no plain text")
    return value


def _matching(pattern: re.Pattern[str]) -> Callable[[Json], str]:
    def read(value: Json) -> str:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise _Refused(f"got {str(value)[:80]!r}")
        return value

    return read


def _path(value: Json) -> str:
    text = _text(value)
    if not text or "\\" in text or any(part in ("", ".", "..") for part in text.split("/")):
        raise _Refused(f"{text[:80]!r} is no plain path below a directory")
    return text


def _digest(value: Json) -> Digest:
    return Digest.parse(_text(value))


def _size(value: Json) -> int:
    if type(value) is not int or value < 0:
        raise _Refused("it is no number of bytes")
    return value


def _flag(value: Json) -> bool:
    if not isinstance(value, bool):
        raise _Refused("it is neither true nor false")
    return value


def _kind(value: Json) -> str:
    if value not in KINDS:
        raise _Refused(f"got {str(value)[:40]!r}, expected one of {', '.join(KINDS)}")
    return str(value)


def _moment(value: Json) -> str:
    text = _text(value)
    try:
        datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ")  # noqa: DTZ007  Z is UTC, and nothing is reckoned with it
    except ValueError:
        raise _Refused(f"{text[:40]!r} is no time such as 2026-11-01T00:00:00Z") from None
    return text


_FILE: Final[dict[str, Callable[[Json], Any]]] = {
    "path": _path,
    "sha256": _digest,
    "size": _size,
    "executable": _flag,
}
_RELEASE: Final[dict[str, Callable[[Json], Any]]] = {
    "name": _matching(_NAME),
    "version": _matching(_NAME),
    "digest": _digest,
    "generator": _text,
    "added": _moment,
    "commit": _matching(_COMMIT),
    "modified": _flag,
    "spec": _path,
    "overlays": _many(_path),
    "variants": _many(_matching(_NAME)),
    "images": _many(
        _of(ArchivedImage, {"variant": _text, "platform": _text, "digest": _digest, "config": _digest}),
    ),
    "indexes": _many(_digest),
    "files": _many(_of(ArchivedFile, _FILE)),
    "project": _many(_of(ArchivedFile, _FILE)),
    "inputs": _many(
        _of(ArchivedInput, {"kind": _kind, "name": _text, "sha256": _digest, "size": _size, "purl": _text}),
    ),
    "tool": _many(_digest),
}


def _no_record(name: str, why: str) -> IntegrityError:
    return IntegrityError.of(
        "TB9111",
        f"it is no record of an archived release: {why}",
        hint="take the archive from a copy that is whole, or archive the release again",
        where=name,
    )

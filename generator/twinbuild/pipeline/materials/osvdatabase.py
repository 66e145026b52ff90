"""A directory of OSV records, read without a network: JSON files, and archives of them as osv.dev publishes them.

Every record is read, for the digest and the age are those of the whole database; kept are the ones that name a package
that was asked for. What those call their aliases or their upstream, whose severity counts, is read once more, for
nobody knows before which records that will be. Nothing is followed out of the directory, and sizes are bounded: a
database comes from others.
"""

from __future__ import annotations

import hashlib
import json
import lzma
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from twinbuild.codec.jsontext import JsonProblem, parse_json
from twinbuild.codec.osv import LARGEST_RECORD, advisory_of, modified_of
from twinbuild.errors import IntegrityError, Location, UsageError
from twinbuild.model.digest import Digest
from twinbuild.model.vulnerability import Advisory, Database
from twinbuild.pipeline.regular import Irregular, open_regular

__all__ = ["read_database"]

_RECORDS: Final = 2_000_000
_TOTAL: Final = 32 << 30  # bytes of all records together
_KEPT: Final = 512 << 20  # bytes of the records that are kept
_RATIO: Final = 200  # times its size to which an archive may unpack: JSON gives about 20
_DEEPEST: Final = 8  # directories below one another
_BAD: Final = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    NotImplementedError,
    RuntimeError,
    IndexError,
    EOFError,
    ValueError,
    OSError,
)
_TAKE: Final = "take the database from where it is published again"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where a record lies: in a file, or as a member of an archive, which is the one of that number."""

    path: Path
    member: str = ""
    number: int = 0

    def __str__(self) -> str:
        return f"{self.path}!{self.member}" if self.member else str(self.path)


def read_database(directory: Path, names: frozenset[str]) -> Database:
    """The database of a directory, with the advisories about packages of these names.

    Names of PyPI are normalised. Raises UsageError TB8730 where there is no record, IntegrityError TB8731 for a file
    that cannot be read, is too large or changes meanwhile, TB8732 for a record that breaks the schema, TB8733 for two
    records of one identifier and other bytes.
    """
    seen: dict[str, bytes] = {}
    newest = ""
    kept: dict[str, tuple[str, bytes]] = {}
    links: dict[str, _Place] = {}
    ecosystems: dict[str, str] = {}
    total = held = 0
    for place, content in _contents(directory):
        name = str(place)
        total += len(content)
        value = _decoded(content, name)
        identifier, modified = modified_of(value, name=name)
        digest = hashlib.sha256(content).digest()
        if seen.setdefault(identifier, digest) != digest:
            raise _broken("TB8733", name, f"has another record {identifier} than a file before it", "keep one of them")
        if len(seen) > _RECORDS or total > _TOTAL:
            raise _broken("TB8731", str(directory), f"has more than {_RECORDS} records or {_TOTAL >> 30} GiB", _TAKE)
        newest = max(newest, modified)
        about = _about(value)
        for ecosystem, _ in about:
            ecosystems[ecosystem] = max(ecosystems.get(ecosystem, ""), modified)
        if any(each in names for _, each in about):
            held = _held(held, content, directory)
            kept[identifier] = name, content
        elif not value.get("affected") or b"CVSS_V" in content:
            links[identifier] = place  # may say how severe another one is
    if not seen:
        raise UsageError.of(
            "TB8730",
            f"{directory} has no record of OSV's schema",
            hint="unpack all.zip of an ecosystem there, or put it there as it is",
            where=Location(file=str(directory)),
        )
    advisories = [_advisory(name, content) for name, content in kept.values()]
    wanted = {other for each in advisories for other in (*each.aliases, *each.upstream)} - kept.keys()
    again = {links[name]: seen[name] for name in wanted & links.keys()}
    for place, content in _read_again(again):
        held = _held(held, content, directory)
        advisories.append(_advisory(str(place), content))
    whole = hashlib.sha256()
    for identifier in sorted(seen):
        whole.update(identifier.encode() + b"\0" + seen[identifier])
    return Database(
        digest=Digest(hex=whole.hexdigest()),
        records=len(seen),
        newest=newest,
        ecosystems=frozenset(ecosystems),
        systems=tuple(sorted(_systems(ecosystems).items())),
        advisories=tuple(sorted(advisories, key=lambda each: each.id)),
    )


def _systems(ecosystems: Mapping[str, str]) -> dict[str, str]:
    """The newest time of what comes as one archive: a release of Debian that nobody tends any more makes it not old."""
    found: dict[str, str] = {}
    for ecosystem, modified in ecosystems.items():
        system = ecosystem.partition(":")[0]
        found[system] = max(found.get(system, ""), modified)
    return found


def _held(held: int, content: bytes, directory: Path) -> int:
    """How many bytes are held, with one more record."""
    if held + len(content) > _KEPT:
        what = f"has more than {_KEPT >> 20} MiB of records about these packages"
        raise _broken("TB8731", str(directory), what, _TAKE)
    return held + len(content)


def _about(value: dict[str, Any]) -> set[tuple[str, str]]:
    """Ecosystems and names of packages that a record is about, as far as it keeps the schema; of PyPI normalised."""
    found = set()
    affected = value.get("affected")
    for each in affected if isinstance(affected, list) else ():
        package = each.get("package") if isinstance(each, dict) else None
        if not isinstance(package, dict):
            continue
        name, ecosystem = package.get("name"), package.get("ecosystem")
        if isinstance(name, str):
            stated = ecosystem if isinstance(ecosystem, str) else ""
            found.add((stated, name))
            if stated == "PyPI":
                from packaging.utils import canonicalize_name

                found.add((stated, canonicalize_name(name)))
    return found


def _decoded(content: bytes, name: str) -> Any:
    """Fast, for a database has a hundred thousand records; those that are kept are read strictly afterwards."""
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise _broken("TB8732", name, "is no JSON", _TAKE) from None


def _advisory(name: str, content: bytes) -> Advisory:
    try:
        value, _ = parse_json(name, content)
    except JsonProblem as problem:
        raise IntegrityError.of(
            "TB8732", f"{name} is no strict JSON: {problem.message}", hint=_TAKE, where=problem.where
        ) from None
    return advisory_of(value, name=name)


def _contents(directory: Path) -> Iterator[tuple[_Place, bytes]]:
    """Place and bytes of each record, in the order of paths."""
    for path in _files(directory, 0):
        if path.suffix == ".json":
            yield _Place(path=path), _whole(path)
        elif path.suffix == ".zip":
            yield from _archived(path)


def _whole(path: Path) -> bytes:
    with _open(path) as stream:
        return _bounded(stream.read(LARGEST_RECORD + 1), str(path))


def _archived(path: Path) -> Iterator[tuple[_Place, bytes]]:
    with _archive(path) as archive:
        members = [each for each in enumerate(archive.infolist()) if each[1].filename.endswith(".json")]
        stated = sum(member.file_size for _, member in members)  # no more than that is read of each
        if stated > _RATIO * max(path.stat().st_size, 1 << 20):
            raise _broken("TB8731", str(path), f"unpacks to {stated} bytes, more than {_RATIO} times its size", _TAKE)
        for number, member in members:
            place = _Place(path=path, member=member.filename, number=number)
            yield place, _member(archive, member, str(place))


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str) -> bytes:
    with archive.open(member) as inner:
        return _bounded(inner.read(LARGEST_RECORD + 1), name)


@contextmanager
def _archive(path: Path) -> Iterator[zipfile.ZipFile]:
    with _open(path) as stream:
        try:
            with zipfile.ZipFile(stream) as archive:
                yield archive
        except _BAD as error:
            raise _broken("TB8731", str(path), f"cannot be read as an archive: {error}", _TAKE) from None


def _read_again(places: Mapping[_Place, bytes]) -> Iterator[tuple[_Place, bytes]]:
    """Records that were read before, by their digests; each archive is opened once."""
    ordered = sorted(places, key=lambda each: (each.path, each.number))
    for path, group in groupby(ordered, key=lambda each: each.path):
        if path.suffix != ".zip":
            yield from ((each, _same(each, _whole(path), places[each])) for each in group)
            continue
        with _archive(path) as archive:
            listed = archive.infolist()
            for each in group:
                yield each, _same(each, _member(archive, listed[each.number], str(each)), places[each])


def _same(place: _Place, content: bytes, digest: bytes) -> bytes:
    if hashlib.sha256(content).digest() != digest:
        raise _broken("TB8731", str(place), "changed while it was read", "scan again when nothing writes there")
    return content


def _files(directory: Path, depth: int) -> Iterator[Path]:
    """Files in the order of paths. Hidden ones and what is named otherwise are passed over; links are refused.

    A link to a directory would be half of a database that nobody misses.
    """
    try:
        entries = sorted(os.scandir(directory), key=lambda each: each.name)
    except OSError as error:
        raise UsageError.of(
            "TB8730",
            f"{directory} cannot be read: {(error.strerror or '').lower()}",
            hint="name the directory that holds the records",
            where=Location(file=str(directory)),
        ) from None
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.is_dir(follow_symlinks=False):
            if depth >= _DEEPEST:
                raise _broken("TB8731", entry.path, f"lies deeper than {_DEEPEST} directories", "name one above it")
            yield from _files(Path(entry.path), depth + 1)
        elif entry.name.endswith((".json", ".zip")) or os.path.isdir(entry.path):  # noqa: PTH112  a link that may loop
            if not stat.S_ISREG(entry.stat(follow_symlinks=False).st_mode):
                raise _broken("TB8731", entry.path, "is no regular file", "put there what it leads to")
            yield Path(entry.path)


def _open(path: Path) -> Any:
    try:
        return open_regular(path)
    except Irregular as error:
        raise _broken("TB8731", str(path), str(error), "put the file itself there") from None


def _bounded(content: bytes, name: str) -> bytes:
    if len(content) > LARGEST_RECORD:
        raise _broken("TB8731", name, f"has more than {LARGEST_RECORD >> 20} MiB", _TAKE)
    return content


def _broken(code: str, name: str, what: str, hint: str) -> IntegrityError:
    return IntegrityError.of(code, f"{name} {what}"[:600], hint=hint, where=Location(file=name))

"""Releases of an archive as one file, to be carried to where no network leads, and back into an archive.

The file is an OCI image layout (image-layout.md): each release is an artifact whose configuration is the release's
record and whose layers are its blobs. It is a function of the releases: no time, no user and no order of adding is in
it. What comes in is read once, forward, and believed in nothing: every blob must have the digest that is its name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from twinbuild.archive.artifact import ARTIFACT, RECORD, artifact_manifest
from twinbuild.archive.directory import Archive
from twinbuild.archive.summaries import Summary
from twinbuild.codec.amounts import counted
from twinbuild.codec.archive import decode_archived
from twinbuild.codec.canonical import Json, canonical
from twinbuild.codec.jsontext import JsonProblem, parse_json
from twinbuild.codec.untar import Body, Kind, Limits, Member, untar
from twinbuild.errors import IntegrityError, TwinbuildError
from twinbuild.model.archive import ArchivedRelease, Kept
from twinbuild.model.digest import Digest
from twinbuild.model.image import Descriptor
from twinbuild.oci.image import INDEX, MANIFEST
from twinbuild.oci.layout import LAYOUT, LayoutFile, blob_path
from twinbuild.pipeline.archive.locked import unlike_lock
from twinbuild.pipeline.archive.recording import keep_record
from twinbuild.pipeline.archive.verifying import named_faults, unlike_release
from twinbuild.pipeline.images.export import export_layout
from twinbuild.pipeline.regular import Irregular, open_regular

__all__ = ["Imported", "export_releases", "import_releases"]

_TITLE: Final = "org.opencontainers.image.ref.name"
_BLOB: Final = re.compile(r"blobs/sha256/([0-9a-f]{64})")
_DIRECTORIES: Final = frozenset({"", "blobs", "blobs/sha256"})
_DOCUMENT: Final = 64 << 20  # bytes of index.json, or of an artifact's manifest
_MOST: Final = 100_000  # releases
_LIMITS: Final = Limits(members=10_000_000, file_size=1 << 42, total_size=1 << 46)  # what is here is not compressed
_PIECE: Final = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """The releases that the file brought, and which of them were there already."""

    releases: tuple[ArchivedRelease, ...]
    known: int
    brought: int


def export_releases(archive: Archive, chosen: Iterable[Summary], output: Path) -> int:
    """Write releases to ``output``, a tar (``.tar``) or a directory; how many files are in it.

    Raises IntegrityError TB9114 for damaged blobs and TB9113 for missing ones; nothing is left then.
    """
    files: dict[str, LayoutFile] = {}
    entries: list[Json] = []
    releases: list[ArchivedRelease] = []
    for summary in sorted(chosen, key=lambda each: each.kept.release):
        releases.append(release := archive.release(summary.kept))
        with named_faults(release):
            for digest in sorted({*release.blobs, summary.kept.record}):
                files[blob_path(digest)] = _blob(archive, digest)
            manifest = _manifest(archive, summary.kept, release)
        digest = Digest.of(manifest)
        files[blob_path(digest)] = LayoutFile(path=blob_path(digest), content=manifest, size=len(manifest))
        entries.append(
            {
                "mediaType": MANIFEST,
                "artifactType": ARTIFACT,
                "digest": str(digest),
                "size": len(manifest),
                "annotations": {_TITLE: f"{release.name}-{release.version}-{release.digest.hex[:12]}"},
            }
        )
    index = canonical({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries})
    for path, content in (("index.json", index), ("oci-layout", LAYOUT)):
        files[path] = LayoutFile(path=path, content=content, size=len(content))
    with named_faults(*releases):
        export_layout(tuple(files[path] for path in sorted(files)), archive.blobs, output)
    return len(files)


def _blob(archive: Archive, digest: Digest) -> LayoutFile:
    return LayoutFile(path=blob_path(digest), content=digest, size=archive.blobs.size(digest))


def _manifest(archive: Archive, kept: Kept, release: ArchivedRelease) -> bytes:
    sizes = {digest: archive.blobs.size(digest) for digest in release.blobs}
    record = Descriptor(media_type=RECORD, digest=kept.record, size=archive.blobs.size(kept.record))
    return artifact_manifest(release, record, sizes)


def import_releases(archive: Archive, file: Path) -> Imported:
    """Take the releases of a file that ``export_releases`` wrote into an archive.

    Raises IntegrityError TB9143 for a file that is none, TB3101 for a blob of other bytes, TB9113 for a release that
    lacks a blob, TB9111 and TB9115 for a record that is none or not its release's, and what reading a tar raises. No
    release is named then; blobs that came in whole stay until the archive is pruned.
    """
    try:
        with open_regular(file, follow=True) as stream:
            index, brought = _received(archive, stream, file)
    except Irregular as error:
        raise _no_export(file.name, f"it {error}") from None
    records = [_record_of(archive, digest, file.name) for digest in _manifests(index, file.name)]
    if len(set(records)) < len(records):
        raise _no_export(file.name, "it lists a release twice")
    found = [_received_release(archive, record, file.name) for record in records]
    known = 0
    for release in found:
        _, _, before = keep_record(archive, release, foreign=True)
        known += before
    return Imported(releases=tuple(found), known=known, brought=brought)


def _received(archive: Archive, stream: Any, file: Path) -> tuple[bytes, int]:
    """The blobs into the archive; ``index.json``, and how many blobs are new."""
    documents: dict[str, bytes] = {}
    brought = 0
    for member, body in untar(stream, subject=file.name, limits=_LIMITS):
        match = _BLOB.fullmatch(member.path)
        if member.kind is Kind.DIRECTORY and member.path in _DIRECTORIES:
            continue
        if member.kind is not Kind.FILE or (match is None and member.path not in ("index.json", "oci-layout")):
            raise _no_export(file.name, f"it has {member.path[:120]!r}, which no layout has")
        if match is None:
            documents[member.path] = _small(member, body, file)
        else:
            brought += _stored(archive, Digest(match[1]), member, body)
    if documents.get("oci-layout") != LAYOUT or "index.json" not in documents:
        raise _no_export(file.name, "it is no OCI image layout")
    return documents["index.json"], brought


def _small(member: Member, body: Body, file: Path) -> bytes:
    if member.size > _DOCUMENT:
        raise _no_export(file.name, f"{member.path} has {counted(member.size, 'byte')}, expected at most {_DOCUMENT}")
    return body.read()


def _stored(archive: Archive, digest: Digest, member: Member, body: Body) -> bool:
    if archive.blobs.intact(digest, member.size):
        return False
    with archive.blobs.writer() as sink:
        while chunk := body.read(_PIECE):
            sink.write(chunk)
        sink.commit(digest)
    return True


def _manifests(index: bytes, where: str) -> list[Digest]:
    document = _document(index, where, "index.json")
    listed = document.get("manifests")
    if not isinstance(listed, list) or not 0 < len(listed) <= _MOST:
        raise _no_export(where, "index.json lists no releases")
    return [_digest(entry, ARTIFACT, where) for entry in listed]


def _record_of(archive: Archive, digest: Digest, where: str) -> Digest:
    """The digest of the record of an artifact whose manifest has that digest. Raises IntegrityError TB9143."""
    document = _document(_read(archive, digest, where), where, str(digest))
    config = document.get("config")
    if document.get("artifactType") != ARTIFACT or not isinstance(config, dict):
        raise _no_export(where, f"{digest} is no release of an archive")
    return _digest(config, "", where)


def _received_release(archive: Archive, record: Digest, where: str) -> ArchivedRelease:
    """The release of a record, all of whose blobs are there. Raises IntegrityError TB9143, TB9111, TB9113, TB9115."""
    release = decode_archived(_read(archive, record, where), name=str(record))
    missing = sorted(archive.missing(release.blobs))
    if missing:
        raise IntegrityError.of(
            "TB9113",
            f"{release.label} lacks {len(missing)} of its files, such as {missing[0]}",
            hint="export it again from an archive that `twinbuild archive verify` finds whole",
            where=where,
        )
    if findings := unlike_release(archive, release) or unlike_lock(archive, release):
        raise IntegrityError(tuple(findings))
    return release


def _read(archive: Archive, digest: Digest, where: str) -> bytes:
    try:
        return archive.blobs.read(digest, limit=_DOCUMENT)
    except TwinbuildError:
        raise _no_export(where, f"it lacks {digest}") from None


def _document(content: bytes, where: str, name: str) -> dict[str, Json]:
    try:
        document, _ = parse_json(name, content)
    except JsonProblem as problem:
        raise _no_export(where, f"{name} is no JSON: {problem.message}") from None
    if not isinstance(document, dict):
        raise _no_export(where, f"{name} is no object")
    return document


def _digest(entry: Json, kind: str, where: str) -> Digest:
    """The digest of a descriptor, whose artifact type is the expected one."""
    digest = entry.get("digest") if isinstance(entry, dict) else None
    if not isinstance(entry, dict) or not isinstance(digest, str) or (kind and entry.get("artifactType") != kind):
        raise _no_export(where, "it lists something that is no release of an archive")
    try:
        return Digest.parse(digest)
    except TwinbuildError:
        raise _no_export(where, f"{digest[:80]!r} is no digest") from None


def _no_export(where: str, why: str) -> IntegrityError:
    return IntegrityError.of(
        "TB9143",
        f"{where} is no export of an archive: {why}",
        hint="export it again with `twinbuild archive export FILE.tar`",
        where=where,
    )

"""Verifying an archive: every blob hashed anew, and whatever is missing or damaged named with what it blocks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Final

from twinbuild.codec.amounts import counted
from twinbuild.codec.manifest import decode_manifest
from twinbuild.describe.manifestfaults import manifest_faults
from twinbuild.errors import Finding, IntegrityError, Location, LockError, UsageError
from twinbuild.model.archive import AS_RELEASED, OF_THE_TOOL, ArchivedRelease, Kept
from twinbuild.model.digest import Digest
from twinbuild.pipeline.archive.locked import unlike_lock
from twinbuild.pipeline.reading.attested import is_signature
from twinbuild.pipeline.reading.validating import BESIDE
from twinbuild.ports import Progress, ReleaseArchive, silent

__all__ = ["Verified", "faults_of", "named_faults", "unlike_release", "verify_archive"]

_WORKERS: Final = 2
_AGAIN: Final = "archive the release again, or copy the file from another copy of the archive"
_OF_THE_TOOL: Final = (
    "copy the file from another copy of the archive, or have the very twinbuild that made the release archive it "
    "again; `reproduce --with-present-tool` does without"
)
_LOST: Final = {"TB3102": "TB9113", "TB3103": "TB9114", "TB3104": "TB9114", "TB3211": "TB9114"}  # by what a store says
_MANIFEST: Final = "manifest.json"
_BLOBS: Final = "image/blobs/sha256/"
_UNCOVERED: Final = BESIDE | {"image/index.json", "image/oci-layout"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """How many releases and blobs are whole, their bytes, and how many blobs no release needs."""

    releases: int
    blobs: int
    size: int
    unneeded: int


def verify_archive(archive: ReleaseArchive, only: tuple[Kept, ...] = (), *, progress: Progress = silent) -> Verified:
    """Hash all that releases need; ``only`` some of them, () all.

    Raises IntegrityError TB9113 for each blob that is missing and TB9114 for each that is damaged, once for each thing
    that it blocks; TB9110 and TB9111 for entries and records, TB9115 for records that are not of their release.
    """
    findings: list[Finding] = []
    releases: list[ArchivedRelease] = []
    needed: set[Digest] = set()
    for kept in only or _entries(archive, findings):
        try:
            release = archive.release(kept, anew=True)
            needed |= {*archive.records(kept), *release.blobs}
        except (IntegrityError, UsageError) as error:
            findings += dict.fromkeys((*archive.beside(kept.release), *error.findings))
            continue
        findings += archive.beside(kept.release)  # when all of its tags were looked at
        releases.append(release)
    problems, sizes = _problems(archive, needed, progress)
    whole = {digest: size for digest, size in sizes.items() if digest not in problems}
    for release in releases:
        found = [*faults_of(release, problems), *_other_sizes(release, whole)]
        findings += found or unlike_release(archive, release) or unlike_lock(archive, release)
    if findings:
        raise IntegrityError(tuple(findings))
    unneeded = 0 if only else archive.unneeded(frozenset(needed))[0]
    return Verified(releases=len(releases), blobs=len(needed), size=sum(sizes.values()), unneeded=unneeded)


def faults_of(release: ArchivedRelease, problems: dict[Digest, tuple[str, str]]) -> Iterator[Finding]:
    """A finding for each need of a release whose blob has a problem (a code and what is the matter)."""
    for digest, _, what, blocked in release.needs():
        if digest in problems:
            code, why = problems[digest]
            message = f"{what} of {release.label} {why}: it blocks {blocked}"
            hint = _OF_THE_TOOL if blocked == OF_THE_TOOL else _AGAIN
            yield Finding(code=code, message=message, hint=hint, where=Location(subject=str(digest)))


@contextmanager
def named_faults(*releases: ArchivedRelease) -> Iterator[None]:
    """What the body says of a blob, as what that is of these releases and what it blocks: TB9113, TB9114."""
    try:
        yield
    except (IntegrityError, LockError) as error:
        findings = tuple(named for each in error.findings for named in _named(each, releases))
        if findings == error.findings:
            raise
        raise IntegrityError(findings) from error


def _named(finding: Finding, releases: tuple[ArchivedRelease, ...]) -> tuple[Finding, ...]:
    code = _LOST.get(finding.code)
    if code is None:
        return (finding,)
    why = "is missing" if code == "TB9113" else f"is damaged: {finding.message}"
    found = {each: (code, why) for release in releases for each in release.blobs if str(each) == finding.where.subject}
    return tuple(named for release in releases for named in faults_of(release, found)) or (finding,)


def _entries(archive: ReleaseArchive, findings: list[Finding]) -> Iterator[Kept]:
    for digest in archive.names():
        try:
            kept = archive.kept(digest)
        except (IntegrityError, UsageError) as error:
            findings += error.findings
            continue
        if kept is not None:
            yield kept


def _problems(
    archive: ReleaseArchive, digests: Iterable[Digest], progress: Progress
) -> tuple[dict[Digest, tuple[str, str]], dict[Digest, int]]:
    """What is the matter with blobs, and how many bytes they have."""
    found: dict[Digest, tuple[str, str]] = {}
    sizes: dict[Digest, int] = {}
    ordered = sorted(digests)
    with ThreadPoolExecutor(_WORKERS) as pool:
        for number, (digest, (problem, size)) in enumerate(
            zip(ordered, pool.map(archive.fault, ordered), strict=True), start=1
        ):
            progress("verifying", number, len(ordered))
            sizes[digest] = size
            if problem is not None:
                found[digest] = problem
    return found, sizes


def _other_sizes(release: ArchivedRelease, sizes: dict[Digest, int]) -> Iterator[Finding]:
    """TB9115 where a record says another size than a blob has: whoever goes by it counts wrongly."""
    for digest, size, what, _ in release.needs():
        if size >= 0 and sizes.get(digest, size) != size:
            yield _other(release, f"{what} has {counted(sizes[digest], 'byte')}, and the record says {size}")


def unlike_release(archive: ReleaseArchive, release: ArchivedRelease) -> list[Finding]:
    """TB9115 where a record is not about the release whose digest it bears: its manifest, and files that this covers.

    Raises IntegrityError TB9113, TB9114 for a release manifest that is missing or damaged.
    """
    files = {file.path: file for file in release.files}
    manifest = files.get(_MANIFEST)
    if manifest is None or manifest.sha256 != release.digest:
        return [_other(release, f"{_MANIFEST} has not the digest of the release")]
    with named_faults(release):
        content = archive.blobs.read(release.digest)
    try:
        document: dict[str, Any] = decode_manifest(content, name=_MANIFEST)
    except IntegrityError as error:
        return [_other(release, f"{_MANIFEST}: {error.findings[0].message}")]
    if faults := [f"{_MANIFEST}: {where} {what}" for where, what in manifest_faults(document)]:
        return [_other(release, why) for why in faults]
    metadata = document["metadata"]
    found = []
    if (metadata["name"], metadata["version"]) != (release.name, release.version):
        found.append(_other(release, f"the release is {metadata['name']}@{metadata['version']}"))
    covered = {entry["path"]: entry["sha256"] for entry in document["documents"]}
    for path, sha256 in covered.items():
        if path not in files or files[path].sha256.hex != sha256:
            found.append(_other(release, f"{path} is not the file that the release has"))
    for path, file in files.items():
        if path not in covered and not _beside(path, file.sha256):
            found.append(_other(release, f"{path} is no file of the release"))
    images = [Digest.parse(image["digest"]) for image in document["environment"]["images"]]
    lost = [digest for digest in images if _BLOBS + digest.hex not in files]
    return [*found, *(_other(release, f"the image {digest} is not among its files") for digest in lost)]


def _beside(path: str, digest: Digest) -> bool:
    """Whether a file that no release manifest covers belongs beside it."""
    if path.startswith(_BLOBS):
        return path == _BLOBS + digest.hex
    return path in _UNCOVERED or is_signature(PurePosixPath(path))


def _other(release: ArchivedRelease, why: str) -> Finding:
    return Finding(
        code="TB9115",
        message=f"the record of {release.label} is not that of its release: {why}; it blocks {AS_RELEASED}",
        hint="archive the release again",
        where=Location(subject=str(release.digest)),
    )

"""A release on disk, read back: the release manifest, its digest, and whether everything that it covers is there."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from twinbuild.codec.canonical import Json
from twinbuild.codec.manifest import decode_manifest
from twinbuild.errors import Finding, IntegrityError, Location, UsageError
from twinbuild.model.digest import Digest
from twinbuild.net.registry.closure import close_over
from twinbuild.pipeline.layouts import LayoutBlobs

__all__ = ["Released", "check_documents", "read_release"]

_MANIFEST = "manifest.json"
_BESIDE = frozenset(  # what no manifest can cover: itself, and what was observed of it
    {_MANIFEST, "manifest.yaml", "release.digest", "provenance.intoto.json", "tests.intoto.json", "run.json"}
)
_LARGEST = 64 << 20  # bytes of a release manifest


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """``directory`` is None for a release manifest that lies alone; ``path`` is the file that was read."""

    path: Path
    directory: Path | None
    digest: Digest
    content: bytes

    @property
    def document(self) -> dict[str, Json]:
        """The release manifest, which was checked when it was read."""
        return decode_manifest(self.content, name=str(self.path))


def read_release(where: Path) -> Released:
    """The release of a directory, of a release manifest, or the last one of a spec.

    Raises UsageError TB7003 where there is none, TB7002, IntegrityError TB7001, and TB7004 where release.digest names
    another one.
    """
    path = _manifest(where)
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
    except OSError as error:
        raise _none(where, f"cannot be read: {error.strerror}") from error
    decode_manifest(content[:_LARGEST], name=str(path))
    digest = Digest.of(content)
    stated = path.with_name("release.digest")
    if path.name != _MANIFEST or not stated.is_file():
        return Released(path=path, directory=None, digest=digest, content=content)
    said = stated.read_bytes()[:200].decode("ascii", "replace").strip()
    if said != str(digest):
        raise IntegrityError.of(
            "TB7004",
            f"the release manifest has the digest {digest}, but release.digest says {said[:80]!r}",
            hint="take the directory from where it was released again",
            where=str(path),
        )
    return Released(path=path, directory=path.parent, digest=digest, content=content)


def _manifest(where: Path) -> Path:
    if where.is_file() and where.suffix == ".json":
        return where
    if (where / _MANIFEST).is_file():
        return where / _MANIFEST
    if where.is_dir() and not (where / "release.yaml").is_file():
        raise _none(where, "is neither a release nor the directory of a spec")
    from twinbuild.pipeline.project import open_project  # late: a release needs no spec

    project = open_project(where)
    name = f"{project.spec.metadata.name}-{project.spec.metadata.version}"
    found = project.directory / "dist" / name / _MANIFEST
    if found.is_file():
        return found
    others = sorted(path.parent.name for path in project.directory.glob(f"dist/{name}-*/{_MANIFEST}"))
    alone = f"; there are dist/{', dist/'.join(others[:5])}" if others else ""
    raise _none(where, f"has no release {name} yet{alone}")


def _none(where: Path, why: str) -> UsageError:
    return UsageError.of(
        "TB7003",
        f"{where} {why}",
        hint="run `twinbuild release`, or name the directory of a release",
        where=str(where),
    )


def check_documents(release: Released) -> int:
    """Hold every file that the release manifest covers against it, and the images; how many files there are.

    A release manifest that lies alone covers nothing that could be looked at. Raises IntegrityError TB7005 with every
    file that is missing, of other bytes, or no file; TB3210, TB3211 and TB3234 for images and
    blobs that are not the release's.
    """
    directory = release.directory
    if directory is None:
        return 0
    findings: list[Finding] = []
    listed = release.document.get("documents")
    entries = [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
    for entry in entries:
        path = PurePosixPath(str(entry.get("path")))
        if why := _unlike(directory, path, entry):
            where = Location(file=str(directory / path))
            hint = "take the directory from where it was released again"
            findings.append(Finding(code="TB7005", message=f"{path} {why}", hint=hint, where=where))
    findings += _added(directory, {PurePosixPath(str(entry.get("path"))) for entry in entries})
    if findings:
        raise IntegrityError(tuple(findings))
    source = LayoutBlobs(directory / "image")
    images = source.images()
    source.require_verified(images)
    for image in images:
        for blob in close_over(source.manifest(image.descriptor), source.manifest).blobs:
            source.check(blob.digest)
    return len(entries)


def _added(directory: Path, covered: set[PurePosixPath]) -> Iterator[Finding]:
    """A finding for each file that lies there and is none of the release's: somebody would apply or read it."""
    for path in sorted(directory.rglob("*")):
        relative = PurePosixPath(path.relative_to(directory).as_posix())
        known = relative in covered or relative.as_posix() in _BESIDE or relative.parts[0] == "image"
        if not known and (path.is_symlink() or not path.is_dir()):
            message = f"{relative} was added: the release manifest does not name it"
            hint = "take it out, or take the directory from where it was released again"
            yield Finding(code="TB7005", message=message, hint=hint, where=Location(file=str(path)))


def _unlike(directory: Path, path: PurePosixPath, entry: dict[str, Json]) -> str:
    """Why a file is not the one that was released; "" where it is."""
    if path.is_absolute() or ".." in path.parts:
        return "lies outside of the release"
    file = directory / path
    if any(part.is_symlink() for part in (file, *file.parents) if part.is_relative_to(directory) and part != directory):
        return "is a link, or lies below one"
    if not file.is_file():
        return "is missing"
    with file.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
        size = stream.tell()
    if (size, digest) != (entry.get("size"), entry.get("sha256")):
        return f"has {size} bytes with sha256:{digest}, expected {entry.get('size')} with sha256:{entry.get('sha256')}"
    return ""

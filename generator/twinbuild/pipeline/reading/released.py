"""A release on disk, read back: the release manifest and its digest."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from twinbuild.codec.canonical import Json
from twinbuild.codec.manifest import decode_manifest
from twinbuild.errors import IntegrityError, TwinbuildError, UsageError
from twinbuild.model.digest import Digest
from twinbuild.pipeline.regular import LARGEST, Irregular, read_regular

__all__ = ["Released", "read_release", "released_before", "require_there"]

_MANIFEST = "manifest.json"
_FOR_PEOPLE = "manifest.yaml"  # the same for reading; what counts are the bytes of the other
_DIGEST = "release.digest"
_LONGEST = 200  # bytes of a digest
# What lies beside a release manifest in its directory, and nowhere else.
_OF_A_RELEASE = ("image", "manifest.yaml", "sbom.cdx.json", "sbom.cdx.xml", "provenance.intoto.json", "run.json")
_SPEC, _LOCK = "release.yaml", "release.lock"  # a lock, where it does not lie beside its spec


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """``directory`` is None for a release manifest that lies alone; ``path`` is the file that was read.

    Alone lies a file that was named as such, with nothing of a release beside it.
    """

    path: Path
    directory: Path | None
    digest: Digest
    content: bytes

    @property
    def document(self) -> dict[str, Json]:
        """The release manifest, which was checked when it was read."""
        return decode_manifest(self.content, name=str(self.path))


def read_release(where: Path) -> Released:
    """The release of a directory, of a release manifest (or the YAML beside it), or the last one of a spec.

    Raises UsageError TB7003 where there is none, TB7002, IntegrityError TB7001, TB7004 where release.digest names
    another one, and TB7005 where it is missing.
    """
    path = _manifest(where)
    alone = path.name != _MANIFEST or (path == where and not _beside(path))
    try:
        content = read_regular(path, LARGEST, follow=alone)
    except Irregular as error:
        if alone:
            raise _none(where, str(error)) from None
        raise _irregular(path, f"{path.name} {error}") from None
    decode_manifest(content, name=str(path))
    digest = Digest.of(content)
    if alone:
        return Released(path=path, directory=None, digest=digest, content=content)
    said = _stated(path.with_name(_DIGEST))
    if said != str(digest):
        raise IntegrityError.of(
            "TB7004",
            f"the release manifest has the digest {digest}, but release.digest says {said[:80]!r}",
            hint="take the directory from where it was released again",
            where=str(path),
        )
    return Released(path=path, directory=path.parent, digest=digest, content=content)


def require_there(release: Released) -> None:
    """Raise IntegrityError TB7004 unless this release lies where it was read; the caller is alone there."""
    try:
        there = read_regular(release.path, LARGEST) == release.content
    except Irregular:
        there = False
    if not there:
        raise IntegrityError.of(
            "TB7004",
            f"another release lies here than {release.digest}, which was read a moment ago",
            hint="run the command again; it is about what lies there then",
            where=str(release.path),
        )


def _beside(path: Path) -> bool:
    """Whether something of a release lies beside a file."""
    names = (_DIGEST, *_OF_A_RELEASE, *(() if os.path.lexists(path.with_name(_SPEC)) else (_LOCK,)))
    return any(os.path.lexists(path.with_name(name)) for name in names)


def _stated(path: Path) -> str:
    """What release.digest says. Raises IntegrityError TB7005 where it does not lie there, or is no such file."""
    try:
        return read_regular(path, _LONGEST).decode("ascii", "replace").removesuffix("\n")
    except Irregular as error:
        why = f"{path.name} {error}, so that nothing says which release this is"
        raise _irregular(path, why) from None


def _irregular(path: Path, what: str) -> IntegrityError:
    return IntegrityError.of(
        "TB7005",
        what,
        hint="take the directory from where it was released again; a manifest.json that is to be looked at alone must "
        "lie apart from the files of a release",
        where=str(path),
    )


def released_before(directory: Path, name: str, version: str) -> Digest | None:
    """The digest of the sound release of this name and version that lies in a directory, or None."""
    if not (directory / _MANIFEST).is_file():
        return None
    try:
        found = read_release(directory)
        metadata = found.document.get("metadata")
    except (OSError, TwinbuildError):
        return None
    same = isinstance(metadata, dict) and (metadata.get("name"), metadata.get("version")) == (name, version)
    return found.digest if same else None


def _manifest(where: Path) -> Path:
    if where.name == _FOR_PEOPLE and where.is_file() and where.with_name(_MANIFEST).is_file():
        return where.with_name(_MANIFEST)
    if where.is_file() and where.suffix == ".json":
        return where
    if (where / _MANIFEST).is_file():
        return where / _MANIFEST
    if not where.exists():
        raise _none(where, "does not exist")
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

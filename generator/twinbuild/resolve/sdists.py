"""Source distributions that build steps read: one file of one index each, pinned by digest. Nothing of them runs."""

from __future__ import annotations

from packaging.utils import InvalidSdistFilename, canonicalize_name, parse_sdist_filename
from packaging.version import InvalidVersion, Version

from twinbuild.errors import Finding, Location, LockError, UsageError
from twinbuild.model.lock import LockedSdist
from twinbuild.net.index import IndexFile, files
from twinbuild.net.opener import Opener
from twinbuild.ports import Store
from twinbuild.resolve.python_index import DEFAULT, PythonIndex, index_address

__all__ = ["pin_sdists"]


def pin_sdists(
    wanted: tuple[str, ...],
    previous: tuple[LockedSdist, ...],
    *,
    indexes: tuple[PythonIndex, ...],
    opener: Opener,
    store: Store,
) -> tuple[LockedSdist, ...]:
    """The files of ``PROJECT==VERSION`` each, sorted by file name; what ``previous`` has of them stays.

    A file whose digest or size the index does not state is brought into the store, and so hashed once.
    Raises LockError TB5322 for every one that cannot be had, UsageError TB2036, FetchError TB30xx (the index).
    """
    found: list[LockedSdist] = []
    findings: list[Finding] = []
    for text in wanted:
        project, _, version = text.partition("==")
        name = canonicalize_name(project)
        kept = next((one for one in previous if one.name == name and one.version == version), None)
        pinned = kept or _pin(name, version, _index(name, indexes), opener, store)
        if isinstance(pinned, Finding):
            findings.append(pinned)
        else:
            found.append(pinned)
    if findings:
        raise LockError(tuple(findings))
    return tuple(sorted(found, key=lambda sdist: sdist.filename))


def _index(name: str, indexes: tuple[PythonIndex, ...]) -> PythonIndex:
    bound = [index for index in indexes if index.binds(name)]
    index = next(iter(bound), None) or next(index for index in indexes if index.name == DEFAULT)
    if not index.address:
        raise UsageError.of(
            "TB3044",
            f"no setting says where the package index {index.name!r} is",
            hint="write its address below [indexes] in twinbuild.toml",
            where=f"index {index.name}",
        )
    return index


def _pin(name: str, version: str, index: PythonIndex, opener: Opener, store: Store) -> LockedSdist | Finding:
    address = index_address(index)
    offered = [file for file in files(opener, address, name) if _is(file, name, version)]
    if not offered:
        return Finding(
            code="TB5322",
            message=f"the index {index.name!r} has no source distribution of {name} {version}",
            hint="name a version that the project published as .tar.gz or .zip",
            where=Location(subject=f"{name}=={version}"),
        )
    file = min(offered, key=lambda one: (one.yanked, not one.filename.endswith(".tar.gz"), one.filename))
    if file.yanked:
        return Finding(
            code="TB5322",
            message=f"{file.filename} was withdrawn (yanked) by its owner",
            hint="ask for a version that was not withdrawn",
            where=Location(subject=f"{name}=={version}"),
        )
    digest, size = file.sha256, file.size
    if digest is None or size is None:
        with store.writer() as writer:
            opener.download(file.url, writer, size=size, digest=digest, allow_http=address.startswith("http:"))
            digest, size = writer.commit(digest)
    return LockedSdist(index=index.name, name=name, version=version, filename=file.filename, size=size, sha256=digest)


def _is(file: IndexFile, name: str, version: str) -> bool:
    try:
        project, found = parse_sdist_filename(file.filename)
        return project == name and found == Version(version)
    except (InvalidSdistFilename, InvalidVersion):
        return False

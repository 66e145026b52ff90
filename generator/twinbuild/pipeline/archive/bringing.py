"""Bringing files into an archive: each from where it is, hashed as it is copied, and only where it is not there yet."""

from __future__ import annotations

import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, Final

from twinbuild.errors import Finding, IntegrityError, Location, LockError, TwinbuildError
from twinbuild.model.archive import ArchivedFile, ArchivedInput
from twinbuild.model.digest import Digest
from twinbuild.pipeline.archive.closure import Wanted, below
from twinbuild.pipeline.machine import Machine
from twinbuild.pipeline.project import Project
from twinbuild.pipeline.regular import LARGEST, Irregular, open_regular, read_regular
from twinbuild.ports import ReleaseArchive

__all__ = ["LOCK", "Bringing", "read"]

LOCK: Final = "release.lock"
_BLOBS: Final = "image/blobs/sha256/"
_WORKERS: Final = 4  # hashing and waiting for the disk overlap

Opened = Callable[[], BinaryIO]


class Bringing:
    """What one call brings into the archive, and where each thing comes from."""

    def __init__(self, archive: ReleaseArchive, machine: Machine, directory: Path, project: Project) -> None:
        self._archive, self._machine = archive, machine
        self._directory, self._project = directory, project
        self.brought = self.size = 0

    def named(self, path: Path) -> str:
        """A file of the spec by its path in the project; one from elsewhere by its name alone, as in manifests."""
        root = self._project.directory
        return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name

    def require(self, wanted: tuple[Wanted, ...], inputs: tuple[ArchivedInput, ...]) -> None:
        """Raise LockError TB9106 for everything that is nowhere."""
        asked: dict[Digest, str] = {each.sha256: f"{each.kind} {each.name}" for each in inputs}
        asked |= {each.sha256: each.path for each in wanted}
        places = {each.sha256: each.path for each in wanted}
        findings = tuple(
            Finding(
                code="TB9106",
                message=f"{name} is neither in the store nor in the project, and building the release again needs it",
                hint="run `twinbuild fetch` in the project, with the lock that the release was made of",
                where=Location(subject=str(digest)),
            )
            for digest, name in sorted(asked.items(), key=lambda item: item[1])
            if self._source(digest, places.get(digest, "")) is None and not self._archive.blobs.has(digest)
        )
        if findings:
            raise LockError(findings)

    def release_files(self, document: dict[str, Any]) -> tuple[ArchivedFile, ...]:
        """Every file of the release's directory. Digests are those that its manifest and its layout say."""
        said = {each["path"]: (Digest(each["sha256"]), each["size"]) for each in document["documents"]}
        found = list(below(self._directory))
        digests: dict[str, Digest] = {}
        jobs: list[tuple[Digest, int, Opened]] = []
        for path, size in found:
            if path in said:
                digests[path] = said[path][0]
            elif path.startswith(_BLOBS):
                digests[path] = Digest(path.removeprefix(_BLOBS))
            else:
                digests[path] = self._small(path)
                continue
            jobs.append((digests[path], size, _opener(self._directory / path)))
        self._copy(jobs)
        return tuple(ArchivedFile(path=path, sha256=digests[path], size=size) for path, size in found)

    def spec_files(self) -> tuple[ArchivedFile, ...]:
        """The spec, its overlays and its family's spec as they were read, and the release's own lock."""
        contents = {}
        for path, digest in zip(self._project.sources, self._project.digests, strict=False):
            content = read(path)
            if Digest.of(content) != digest:
                raise _changed(path)
            contents[self.named(path)] = content
        contents[self.named(self._project.lock_path)] = read(self._directory / LOCK)
        site = self._project.site
        if site is not None:
            contents[site.name] = site.text.encode()
        for content in contents.values():
            self._put(content)
        return tuple(
            ArchivedFile(path=path, sha256=Digest.of(content), size=len(content)) for path, content in contents.items()
        )

    def bring_all(self, wanted: tuple[Wanted, ...], inputs: tuple[ArchivedInput, ...]) -> None:
        """Files of the project, and what the lock names."""
        jobs: dict[Digest, tuple[Digest, int, Opened]] = {}
        paths = {each.sha256: each.path for each in wanted}
        sizes = {each.sha256: each.size for each in inputs} | {each.sha256: each.size for each in wanted}
        for digest, size in sizes.items():
            source = self._source(digest, paths.get(digest, ""))
            if source is not None:
                jobs[digest] = (digest, size, source)
        self._copy(list(jobs.values()))

    def bring_stored(self, blobs: tuple[tuple[Digest, int], ...]) -> None:
        """Blobs of the store, each with its size in bytes."""
        store = self._machine.store
        self._copy([(digest, size, partial(store.open, digest)) for digest, size in blobs])

    def _source(self, digest: Digest, path: str) -> Opened | None:
        """Where bytes of a digest come from: the store, the release's own layout, or the project."""
        store = self._machine.store
        if store.has(digest):
            return lambda: store.open(digest)
        layer = self._directory / _BLOBS / digest.hex
        if layer.is_file():
            return _opener(layer)
        file = self._project.directory / path
        return _opener(file, follow=True) if path and file.is_file() else None

    def _copy(self, jobs: list[tuple[Digest, int, Opened]]) -> None:
        progress, total = self._machine.progress, sum(size for _, size, _ in jobs)
        done = 0
        with ThreadPoolExecutor(_WORKERS) as pool:
            for size, new in pool.map(self._one, jobs):
                done += size
                progress("archiving", done, total)
                self.brought += new
                self.size += size if new else 0

    def _one(self, job: tuple[Digest, int, Opened]) -> tuple[int, bool]:
        digest, size, opened = job
        return size, self._archive.bring(digest, size, opened)

    def _small(self, path: str) -> Digest:
        return self._put(read(self._directory / path))

    def _put(self, content: bytes) -> Digest:
        digest = Digest.of(content)
        if self._archive.bring(digest, len(content), partial(io.BytesIO, content)):
            self.brought, self.size = self.brought + 1, self.size + len(content)
        return digest


def _opener(path: Path, *, follow: bool = False) -> Opened:
    def opened() -> BinaryIO:
        try:
            return open_regular(path, follow=follow)
        except Irregular as error:
            raise _irregular(path, str(error)) from None

    return opened


def read(path: Path) -> bytes:
    """The bytes of a regular file of at most 64 MiB. Raises IntegrityError TB9105."""
    try:
        return read_regular(path, LARGEST, follow=True)
    except Irregular as error:
        raise _irregular(path, str(error)) from None


def _irregular(path: Path, why: str) -> TwinbuildError:
    return IntegrityError.of(
        "TB9105",
        f"{path.name} {why}, and was there a moment ago",
        hint="archive the release when nothing writes to its directory or its project",
        where=str(path),
    )


def _changed(path: Path) -> TwinbuildError:
    return _irregular(path, "changed")

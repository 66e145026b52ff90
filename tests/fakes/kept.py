"""Small releases with their bytes, and archives in registries to keep them in."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import MappingProxyType

from fakes.archived import tiny_record
from twinbuild.archive.registry import RegistryArchive
from twinbuild.model.archive import ArchivedFile, ArchivedInput, ArchivedRelease, Kept
from twinbuild.model.digest import Digest
from twinbuild.model.reference import ImageReference
from twinbuild.model.settings import Settings
from twinbuild.net.http import HttpClient
from twinbuild.net.registry.client import RegistryClient
from twinbuild.ports import ReleaseArchive, Store
from twinbuild.store.memory import MemoryStore

__all__ = ["Made", "made", "registered", "source_of"]

SHARED = b"a wheel that every release has"


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A record, and the bytes of all that it names."""

    record: ArchivedRelease
    contents: tuple[bytes, ...]

    def keep(self, archive: ReleaseArchive, *, foreign: bool = False) -> tuple[ArchivedRelease, Kept, bool]:
        """Archive it."""
        for content in self.contents:
            archive.bring(Digest.of(content), len(content), source_of(content))
        return archive.keep(self.record, foreign=foreign)


def source_of(content: bytes) -> Callable[[], io.BytesIO]:
    """What a blob is brought from."""
    return partial(io.BytesIO, content)


def made(
    version: str = "1.0.0",
    *,
    name: str = "tiny",
    added: str = "2026-11-01T00:00:00Z",
    files: Mapping[str, bytes] = MappingProxyType({}),
    inputs: int = 0,
) -> Made:
    """A release with a manifest, a wheel that all share, ``files`` beside, and so many inputs of its own."""
    manifest = f"{name} {version}".encode()
    own = [f"{name} {version} input {number}".encode() for number in range(inputs)]
    contents = {"manifest.json": manifest, **files}
    record = replace(
        tiny_record(name, version, added=added),
        digest=Digest.of(manifest),
        files=tuple(_file(path, contents[path]) for path in sorted(contents)),
        project=(_file("release.yaml", b"spec"),),
        inputs=tuple(
            sorted(
                (
                    ArchivedInput(kind="wheel", name=f"w{number}.whl", sha256=Digest.of(content), size=len(content))
                    for number, content in enumerate([SHARED, *own])
                ),
                key=lambda each: (each.kind, each.name, each.sha256),
            )
        ),
    )
    return Made(record=record, contents=(*contents.values(), b"spec", SHARED, *own))


def _file(path: str, content: bytes) -> ArchivedFile:
    return ArchivedFile(path=path, sha256=Digest.of(content), size=len(content))


def registered(
    authority: str, *, writing: bool = True, store: Store | None = None, directory: Path | None = None
) -> RegistryArchive:
    """The archive in a registry's ``team/releases``; nothing is waited for between tries."""
    settings = Settings(store=str(directory or "/nowhere"), timeout=20.0, retries=1)
    client = RegistryClient(settings, http=HttpClient(settings, pause=lambda _: None))
    where = ImageReference.parse(f"{authority}/team/releases")
    return RegistryArchive(client, where, store or MemoryStore(), writing=writing)

"""An archive that holds the release of the tiny project."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from fakes.made import copied
from fakes.tiny import tiny_release
from fakes.tool import Ended
from twinbuild.archive.directory import Archive
from twinbuild.archive.summaries import summaries
from twinbuild.cli.__main__ import cli
from twinbuild.cli.outcome import run
from twinbuild.model.archive import ArchivedRelease
from twinbuild.model.digest import Digest

__all__ = ["Archived", "archived", "archived_once", "blob_of", "tiny_record"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Archived:
    """The directory of the archive, and that of the release, which lies in ``dist`` of its project."""

    place: Path
    dist: Path

    @property
    def record(self) -> ArchivedRelease:
        """The record of its one release."""
        with Archive(self.place) as archive:
            return archive.release(summaries(archive)[0].kept)

    def blob(self, digest: Digest) -> Path:
        """Where a blob lies."""
        return blob_of(self.place, digest)


def blob_of(place: Path, digest: Digest) -> Path:
    """Where a blob of an archive lies."""
    return place / "v1" / "blobs" / "sha256" / digest.hex[:2] / digest.hex[2:]


@pytest.fixture(scope="session")
def archived_once(tmp_path_factory: pytest.TempPathFactory) -> Archived:
    """The release of the tiny project and an archive of it: made once, to be copied."""

    def make(place: Path) -> None:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in {"TWINBUILD_STORE": "store", "HOME": "home", "TMPDIR": "tmp"}.items():
                patch.setenv(name, str(place / value))
            (place / "tmp").mkdir()
            dist = tiny_release(lambda *words: Ended(run(cli, words), "", ""), place)
            assert run(cli, ("archive", "add", str(dist), "--archive", str(place / "archive"), "-q")) == 0

    place = copied("archived", make, tmp_path_factory.mktemp("archived"))
    return Archived(place=place / "archive", dist=place / "tiny" / "dist" / "tiny-1.0.0")


@pytest.fixture
def archived(archived_once: Archived, tmp_path: Path) -> Archived:
    """A copy of the archive that a test may change; blobs stay what they are, so they are links."""
    place = tmp_path / "archive"
    shutil.copytree(archived_once.place, place, copy_function=_link)
    return replace(archived_once, place=place)


def _link(source: str, target: str) -> None:
    if "/blobs/" in source:
        os.link(source, target)
    else:
        shutil.copy2(source, target)


def tiny_record(name: str = "tiny", version: str = "1.0.0", *, seed: bytes = b"", added: str = "") -> ArchivedRelease:
    """A record that stands for a release, without the bytes of one."""
    from twinbuild.model.archive import ArchivedFile, ArchivedImage, ArchivedInput

    digest = Digest.of(f"{name} {version}".encode() + seed)
    spec = ArchivedFile(path="release.yaml", sha256=Digest.of(b"spec"), size=4)
    manifest = ArchivedFile(path="manifest.json", sha256=digest, size=1)
    wheel = ArchivedInput(
        kind="wheel", name="demo-1.0-py3-none-any.whl", sha256=Digest.of(b"w"), size=1, purl="pkg:pypi/demo@1.0"
    )
    image = Digest.of(b"image" + digest.hex.encode())
    return ArchivedRelease(
        name=name,
        version=version,
        digest=digest,
        generator="0.1.0",
        added=added or "2026-11-01T00:00:00Z",
        commit="",
        modified=False,
        spec="release.yaml",
        overlays=(),
        variants=(),
        images=(ArchivedImage(variant="cpu", platform="linux/amd64", digest=image, config=Digest.of(b"config")),),
        indexes=(),
        files=(manifest,),
        project=(spec,),
        inputs=(wheel,),
    )

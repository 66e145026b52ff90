"""Archives that earlier versions of twinbuild made (``tests/archives``): copied out of the checkout, to be used."""

from __future__ import annotations

import json
import lzma
import shutil
import tarfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from twinbuild.archive.directory import Archive
from twinbuild.archive.summaries import summaries
from twinbuild.model.archive import ArchivedRelease
from twinbuild.model.digest import Digest

__all__ = ["IN_TIME", "KEPT", "TOO_LATE", "KeptArchive", "kept_archive"]

PLACE: Final = Path(__file__).resolve().parents[1] / "archives"
KEPT: Final = sorted(path.parent.name for path in PLACE.glob("*/made.json"))
IN_TIME, TOO_LATE = "tiny@1.0.0", "tiny@1.1.0"  # signed before the keys ceased to count, and after


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptArchive:
    """One of them: the directory of its archive, of its trust root and log, and what its maker said of it."""

    name: str  # the version of twinbuild that made it, and the commit
    place: Path
    releases: tuple[tuple[str, Digest], ...]
    tool: tuple[Digest, ...]  # blobs of the packed twinbuild; they are not in git

    @property
    def archive(self) -> Path:
        """The directory of the archive."""
        return self.place / "archive"

    def release(self, name: str) -> ArchivedRelease:
        """The record of one of its releases."""
        with Archive(self.archive) as archive:
            (kept,) = (each.kept for each in summaries(archive) if each.label == name)
            return archive.release(kept)

    def blob(self, digest: Digest) -> Path:
        """Where a blob lies."""
        return self.archive / "v1" / "blobs" / "sha256" / digest.hex[:2] / digest.hex[2:]

    def laid_out(self, name: str, target: Path) -> Path:
        """The directory of a release as it was released, put together without this twinbuild."""
        for file in self.release(name).files:
            path = target / file.path
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self.blob(file.sha256), path)
        return target

    def installed(self, target: Path) -> Path:
        """The twinbuild that made it, as a directory for Python's path."""
        with lzma.open(self.place / "twinbuild.tar.xz") as stream, tarfile.open(fileobj=stream) as tar:
            tar.extractall(target, filter="data")
        return target


def kept_archive(name: str, target: Path) -> KeptArchive:
    """A copy in a directory of its own, which tests may change."""
    shutil.copytree(PLACE / name, target, copy_function=shutil.copyfile)
    for path in (target, *target.rglob("*")):  # whatever the checkout's are
        path.chmod(0o755 if path.is_dir() else 0o644)
    made = json.loads((target / "made.json").read_text())
    found = KeptArchive(name=name, place=target, releases=(), tool=tuple(map(Digest.parse, made["tool"])))
    return replace(found, releases=tuple((each["name"], Digest.parse(each["release"])) for each in made["releases"]))

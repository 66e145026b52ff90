"""Bills of materials on disk: that of a release, or a document of anyone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from twinbuild.codec.cyclonedx import LARGEST_BOM, decode_bom
from twinbuild.errors import Location, UsageError
from twinbuild.model.bom import Bom
from twinbuild.pipeline.released import Released, read_release

__all__ = ["ReadBom", "read_bom"]

_NAME: Final = "sbom.cdx.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadBom:
    """A document, the file that it was read from, and the release that it describes (None for a document alone)."""

    path: Path
    bom: Bom
    release: Released | None


def read_bom(where: Path) -> ReadBom:
    """The document of a release's directory, or of a file. Raises UsageError TB8701 for none, else as ``decode_bom``.

    For a directory also what ``read_release`` raises; and IntegrityError TB8706 is the reconciliation's to raise.
    """
    release = read_release(where) if where.is_dir() else None
    path = release.path.with_name(_NAME) if release is not None else where
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_BOM + 1)
    except OSError as error:
        raise UsageError.of(
            "TB8701",
            f"{path} cannot be read: {error.strerror}",
            hint="name the directory of a release, or a CycloneDX document in JSON",
            where=Location(file=str(path)),
        ) from error
    return ReadBom(path=path, bom=decode_bom(content, name=str(path)), release=release)

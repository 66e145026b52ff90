"""Bills of materials on disk: that of a release, or a document of anyone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from twinbuild.codec.cyclonedx import LARGEST_BOM, decode_bom
from twinbuild.errors import IntegrityError, Location, UsageError
from twinbuild.model.bom import Bom
from twinbuild.model.digest import Digest
from twinbuild.pipeline.reading.released import Released, read_release
from twinbuild.pipeline.regular import Irregular, read_regular

__all__ = ["ReadBom", "bom_text", "read_bom"]

_NAME: Final = "sbom.cdx.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadBom:
    """A document, the file that it was read from, and the release that it describes (None for a document alone)."""

    path: Path
    bom: Bom
    release: Released | None


def read_bom(where: Path) -> ReadBom:
    """The document of a release's directory, or of a file. Raises UsageError TB8701 for none, else as ``decode_bom``.

    For a directory also what ``read_release`` raises, and IntegrityError TB7005 where the document is not the one that
    the release manifest names; IntegrityError TB8706 is the reconciliation's to raise.
    """
    if where.is_dir():
        release = read_release(where)
        path = release.path.with_name(_NAME)
        return ReadBom(path=path, bom=decode_bom(bom_text(release, path), name=str(path)), release=release)
    try:
        content = read_regular(where, LARGEST_BOM, follow=True)
    except Irregular as error:
        raise UsageError.of(
            "TB8701",
            f"{where} {error}",
            hint="name the directory of a release, or a CycloneDX document in JSON",
            where=Location(file=str(where)),
        ) from error
    return ReadBom(path=where, bom=decode_bom(content, name=str(where)), release=None)


def bom_text(release: Released, path: Path | None = None) -> bytes:
    """The document that lies in a release, which is the one that its manifest names. Raises IntegrityError TB7005."""
    path = release.path.with_name(_NAME) if path is None else path
    document: dict[str, Any] = release.document
    try:
        content = read_regular(path, LARGEST_BOM)
        named = {str(entry["path"]): str(entry["sha256"]) for entry in document["documents"]}
    except Irregular as error:
        why = str(error)
    except (LookupError, TypeError):
        why = "is named by no release manifest that can be read"
    else:
        got, expected = Digest.of(content).hex, named.get(path.name)
        if got == expected:
            return content
        why = f"has sha256:{got}, expected sha256:{expected}" if expected else "is none of the release's documents"
    raise IntegrityError.of(
        "TB7005",
        f"{path.name} {why}",
        hint="take the directory from where it was released again",
        where=Location(file=str(path)),
    )

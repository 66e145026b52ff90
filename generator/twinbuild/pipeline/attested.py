"""The files of ``signatures/`` in a release, and the texts that they sign."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath
from typing import Final

from twinbuild.codec.dsse import decode_envelope
from twinbuild.describe.attestation import release_attestation
from twinbuild.errors import UsageError
from twinbuild.model.digest import Digest
from twinbuild.pipeline.observed import SIGNATURES
from twinbuild.pipeline.released import Released

__all__ = ["ENVELOPES", "PLAIN", "directory_of", "is_signature", "payload_of", "signatures_of", "signers_of"]

_RELEASE: Final = "release.dsse.json"
_STATEMENTS: Final = {"provenance.dsse.json": "provenance.intoto.json", "tests.dsse.json": "tests.intoto.json"}
ENVELOPES: Final = (_RELEASE, *_STATEMENTS)
PLAIN: Final = re.compile(r"manifest\.json\.([0-9a-f]{64})\.sig", re.ASCII)


def is_signature(path: PurePosixPath) -> bool:
    """Whether a path in a release is one of a signature."""
    within = len(path.parts) == 2 and path.parts[0] == SIGNATURES
    return within and (path.name in ENVELOPES or PLAIN.fullmatch(path.name) is not None)


def directory_of(release: Released) -> Path:
    """Where the release lies. Raises UsageError TB7003 for a release manifest that lies alone."""
    if release.directory is None:
        raise UsageError.of(
            "TB7003",
            f"{release.path} lies alone: signatures are about all files of a release",
            hint="name the directory of the release",
            where=str(release.path),
        )
    return release.directory


def payload_of(envelope: str, release: Released) -> bytes | None:
    """What an envelope of this release signs; None where the release has no such statement."""
    directory = directory_of(release)
    if envelope != _RELEASE:
        path = directory / _STATEMENTS[envelope]
        return path.read_bytes() if path.is_file() and not path.is_symlink() else None
    beside = [(name, directory / name) for name in ("manifest.yaml", *_STATEMENTS.values())]
    digests = tuple((name, Digest.of(path.read_bytes())) for name, path in beside if path.is_file())
    return release_attestation(release.document, release.digest, digests)


def signatures_of(directory: Path) -> dict[str, bytes]:
    """The files of signatures in a release's directory, by path; links and other files are not among them."""
    place = directory / SIGNATURES
    if place.is_symlink() or not place.is_dir():
        return {}
    return {
        f"{SIGNATURES}/{path.name}": path.read_bytes()
        for path in sorted(place.iterdir())
        if is_signature(PurePosixPath(SIGNATURES, path.name)) and path.is_file() and not path.is_symlink()
    }


def signers_of(directory: Path) -> tuple[str, ...]:
    """Ids of the keys that the signatures in a directory name; nothing is verified. () where there are none."""
    content = signatures_of(directory).get(f"{SIGNATURES}/{_RELEASE}")
    if content is None:
        return ()
    return tuple(each.keyid for each in decode_envelope(content, name=f"{SIGNATURES}/{_RELEASE}").signatures)

"""What a wheel brings along beside its own code: shared libraries, and bills of materials (PEP 770)."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from typing import Final

from twinbuild.codec.cyclonedx import CYCLONEDX, decode_bom
from twinbuild.errors import TwinbuildError
from twinbuild.model.bom import Bom
from twinbuild.model.inspection import BundledLibrary, ShippedBom, ShippedPart
from twinbuild.wheel.binaries import wheel_binaries
from twinbuild.wheel.contents import Wheel, WheelFile
from twinbuild.wheel.metadata import Metadata

__all__ = ["bundled_libraries", "contact_of", "may_be_bundled", "shipped_boms"]

_EXTENSION: Final = re.compile(r"\.(cpython-\d+[a-z]*(-[^.]+)?|abi3|pypy[^.]*)\.so$")  # modules that Python imports
_LIBRARY: Final = re.compile(r"(lib[^/]*?)\.so(?:\.([0-9A-Za-z][0-9A-Za-z._+-]*))?", re.ASCII)
_REPAIRED: Final = re.compile(r"-[0-9a-f]{8}(?=-|$)", re.ASCII)  # auditwheel's digest in a name, once or twice
_MAIL: Final = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+", re.ASCII)
_ADDRESS: Final = re.compile(r"https?://[!-;=?-~]{1,1000}", re.ASCII)
_LARGEST: Final = 16 << 20  # bytes of a document in a wheel
_PARTS: Final = 5000  # of one document; more is no list of what a wheel bundles


def bundled_libraries(wheel: Wheel) -> tuple[BundledLibrary, ...]:
    """The shared libraries, sorted by path: ``lib*.so*`` that are no extension modules. Raises IntegrityError TB4014.

    Code that was linked statically leaves no such file, and is not found.
    """
    files = {file.path: file for file in wheel.files}
    found = []
    for path, elf in wheel_binaries(wheel.archive):
        match = _library(path)
        if match is None or not elf.shared or path not in files:
            continue
        sha256, sha512 = _digests(files[path])
        found.append(
            BundledLibrary(
                path=path,
                name=_REPAIRED.sub("", match[1]) or match[1],
                version=match[2] or "",
                soname=elf.soname,
                needed=tuple(sorted(set(elf.needed))),
                sha256=sha256,
                sha512=sha512,
            )
        )
    return tuple(sorted(found, key=lambda each: each.path))


def may_be_bundled(path: str) -> bool:
    """Whether a shared object of that name counts as a library, and not as a module that Python imports."""
    return _library(path) is not None


def _library(path: str) -> re.Match[str] | None:
    base = path.rpartition("/")[2]
    return None if _EXTENSION.search(base) else _LIBRARY.fullmatch(base)


def _digests(file: WheelFile) -> tuple[str, str]:
    """SHA-256 and SHA-512. The first is mostly what RECORD states, and reading to the end has proved that."""
    stated = file.row.digest.hex() if file.row.algorithm == "sha256" else ""
    one, other = hashlib.sha256(), hashlib.sha512()
    with file.open() as stream:
        while chunk := stream.read(1 << 20):
            other.update(chunk)
            if not stated:
                one.update(chunk)
    return stated or one.hexdigest(), other.hexdigest()


def shipped_boms(wheel: Wheel) -> tuple[ShippedBom, ...]:
    """The documents below ``dist-info/sboms/``, sorted by path; of CycloneDX in JSON with their components."""
    found = []
    for file in wheel.sboms:
        sha256, _ = _digests(file)
        bom = ShippedBom(path=file.path, sha256=sha256)
        if file.size <= _LARGEST:
            bom = replace(bom, parts=_parts(file.read(limit=_LARGEST), file.path))
        found.append(bom)
    return tuple(sorted(found, key=lambda each: each.path))


def _parts(content: bytes, name: str) -> tuple[ShippedPart, ...]:
    try:
        bom: Bom = decode_bom(content, name=name, versions=CYCLONEDX)
    except TwinbuildError:
        return ()  # SPDX, or broken: it is named with its digest, and nothing of it is believed
    if len(bom.components) > _PARTS:
        return ()
    return tuple(
        ShippedPart(
            reference=each.reference,
            type=each.type,
            name=f"{each.group}/{each.name}" if each.group else each.name,
            version=each.version,
            purl=each.purl,
            hashes=each.hashes,
            licences=tuple((licence.kind, licence.text) for licence in each.licences),
            makers=each.makers,
            needs=bom.edges.get(each.reference, ()) if each.reference else (),
        )
        for each in bom.components
        if each.name
    )


def contact_of(metadata: Metadata) -> str:
    """How the makers of a wheel are reached: the first mail address that METADATA gives, else its first web address."""
    for text in (metadata.author_email, metadata.maintainer_email):
        if match := _MAIL.search(text[:10_000]):
            return match[0]
    for text in (metadata.home_page, *(address for _, address in metadata.project_urls)):
        if _ADDRESS.fullmatch(text.strip()):
            return text.strip()
    return ""

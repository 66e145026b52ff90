"""What was found inside of a file that the lock pins: facts that follow from its bytes alone."""

from __future__ import annotations

from dataclasses import dataclass

from twinbuild.model.digest import Digest
from twinbuild.model.lock import Licensing

__all__ = ["BundledLibrary", "Inspection", "InstalledStatement", "LicenceText", "ShippedBom", "ShippedPart"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BundledLibrary:
    """A shared library that a wheel brings along. ``needed`` are the sonames that it names (DT_NEEDED)."""

    path: str  # in the wheel
    name: str  # libgfortran, without what a repair of the wheel put into it
    version: str  # of its file name, such as 5.0.0; "" where it says none
    soname: str
    needed: tuple[str, ...]
    sha256: str  # hexadecimal, as sha512
    sha512: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShippedPart:
    """A component of a bill of materials that a wheel ships (PEP 770), as that document states it."""

    reference: str  # in that document
    type: str
    name: str
    version: str
    purl: str
    hashes: tuple[tuple[str, str], ...]
    licences: tuple[tuple[str, str], ...]  # kind (id, expression or name) and text
    makers: tuple[str, ...]
    needs: tuple[str, ...]  # references


@dataclass(frozen=True, slots=True, kw_only=True)
class ShippedBom:
    """A bill of materials inside of a wheel; no parts where it is of another format, or cannot be read."""

    path: str  # in the wheel
    sha256: str  # hexadecimal
    parts: tuple[ShippedPart, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenceText:
    """A licence file of a package: which licences of SPDX's list its words are, from the first to the last.

    None for any other text, also for one that holds a known licence and something else. Several where one text has
    several identifiers. A file that is ``harmless`` names people or the product, and no word of it speaks of terms.
    """

    path: str  # below dist-info; of one that lies elsewhere that in the wheel
    sha256: str  # hexadecimal
    licences: tuple[str, ...] = ()  # sorted
    harmless: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """Of one file: its SHA-512 (hexadecimal), how its maker is reached, and what lies within a wheel.

    ``contact`` is a mail address or an http(s) address, or "" where the file states none.
    """

    sha256: Digest
    sha512: str
    contact: str = ""
    libraries: tuple[BundledLibrary, ...] = ()  # sorted by path
    boms: tuple[ShippedBom, ...] = ()  # sorted by path
    texts: tuple[LicenceText, ...] = ()  # sorted by path
    others: tuple[LicenceText, ...] = ()  # sorted by path, those in the wheel that are none of its own licence files


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalledStatement:
    """What a base image says of one of its packages.

    ``contact`` is the maintainer's mail address, "" where dpkg's status has none. ``licensing`` bears the package's
    name as its file name, and the digest of the base's manifest, which vouches for all of it; ``files`` has the place
    of the copyright file below the root, to which links of the base lead.
    """

    name: str
    architecture: str
    contact: str
    licensing: Licensing

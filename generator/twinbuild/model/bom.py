"""A bill of materials as it is read: what reports and comparisons ask of a CycloneDX document, whoever wrote it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["Bom", "BomComponent", "BomLicence"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BomLicence:
    """One licence. ``kind`` is id, expression or name; ``acknowledgement`` is declared, concluded or empty."""

    text: str
    kind: str
    acknowledgement: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BomComponent:
    """One component, nested ones included. A text that is not stated is empty.

    ``makers`` are names of supplier, manufacturer, authors and publisher; ``contacts`` mail addresses and URLs of the
    manufacturer alone. ``identifiers`` are purl, CPE, SWID, OmniBOR and SWHID. ``hashes`` are pairs of algorithm and
    hexadecimal digits, ``distributed`` those of external references of type distribution.
    """

    reference: str
    type: str
    group: str = ""
    name: str
    version: str = ""
    description: str = ""
    purl: str = ""
    identifiers: tuple[str, ...] = ()
    hashes: tuple[tuple[str, str], ...] = ()
    distributed: tuple[tuple[str, str], ...] = ()
    licences: tuple[BomLicence, ...] = ()
    makers: tuple[str, ...] = ()
    supplier: str = ""
    manufacturer: str = ""
    contacts: tuple[str, ...] = ()
    properties: Mapping[str, str]
    parts: tuple[str, ...] = ()  # references of the components that are nested in it

    @property
    def title(self) -> str:
        """Its name for people: group, name and version."""
        name = f"{self.group}/{self.name}" if self.group else self.name
        return f"{name} {self.version}".strip() or self.reference or "a component without a name"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bom:
    """A document. ``root`` is what it is about; it is not among ``components``, which are in the document's order.

    ``edges`` has an entry for each reference that the document gives one; ``completeness`` the aggregate that a
    composition states of a reference. ``authors`` are names of who made the document, ``contacts`` their addresses.
    """

    version: str
    serial: str
    timestamp: str
    phases: tuple[str, ...]
    tools: tuple[str, ...]
    authors: tuple[str, ...]
    contacts: tuple[str, ...]
    root: BomComponent | None
    components: tuple[BomComponent, ...]
    edges: Mapping[str, tuple[str, ...]]
    completeness: Mapping[str, str]

    @property
    def everything(self) -> tuple[BomComponent, ...]:
        """The root and all components."""
        return (*((self.root,) if self.root is not None else ()), *self.components)

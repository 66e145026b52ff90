"""What three published lists ask of a bill of materials, and which components of a CycloneDX document have it.

NTIA is "The Minimum Elements For a Software Bill of Materials" (US Department of Commerce, 12 July 2021), section IV,
"Data Fields". CISA is the draft "2025 Minimum Elements for a Software Bill of Materials" of 22 August 2025. BSI is
TR-03183-2 version 2.1.0 of 20 August 2025, section 5.2 with the CycloneDX fields of section 8.2.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final

from twinbuild.codec.spdx import spdx_expression
from twinbuild.model.bom import Bom, BomComponent

__all__ = ["STANDARDS", "Coverage", "coverage"]

STANDARDS: Final = ("ntia", "cisa", "bsi")

_DOCUMENT: Final = "the document"
_PURE: Final = frozenset({"machine-learning-model", "data", "platform", "container", "device"})  # of no one file
_DIGITS: Final = {"SHA-256": 64, "SHA-384": 96, "SHA-512": 128, "SHA3-256": 64, "SHA3-384": 96, "SHA3-512": 128}
_MORE: Final = {"BLAKE2b-256": 64, "BLAKE2b-384": 96, "BLAKE2b-512": 128, "BLAKE3": 64}
_STRONG: Final = {**_DIGITS, **_MORE}
_HEX: Final = re.compile(r"[0-9a-f]+", re.ASCII)
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII)
_REACHABLE: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+|https?://\S+", re.ASCII)
_VALUES: Final = {
    "executable": ("executable", "non-executable"),
    "archive": ("archive", "no archive"),
    "structured": ("structured", "unstructured"),
}
_NOTHING: Final = frozenset({"", "unknown", "none", "n/a", "noassertion", "not stated by the package"})
_FILENAME: Final = "bsi:component:filename"
_COMPILED: Final = "twinbuild:compiled-into"  # a part without a file of its own
_DATA: Final = "data"  # data sets from which a model came: the lists are about software


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How many of those that an element asks have it.

    ``source`` is where the element is asked for, ``field`` where CycloneDX has it; ``missing`` names those that lack
    it, in the document's order.
    """

    standard: str
    element: str
    required: bool
    source: str
    field: str
    asked: int
    missing: tuple[str, ...]

    @property
    def have(self) -> int:
        """Those that have it."""
        return self.asked - len(self.missing)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Subject:
    """A document, and the references of all of its components: looked up for each of them, and made once."""

    bom: Bom
    references: frozenset[str]


_Component = Callable[[_Subject, BomComponent], bool]
_Whole = Callable[[Bom], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    standard: str
    element: str
    source: str
    field: str
    document: _Whole | None = None  # asked of the document
    component: _Component | None = None  # asked of each component
    files: bool = False  # only of components that are files
    required: bool = True


def coverage(bom: Bom, standards: Iterable[str] = STANDARDS) -> tuple[Coverage, ...]:
    """Every element of the standards, in their order."""
    wanted = set(standards)
    subject = _Subject(bom=bom, references=frozenset(each.reference for each in bom.everything if each.reference))
    return tuple(_covered(rule, subject) for rule in _RULES if rule.standard in wanted)


def _covered(rule: _Rule, subject: _Subject) -> Coverage:
    missing: tuple[str, ...]
    bom = subject.bom
    if rule.document is not None:
        asked, missing = 1, () if rule.document(bom) else (_DOCUMENT,)
    else:
        assert rule.component is not None
        components = tuple(_asked(rule, bom))
        asked = len(components)
        missing = tuple(each.title for each in components if not rule.component(subject, each))
        if not bom.components:
            asked, missing = 1, (_DOCUMENT,)  # of nothing everything is true
    return Coverage(
        standard=rule.standard,
        element=rule.element,
        required=rule.required,
        source=rule.source,
        field=rule.field,
        asked=asked,
        missing=missing,
    )


def _asked(rule: _Rule, bom: Bom) -> Iterator[BomComponent]:
    if not rule.files:
        yield from (each for each in bom.everything if each.type != _DATA)
        return
    yield from (
        each
        for each in bom.components
        if each.type not in _PURE
        and _COMPILED not in each.properties
        and (_FILENAME in each.properties or not each.parts)
    )


def _said(text: str) -> bool:
    return text.strip().lower() not in _NOTHING


def _has_name(_subject: _Subject, each: BomComponent) -> bool:
    return _said(each.name)


def _has_version(_subject: _Subject, each: BomComponent) -> bool:
    return _said(each.version)


def _has_maker(_subject: _Subject, each: BomComponent) -> bool:
    return any(_said(maker) for maker in each.makers)


def _has_identifier(_subject: _Subject, each: BomComponent) -> bool:
    return any(_said(text) for text in each.identifiers)


def _has_edges(subject: _Subject, each: BomComponent) -> bool:
    """An entry in the graph, whose every end is a component."""
    ends = subject.bom.edges.get(each.reference)
    return bool(each.reference) and ends is not None and subject.references.issuperset(ends)


def _has_complete_edges(subject: _Subject, each: BomComponent) -> bool:
    return _has_edges(subject, each) and bool(subject.bom.completeness.get(each.reference))


def _is_strong(pair: tuple[str, str]) -> bool:
    algorithm, digits = pair
    return len(digits) == _STRONG.get(algorithm, -1) and _HEX.fullmatch(digits) is not None


def _has_hash(_subject: _Subject, each: BomComponent) -> bool:
    return any(_is_strong(pair) for pair in (*each.hashes, *each.distributed))


def _has_sha512(_subject: _Subject, each: BomComponent) -> bool:
    return any(pair[0] == "SHA-512" and _is_strong(pair) for pair in each.distributed)


def _has_licence(_subject: _Subject, each: BomComponent) -> bool:
    return any(_said(licence.text) for licence in each.licences)


def _has_concluded(_subject: _Subject, each: BomComponent) -> bool:
    return _has_spdx(each, "concluded")


def _has_declared(_subject: _Subject, each: BomComponent) -> bool:
    return _has_spdx(each, "declared")


def _has_spdx(each: BomComponent, acknowledgement: str) -> bool:
    found = [licence for licence in each.licences if licence.acknowledgement == acknowledgement]
    return bool(found) and all(licence.kind != "name" and bool(spdx_expression(licence.text)) for licence in found)


def _has_contact(_subject: _Subject, each: BomComponent) -> bool:
    return any(_REACHABLE.fullmatch(text) for text in each.contacts)


def _has_filename(_subject: _Subject, each: BomComponent) -> bool:
    name = each.properties.get(_FILENAME, "")
    return _said(name) and "/" not in name


def _has_property(name: str) -> _Component:
    def has(_subject: _Subject, each: BomComponent) -> bool:
        return each.properties.get(f"bsi:component:{name}") in _VALUES[name]

    return has


def _has_time(bom: Bom) -> bool:
    return _TIME.fullmatch(bom.timestamp) is not None


def _has_author(bom: Bom) -> bool:
    return any(_said(name) for name in bom.authors)


def _has_reachable_author(bom: Bom) -> bool:
    return any(_REACHABLE.fullmatch(text) for text in bom.contacts)


def _has_tool(bom: Bom) -> bool:
    return any(_said(name) for name in bom.tools)


def _has_phase(bom: Bom) -> bool:
    return any(_said(phase) for phase in bom.phases)


_MAKER: Final = "supplier, manufacturer, authors or publisher"
_IDENTIFIER: Final = "purl, cpe, swid, omniborId or swhid"
_AUTHOR: Final = "metadata.manufacturer, .supplier or .authors"
_ADDRESS: Final = "metadata.manufacturer.url or .contact[].email"
_FILE: Final = "properties[bsi:component:"

_NTIA: Final = partial(_Rule, standard="ntia", source="NTIA 2021, IV")
_CISA: Final = partial(_Rule, standard="cisa", source="CISA 2025 draft")
_BSI: Final = partial(_Rule, standard="bsi", source="TR-03183-2 5.2.2")
_BSI_DOCUMENT: Final = partial(_Rule, standard="bsi", source="TR-03183-2 5.2.1")
_BSI_FURTHER: Final = partial(_Rule, standard="bsi", source="TR-03183-2 5.2.4", required=False)

_RULES: Final[tuple[_Rule, ...]] = (
    _NTIA(element="supplier name", field=_MAKER, component=_has_maker),
    _NTIA(element="component name", field="name", component=_has_name),
    _NTIA(element="version", field="version", component=_has_version),
    _NTIA(element="other unique identifiers", field=_IDENTIFIER, component=_has_identifier),
    _NTIA(element="dependency relationship", field="dependencies[]", component=_has_edges),
    _NTIA(element="author of SBOM data", field=_AUTHOR, document=_has_author),
    _NTIA(element="timestamp", field="metadata.timestamp", document=_has_time),
    _CISA(element="SBOM author", field=_AUTHOR, document=_has_author),
    _CISA(element="software producer", field=_MAKER, component=_has_maker),
    _CISA(element="component name", field="name", component=_has_name),
    _CISA(element="component version", field="version", component=_has_version),
    _CISA(element="software identifiers", field=_IDENTIFIER, component=_has_identifier),
    _CISA(element="component hash", field="hashes[] of SHA-2, SHA-3 or BLAKE", component=_has_hash, files=True),
    _CISA(element="license", field="licenses[]", component=_has_licence),
    _CISA(element="dependency relationship", field="dependencies[]", component=_has_edges),
    _CISA(element="tool name", field="metadata.tools", document=_has_tool),
    _CISA(element="timestamp", field="metadata.timestamp", document=_has_time),
    _CISA(element="generation context", field="metadata.lifecycles[]", document=_has_phase),
    _BSI_DOCUMENT(element="creator of the SBOM", field=_ADDRESS, document=_has_reachable_author),
    _BSI_DOCUMENT(element="timestamp", field="metadata.timestamp", document=_has_time),
    _BSI(element="component creator", field="manufacturer.url or .contact[].email", component=_has_contact),
    _BSI(element="component name", field="name", component=_has_name),
    _BSI(element="component version", field="version", component=_has_version),
    _BSI(element="filename", field=f"{_FILE}filename]", component=_has_filename, files=True),
    _BSI(element="dependencies", field="dependencies[] with compositions[]", component=_has_complete_edges),
    _BSI(element="distribution licences", field="licenses[] of SPDX, concluded", component=_has_concluded),
    _BSI(
        element="hash of the deployable component",
        field="externalReferences[distribution].hashes[SHA-512]",
        component=_has_sha512,
        files=True,
    ),
    *(
        _BSI(element=f"{name} property", field=f"{_FILE}{name}]", component=_has_property(name), files=True)
        for name in _VALUES
    ),
    _BSI_FURTHER(element="other unique identifiers", field=_IDENTIFIER, component=_has_identifier),
    _BSI_FURTHER(element="original licences", field="licenses[] of SPDX, declared", component=_has_declared),
)

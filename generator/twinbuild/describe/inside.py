"""What inspections add to a bill of materials: SHA-512, makers that can be reached, and what lies inside of wheels.

A library that a wheel bundles is a part of the wheel's component, with evidence: where it lies, and the soname in its
bytes. So are the components of a bill of materials that the wheel ships (PEP 770); what that document leaves out stays
out, but for who supplied this copy: the makers of the wheel did.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Final

from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, XsUri
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.component_evidence import (
    AnalysisTechnique,
    ComponentEvidence,
    Identity,
    IdentityField,
    Method,
    Occurrence,
)
from cyclonedx.model.contact import OrganizationalContact, OrganizationalEntity
from packageurl import PackageURL

from twinbuild.codec.spdx import spdx_expression
from twinbuild.describe import components as make
from twinbuild.describe.texts import line
from twinbuild.model.inspection import BundledLibrary, Inspection, ShippedBom, ShippedPart

__all__ = ["add_digests", "add_maker", "add_parts"]

_KINDS: Final = {kind.value: kind for kind in ComponentType}
_ALGORITHMS: Final = {each.value: each for each in HashAlgorithm}
_LENGTHS: Final = {"MD5": 32, "SHA-1": 40, "SHA-256": 64, "SHA-384": 96, "SHA-512": 128}  # others are not taken over
_LIBRARY: Final = {"executable": "executable", "archive": "no archive", "structured": "structured"}
_CERTAIN: Final = Decimal(1)
_Edge = tuple[str, str]


def add_digests(component: Component, found: Inspection, *, maker: str = "") -> None:
    """SHA-512 of the file, and the ``maker`` with the address that the file states."""
    _add_sha512(component, found.sha512)
    add_maker(component, maker, found.contact)


def add_maker(component: Component, maker: str, contact: str) -> None:
    """The ``maker`` as manufacturer, where it can be reached and no other one is stated."""
    if maker and contact and component.manufacturer is None:
        component.manufacturer = _reachable(maker, contact)


def _add_sha512(component: Component, digits: str) -> None:
    """The file is what is distributed, so that BSI TR-03183-2 (8.2) finds the digest there, too.

    The lock has no addresses, so the reference is the package URL of the very file.
    """
    sha512 = HashType(alg=HashAlgorithm.SHA_512, content=digits)
    component.hashes.add(sha512)
    assert component.purl is not None, "files have a package URL"
    component.external_references.add(
        ExternalReference(
            type=ExternalReferenceType.DISTRIBUTION, url=XsUri(component.purl.to_string()), hashes=[sha512]
        )
    )


def _reachable(name: str, contact: str) -> OrganizationalEntity:
    if "://" in contact:
        return OrganizationalEntity(name=line(name), urls=[XsUri(line(contact))])
    return OrganizationalEntity(name=line(name), contacts=[OrganizationalContact(email=line(contact))])


def add_parts(outer: Component, found: Inspection) -> Iterator[_Edge]:
    """Put what lies in a wheel into its component; the edges among the parts, and from the wheel to each of them."""
    reference = outer.bom_ref.value
    assert reference is not None, "every component has a reference"
    makers = sorted(author.name for author in outer.authors if author.name)
    supplier = OrganizationalEntity(name=", ".join(makers)) if makers else outer.manufacturer
    parts = [_library(outer, each, supplier) for each in found.libraries]
    providers: dict[str, list[str]] = {}
    for part, each in zip(parts, found.libraries, strict=True):
        for name in {each.soname, each.path.rpartition("/")[2]} - {""}:
            providers.setdefault(name, []).append(_of(part))
    for part, each in zip(parts, found.libraries, strict=True):
        yield from ((_of(part), other) for name in each.needed for other in providers.get(name, ()))
    for bom in found.boms:
        outer.external_references.add(_bom_reference(outer, bom))
        shipped, edges = _shipped(outer, bom, supplier)
        parts += shipped
        yield from edges
    yield from ((reference, _of(part)) for part in parts)
    outer.components.update(parts)


def _of(component: Component) -> str:
    assert component.bom_ref.value is not None, "every component has a reference"
    return component.bom_ref.value


def _inside(outer: Component, path: str) -> PackageURL:
    """The package URL of a file inside of a wheel: that of the wheel, with a subpath (ECMA-427)."""
    assert outer.purl is not None, "wheels have a package URL"
    kind, space, name, version, qualifiers, _ = outer.purl
    return PackageURL(kind, space, name, version, qualifiers, path)


def _library(outer: Component, each: BundledLibrary, supplier: OrganizationalEntity | None) -> Component:
    """A bundled library. Its version is that of its file name; where it says none, that under which it is delivered."""
    said = [Method(technique=AnalysisTechnique.FILENAME, confidence=_CERTAIN, value=each.path.rpartition("/")[2])]
    if each.soname:
        said.append(Method(technique=AnalysisTechnique.BINARY_ANALYSIS, confidence=_CERTAIN, value=each.soname))
    part = make.component(
        ComponentType.LIBRARY,
        each.name,
        each.version or (outer.version or ""),
        f"{outer.bom_ref.value}!/{each.path}",
        sha256=each.sha256,
        purl=_inside(outer, each.path),
        supplier=supplier,
        manufacturer=outer.manufacturer,
        licenses=make.licences((), (_bundled_by(outer),)),
        properties={"soname": each.soname} if each.soname else {},
        file={"filename": each.path.rpartition("/")[2], **_LIBRARY},
        evidence=ComponentEvidence(
            identity=[Identity(field=IdentityField.NAME, confidence=_CERTAIN, methods=said)],
            occurrences=[Occurrence(location=each.path)],
        ),
    )
    _add_sha512(part, each.sha512)
    return part


def _bom_reference(outer: Component, bom: ShippedBom) -> ExternalReference:
    return ExternalReference(
        type=ExternalReferenceType.BOM,
        url=XsUri(_inside(outer, bom.path).to_string()),
        comment="shipped in the wheel (PEP 770)",
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=bom.sha256)],
    )


def _shipped(
    outer: Component, bom: ShippedBom, supplier: OrganizationalEntity | None
) -> tuple[list[Component], list[_Edge]]:
    """The components of a shipped document, whose references begin with where it lies; and its edges."""
    below = f"{outer.bom_ref.value}!/{bom.path}"
    names = {each.reference: f"{below}!{number:04}" for number, each in enumerate(bom.parts) if each.reference}
    made = [_stated(outer, each, f"{below}!{number:04}", bom, supplier) for number, each in enumerate(bom.parts)]
    edges = [
        (names[each.reference], names[end])
        for each in bom.parts
        if each.reference
        for end in dict.fromkeys(each.needs)
        if end in names
    ]
    return made, edges


def _bundled_by(outer: Component) -> str:
    """What stands for the licence of a part that states none: it is delivered under what the wheel says."""
    return f"see {outer.name} {outer.version}, which bundles it"


def _stated(
    outer: Component, each: ShippedPart, reference: str, bom: ShippedBom, supplier: OrganizationalEntity | None
) -> Component:
    """A component of a shipped document. It is compiled into files of the wheel, and none of its own."""
    expressions = [found for kind, text in each.licences if kind != "name" and (found := spdx_expression(text))]
    plain = [text for kind, text in each.licences if kind == "name" or not spdx_expression(text)]
    made = make.component(
        _KINDS.get(each.type, ComponentType.LIBRARY),
        each.name,
        each.version,
        reference,
        purl=_purl(each.purl),
        supplier=supplier,
        manufacturer=outer.manufacturer,
        authors=[OrganizationalContact(name=line(name)) for name in dict.fromkeys(each.makers) if line(name)],
        licenses=make.licences(expressions, plain) if each.licences else make.licences((), (_bundled_by(outer),)),
        properties={"compiled-into": outer.name},
        evidence=ComponentEvidence(
            identity=[
                Identity(
                    field=IdentityField.NAME,
                    methods=[Method(technique=AnalysisTechnique.MANIFEST_ANALYSIS, confidence=_CERTAIN)],
                )
            ],
            occurrences=[Occurrence(location=bom.path)],
        ),
    )
    made.hashes.update(_hashes(each.hashes))
    return made


def _purl(text: str) -> PackageURL | None:
    try:
        return PackageURL.from_string(text) if text else None
    except ValueError:
        return None


def _hashes(pairs: Iterable[tuple[str, str]]) -> Iterator[HashType]:
    for algorithm, digits in pairs:
        if len(digits) == _LENGTHS.get(algorithm) and set(digits) <= set("0123456789abcdef"):
            yield HashType(alg=_ALGORITHMS[algorithm], content=digits)

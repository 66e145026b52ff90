"""A bill of materials as SPDX 2.3 in JSON: another spelling of what the CycloneDX document says, and nothing beside it.

SPDX 2.3 knows packages, checksums, declared licences, package URLs and relationships. What it has no field for (model
cards, properties, formulation, services) stays in the CycloneDX document. A licence that is no SPDX expression becomes
a ``LicenseRef-`` whose text is the package's own word. Edges that a composition calls unknown lead to NOASSERTION, too.
The document's namespace is the name-based UUID of the rest of it: the same bill gives the same bytes everywhere.
"""

from __future__ import annotations

import re
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Final

from twinbuild import __version__
from twinbuild.codec.canonical import Json, canonical, digest_of
from twinbuild.codec.spdx import conjunction, licences_in, spdx_expression
from twinbuild.describe.naming import PROJECT
from twinbuild.errors import UsageError
from twinbuild.model.bom import Bom, BomComponent
from twinbuild.model.digest import Digest

__all__ = ["spdx_document"]

_DOCUMENT: Final = "SPDXRef-DOCUMENT"
_UNSAID: Final = "NOASSERTION"
_REFUSED: Final = re.compile(r"[^A-Za-z0-9.-]+", re.ASCII)  # SPDX 2.3, 3.2.4: letters, digits, "." and "-"
_ALGORITHMS: Final[Mapping[str, str]] = {  # SPDX 2.3, 7.10
    "MD5": "MD5",
    "SHA-1": "SHA1",
    "SHA-256": "SHA256",
    "SHA-384": "SHA384",
    "SHA-512": "SHA512",
    "SHA3-256": "SHA3-256",
    "SHA3-384": "SHA3-384",
    "SHA3-512": "SHA3-512",
    "BLAKE2b-256": "BLAKE2b-256",
    "BLAKE2b-384": "BLAKE2b-384",
    "BLAKE2b-512": "BLAKE2b-512",
    "BLAKE3": "BLAKE3",
}
_PURPOSES: Final[Mapping[str, str]] = {  # SPDX 2.3, 7.24
    "application": "APPLICATION",
    "container": "CONTAINER",
    "device": "DEVICE",
    "file": "FILE",
    "firmware": "FIRMWARE",
    "framework": "FRAMEWORK",
    "library": "LIBRARY",
    "operating-system": "OPERATING-SYSTEM",
}
_HOLDERS: Final = frozenset({"application", "container"})  # they contain what they lead to; others depend on it
_FILENAME: Final = "bsi:component:filename"
_UNKNOWN: Final = frozenset({"unknown", "incomplete", "not_specified"})


def spdx_document(bom: Bom) -> bytes:
    """The document as canonical JSON with a line end. Raises UsageError TB8720 where it has no root or no time."""
    if bom.root is None:
        raise _lacking("metadata.component, the component that it is about")
    if not all(each.reference for each in bom.everything):
        raise _lacking("a bom-ref of one of its components")
    names = _names(bom.everything)
    texts: dict[str, str] = {}
    packages: list[Json] = [_package(each, names[each.reference], texts) for each in bom.everything]
    document: dict[str, Json] = {
        "SPDXID": _DOCUMENT,
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "name": bom.root.title,
        "creationInfo": {"created": _created(bom.timestamp), "creators": [*_creators(bom)]},
        "packages": packages,
        "relationships": [*_relationships(bom, names)],
    }
    if texts:
        document["hasExtractedLicensingInfos"] = [
            {"licenseId": name, "name": texts[name], "extractedText": texts[name]} for name in sorted(texts)
        ]
    document["documentNamespace"] = uuid.uuid5(PROJECT, f"spdx:{digest_of(document).hex}").urn
    return canonical(document) + b"\n"


def _names(components: Iterable[BomComponent]) -> dict[str, str]:
    """An SPDXID for each reference; those that would be alike carry a digest of the reference."""
    plain = {each.reference: _REFUSED.sub("-", each.reference).strip("-") or "component" for each in components}
    often = Counter(plain.values())
    return {
        reference: f"SPDXRef-{name}" if often[name] == 1 and name != "DOCUMENT" else _told_apart(name, reference)
        for reference, name in plain.items()
    }


def _told_apart(name: str, reference: str) -> str:
    return f"SPDXRef-{name}-{Digest.of(reference.encode()).hex[:16]}"


def _package(each: BomComponent, name: str, texts: dict[str, str]) -> Json:
    maker = next((text for text in each.makers if text != each.supplier), "") or each.manufacturer
    kind = "Organization" if maker == each.manufacturer else "Person"  # one of the two is asked for
    package: dict[str, Json] = {
        "SPDXID": name,
        "name": f"{each.group}/{each.name}" if each.group else each.name or _UNSAID,
        "downloadLocation": _UNSAID,  # addresses are settings of a machine, and in no document
        "filesAnalyzed": False,
        "supplier": f"Organization: {each.supplier}" if each.supplier else _UNSAID,
        "licenseConcluded": _licence(each, "concluded", texts),
        "licenseDeclared": _licence(each, "declared", texts),
        "copyrightText": _UNSAID,
        "primaryPackagePurpose": _PURPOSES.get(each.type, "OTHER"),
    }
    stated: dict[str, Json] = {
        "versionInfo": each.version,
        "originator": f"{kind}: {maker}" if maker else "",
        "description": each.description,
        "packageFileName": each.properties.get(_FILENAME, ""),
        "sourceInfo": each.properties.get("twinbuild:source", ""),
        "checksums": [
            {"algorithm": _ALGORITHMS[algorithm], "checksumValue": digits}
            for algorithm, digits in dict.fromkeys((*each.hashes, *each.distributed))
            if algorithm in _ALGORITHMS and digits
        ],
        "externalRefs": [_identifier(text) for text in each.identifiers if text.startswith(("pkg:", "cpe:2.3:"))],
    }
    return package | {key: value for key, value in stated.items() if value}


def _identifier(text: str) -> Json:
    category, kind = ("PACKAGE-MANAGER", "purl") if text.startswith("pkg:") else ("SECURITY", "cpe23Type")
    return {"referenceCategory": category, "referenceType": kind, "referenceLocator": text}


def _licence(component: BomComponent, acknowledgement: str, texts: dict[str, str]) -> str:
    """One expression that says all licences of that kind.

    A name becomes a reference to its text, kept in ``texts``. A reference that an expression has keeps its name; of its
    text the document says where it is.
    """
    found = []
    for each in component.licences:
        if (each.acknowledgement or "declared") != acknowledgement:
            continue
        expression = spdx_expression(each.text) if each.kind != "name" else ""
        if expression:
            for name in licences_in(expression):
                if name.startswith("LicenseRef-"):
                    texts.setdefault(name, _text_of(name, component))
        else:
            expression = f"LicenseRef-{Digest.of(each.text.encode()).hex[:16]}"
            texts[expression] = each.text
        found.append(expression)
    return conjunction(found) or _UNSAID


def _text_of(name: str, component: BomComponent) -> str:
    """Where the text of a licence reference is: a Debian package's copyright file, or as the one says who used it."""
    path, digest = (component.properties.get(f"twinbuild:copyright{key}", "") for key in ("", ":digest"))
    if path:
        return f"{name}: as {path} ({digest}) has it, which {component.title} ships"
    return f"{name}: {component.properties.get('twinbuild:concluded:reason') or component.title}"


def _created(timestamp: str) -> str:
    try:
        moment = datetime.fromisoformat(timestamp)
    except ValueError:
        raise _lacking("metadata.timestamp, an RFC 3339 time") from None
    moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _creators(bom: Bom) -> Iterator[str]:
    yield from (f"Organization: {name}" for name in dict.fromkeys(bom.authors) if name)
    yield from (f"Tool: {name}" for name in dict.fromkeys(bom.tools) if name and name != "twinbuild")
    yield f"Tool: twinbuild-{__version__}"


def _relationships(bom: Bom, names: Mapping[str, str]) -> Iterator[Json]:
    assert bom.root is not None, "asked for before"
    yield _relationship(_DOCUMENT, "DESCRIBES", names[bom.root.reference])
    for each in bom.everything:
        kind = "CONTAINS" if each.type in _HOLDERS else "DEPENDS_ON"
        for part in each.parts:
            yield _relationship(names[each.reference], "CONTAINS", names[part])
        for end in dict.fromkeys(bom.edges.get(each.reference, ())):
            if end in names and not (kind == "CONTAINS" and end in each.parts):  # said above
                yield _relationship(names[each.reference], kind, names[end])
        if bom.completeness.get(each.reference, "unknown") in _UNKNOWN:
            yield _relationship(names[each.reference], kind, _UNSAID)


def _relationship(one: str, kind: str, other: str) -> Json:
    return {"spdxElementId": one, "relationshipType": kind, "relatedSpdxElement": other}


def _lacking(what: str) -> UsageError:
    return UsageError.of(
        "TB8720",
        f"the bill of materials cannot be said in SPDX: it lacks {what}",
        hint="name a release that twinbuild made",
    )

"""SPDX 2.3: its official schema, and that it says what the CycloneDX document says.

``spdx-2.3.schema.json`` is schemas/spdx-schema.json of github.com/spdx/spdx-spec at the tag v2.3.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.describe.conftest import Case

from twinbuild.codec.cyclonedx import decode_bom
from twinbuild.describe.sbom import release_sbom
from twinbuild.describe.spdx import spdx_document
from twinbuild.errors import UsageError
from twinbuild.model.bom import Bom, BomComponent, BomLicence
from twinbuild.model.digest import Digest

_SCHEMA: Final = jsonschema_rs.validator_for(
    json.loads((Path(__file__).parents[2] / "fakes" / "spdx-2.3.schema.json").read_text("utf-8"))
)


def bom_of(*components: BomComponent, **fields: Any) -> Bom:
    """A document about an application."""
    root = BomComponent(reference="release", type="application", name="a", version="1", properties={})
    stated: dict[str, Any] = {
        "version": "1.6",
        "serial": "",
        "timestamp": "2026-11-01T02:00:00+02:00",
        "phases": (),
        "tools": ("twinbuild",),
        "authors": ("Team",),
        "contacts": (),
        "root": root,
        "components": components,
        "edges": {},
        "completeness": {},
    }
    return Bom(**stated | fields)


def part(reference: str, **fields: Any) -> BomComponent:
    """A library."""
    return BomComponent(**{"reference": reference, "type": "library", "name": reference, "properties": {}} | fields)


def written(bom: Bom) -> dict[str, Any]:
    """The document, which keeps the schema."""
    document: dict[str, Any] = json.loads(spdx_document(bom))
    assert [error.message for error in _SCHEMA.iter_errors(document)] == []
    return document


@pytest.mark.parametrize("name", ["case", "two"])
def test_says_the_same(name: str, request: pytest.FixtureRequest) -> None:
    """Each component is a package with its version, purl and digest, each edge a relationship."""
    case: Case = request.getfixturevalue(name)
    plain, _ = release_sbom(case.spec, case.lock, case.images, epoch=0, lock_digest=Digest.of(b"lock"))
    bom = decode_bom(plain, name="x")
    document = written(bom)
    ours = {
        (each.name, each.version, each.purl, dict(each.hashes).get("SHA-256", ""), each.supplier)
        for each in bom.everything
    }
    theirs = {
        (
            each["name"],
            each.get("versionInfo", ""),
            next((found["referenceLocator"] for found in each.get("externalRefs", ())), ""),
            {found["algorithm"]: found["checksumValue"] for found in each.get("checksums", ())}.get("SHA256", ""),
            each["supplier"].removeprefix("Organization: ").replace("NOASSERTION", ""),
        )
        for each in document["packages"]
    }
    assert ours == theirs
    edges = sum(len(set(ends)) for ends in bom.edges.values()) + sum(len(each.parts) for each in bom.everything)
    said = [each for each in document["relationships"] if each["relatedSpdxElement"] != "NOASSERTION"]
    twice = sum(
        end in each.parts
        for each in bom.everything
        if each.type in ("application", "container")
        for end in set(bom.edges.get(each.reference, ()))
    )
    assert len(said) == edges - twice + 1  # and what the document describes
    assert len({tuple(sorted(each.items())) for each in document["relationships"]}) == len(document["relationships"])
    known = {each["SPDXID"] for each in document["packages"]} | {"SPDXRef-DOCUMENT"}
    assert {each[side] for each in said for side in ("spdxElementId", "relatedSpdxElement")} == known
    assert document["creationInfo"]["created"] == "1970-01-01T00:00:00Z"
    assert spdx_document(bom) == spdx_document(bom)


def test_licences() -> None:
    """Expressions as they are; a name has its text; concluded and declared are told apart."""
    licences = (
        BomLicence(text="MIT", kind="id", acknowledgement="declared"),
        BomLicence(text="Apache-2.0 OR BSD-3-Clause", kind="expression", acknowledgement=""),
        BomLicence(text="BSD License", kind="name", acknowledgement="declared"),
        BomLicence(text="ISC", kind="id", acknowledgement="concluded"),
    )
    document = written(bom_of(part("a", licences=licences)))
    package = document["packages"][1]
    (told,) = document["hasExtractedLicensingInfos"]
    assert told["extractedText"] == "BSD License"
    assert package["licenseDeclared"] == f"MIT AND (Apache-2.0 OR BSD-3-Clause) AND {told['licenseId']}"
    assert package["licenseConcluded"] == "ISC"


def test_names_that_would_be_alike() -> None:
    """References that differ in a sign alone stay two packages, each with its own edges."""
    edges = {"release": ("a/b", "a+b"), "a/b": ("a+b",)}
    document = written(bom_of(part("a/b"), part("a+b"), edges=edges, completeness={"release": "complete"}))
    names = [each["SPDXID"] for each in document["packages"]]
    assert len(set(names)) == 3
    assert sum(each["relationshipType"] == "CONTAINS" for each in document["relationships"]) == 2
    assert {"spdxElementId": names[1], "relationshipType": "DEPENDS_ON", "relatedSpdxElement": names[2]} in document[
        "relationships"
    ]


def test_what_is_not_known_is_said() -> None:
    """Unknown edges lead to NOASSERTION, complete ones don't."""
    document = written(bom_of(part("a"), part("b"), completeness={"a": "complete", "release": "complete"}))
    assert [each["spdxElementId"] for each in document["relationships"] if "NOASSERTION" in each.values()] == [
        "SPDXRef-b"
    ]


def test_time_is_utc_and_the_name_follows_from_the_content() -> None:
    """Another time zone is another spelling of the same document; another content has another namespace."""
    one, same = written(bom_of()), written(bom_of(timestamp="2026-11-01T00:00:00Z"))
    assert one == same
    assert one["creationInfo"] == {
        "created": "2026-11-01T00:00:00Z",
        "creators": ["Organization: Team", "Tool: twinbuild-0.1.0"],
    }
    assert written(bom_of(part("a")))["documentNamespace"] != one["documentNamespace"]


def test_what_spdx_cannot_hold() -> None:
    """No root, no time, no reference."""
    for bom in (bom_of(root=None), bom_of(timestamp="yesterday"), bom_of(part(""))):
        with pytest.raises(UsageError, match="TB8720"):
            spdx_document(bom)


_texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(_texts, _texts, _texts), max_size=5, unique_by=lambda each: each[0]))
def test_whatever_the_texts(texts: list[tuple[str, str, str]]) -> None:
    """Any reference, name and licence gives a document that keeps the schema, with one package each."""
    parts = [
        part(
            one,
            name=other,
            licences=(BomLicence(text=third, kind="expression", acknowledgement="declared"),),
            supplier=third,
        )
        for one, other, third in texts
        if one != "release"
    ]
    document = written(bom_of(*parts))
    assert len({each["SPDXID"] for each in document["packages"]}) == len(parts) + 1

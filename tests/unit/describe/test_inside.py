"""What inspections add to the release's bill, against the official schemas and the reference library."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema_rs
import pytest
from lxml import etree
from tests.unit.describe.conftest import Case, read_spec
from tests.unit.describe.test_sbom import validator, xml_schema

from twinbuild.codec.cyclonedx import decode_bom
from twinbuild.describe.sbom import release_sbom
from twinbuild.describe.sbomelements import coverage
from twinbuild.model.digest import Digest
from twinbuild.model.inspection import BundledLibrary, Inspection, ShippedBom, ShippedPart
from twinbuild.model.lock import LockedSdist, LockedStep

__all__ = ["validator", "xml_schema"]


def library(path: str, soname: str, *needed: str, version: str = "") -> BundledLibrary:
    """A bundled library."""
    return BundledLibrary(
        path=path,
        name=soname.partition(".")[0],
        version=version,
        soname=soname,
        needed=needed,
        sha256="a" * 64,
        sha512="b" * 128,
    )


def part(reference: str, *needs: str, **more: Any) -> ShippedPart:
    """A component of a shipped bill."""
    stated = {
        "reference": reference,
        "type": "library",
        "name": reference,
        "version": "1",
        "purl": f"pkg:cargo/{reference}@1",
        "hashes": (),
        "licences": (),
        "makers": (),
        "needs": needs,
    }
    return ShippedPart(**stated | more)


def inspections(case: Case) -> dict[Digest, Inspection]:
    """SHA-512 of all; numpy has two libraries and a bill, in which everything is odd that may be."""
    everything = (*case.lock.packages(), *case.lock.artifacts, *case.lock.source)
    found = {each.sha256: Inspection(sha256=each.sha256, sha512="c" * 128) for each in everything}
    (numpy,) = (each for each in case.lock.targets[0].wheels if each.name == "numpy")
    odd = part(
        "b", type="invented", purl="no purl", licences=(("id", "No-Such"), ("name", "A\x00Name")), makers=("\x01",)
    )
    odd = replace(odd, hashes=(("SHA-256", "xyz"), ("SHA-1", "d" * 40), ("No-Such", "d" * 40)))
    known = part("a", "b", "gone", licences=(("expression", "MIT OR Apache-2.0"),))
    found[numpy.sha256] = Inspection(
        sha256=numpy.sha256,
        sha512="c" * 128,
        contact="numpy@numpy.example",
        libraries=(
            library("numpy.libs/liba-01234567.so.2", "liba.so.2", "libb.so", "libc.so.6", version="2"),
            library("numpy.libs/libb.so", "libb.so"),
        ),
        boms=(ShippedBom(path="numpy.dist-info/sboms/x.json", sha256="e" * 64, parts=(known, odd)),),
    )
    return found


def documents(case: Case) -> tuple[bytes, bytes]:
    """With everything that may be added."""
    digest = Digest.of(b"schema")
    return release_sbom(
        case.spec,
        case.lock,
        case.images,
        epoch=0,
        lock_digest=Digest.of(b"lock"),
        inspections=inspections(case),
        schemas={"input": digest, "output": digest},
    )


@pytest.fixture(scope="module")
def full(case: Case) -> Case:
    """The example with a step that reads a source distribution, a lineage and a feature view."""
    sdist = LockedSdist(
        index="default", name="odd", version="2", filename="odd-2.tar.gz", size=3, sha256=Digest.of(b"odd")
    )
    step = LockedStep(
        name="compile", inputs=Digest.of(b"step"), sdists=(sdist,), wheels=case.lock.targets[0].wheels[:1]
    )
    text = case.text.replace(
        "  datasets:\n",
        "  lineage:\n    - {name: base-model, relation: finetuned, version: '2', licence: MIT, supplier: Labs}\n"
        "  features:\n    - {name: cards, store: feast, reference: r, snapshot: s1, schema_sha256: "
        + "ab" * 32
        + "}\n  datasets:\n",
    )
    lock = replace(case.lock, targets=(replace(case.lock.targets[0], steps=(step,)),))
    return replace(case, text=text, spec=read_spec(text), lock=lock)


def test_schemas(full: Case, validator: jsonschema_rs.Draft7Validator, xml_schema: etree.XMLSchema) -> None:
    """Both spellings keep CycloneDX's own schemas."""
    plain, marked = documents(full)
    assert [error.message for error in validator.iter_errors(json.loads(plain))] == []
    xml_schema.assertValid(etree.fromstring(marked))
    formula = etree.fromstring(marked).find("{*}formulation/{*}formula")
    assert formula is not None
    names = [each.findtext("{*}name") for each in formula.iterfind("{*}components/{*}component")]
    assert names == [each["name"] for each in json.loads(plain)["formulation"][0]["components"]]
    assert {"twinbuild", "pip", "pip-tools"} < set(names)
    assert [each.get("bom-ref") for each in formula.iter("{*}task")] == ["build/cpu-linux-amd64/compile"]


def test_library_reads_both_alike(full: Case) -> None:
    """The reference library finds the same in both, parts and evidence included."""
    from cyclonedx.model.bom import Bom
    from cyclonedx.output import make_outputter
    from cyclonedx.schema import OutputFormat, SchemaVersion

    plain, marked = documents(full)
    both = (Bom.from_xml(ET.fromstring(marked)), Bom.from_json(json.loads(plain)))  # type: ignore[attr-defined]
    # As texts, for to the library two occurrences without a reference are never the same.
    one, other = (make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6).output_as_string() for bom in both)
    assert json.loads(one) == json.loads(other)
    assert '"occurrences"' in one


def test_parts_of_a_wheel(full: Case) -> None:
    """Libraries with evidence and edges by soname; shipped components as stated; the wheel leads to all of them."""
    bom = decode_bom(documents(full)[0], name="x")
    (numpy,) = (each for each in bom.components if each.purl.startswith("pkg:pypi/numpy@") and "#" not in each.purl)
    by_name = {each.reference.partition("!/")[2]: each for each in bom.components if each.reference in numpy.parts}
    a, b = by_name["numpy.libs/liba-01234567.so.2"], by_name["numpy.libs/libb.so"]
    assert (a.name, a.version, b.version) == ("liba", "2", numpy.version)
    assert a.purl == f"{numpy.purl}#numpy.libs/liba-01234567.so.2"
    assert bom.edges[a.reference] == (b.reference,)
    assert set(bom.edges[numpy.reference]) >= set(numpy.parts)
    one, odd = by_name["numpy.dist-info/sboms/x.json!0000"], by_name["numpy.dist-info/sboms/x.json!0001"]
    assert (one.purl, one.licences[0].text, bom.edges[one.reference]) == (
        "pkg:cargo/a@1",
        "MIT OR Apache-2.0",
        (odd.reference,),
    )
    assert (odd.type, odd.purl, odd.hashes) == ("library", "", (("SHA-1", "d" * 40),))
    assert numpy.contacts == ("numpy@numpy.example",)
    document = json.loads(documents(full)[0])
    stated = next(each for each in document["components"] if each["bom-ref"] == numpy.reference)
    (shipped,) = (each for each in stated["externalReferences"] if each["type"] == "bom")
    assert shipped["hashes"] == [{"alg": "SHA-256", "content": "e" * 64}]
    inner = next(each for each in stated["components"] if each["bom-ref"] == a.reference)
    assert inner["evidence"]["occurrences"] == [{"location": "numpy.libs/liba-01234567.so.2"}]
    aggregates = {each["aggregate"]: each for each in document["compositions"] if "assemblies" in each}
    assert numpy.reference in aggregates["incomplete"]["assemblies"]
    assert numpy.reference not in aggregates["unknown"]["assemblies"]


def test_everything_has_sha512(full: Case) -> None:
    """Packages, files of the model and the application, bundled libraries: as their own hash, and as distributed."""
    bom = decode_bom(documents(full)[0], name="x")
    files = [each for each in bom.components if "bsi:component:filename" in each.properties]
    lacking = [each.title for each in files if "SHA-512" not in dict(each.hashes) or not each.distributed]
    assert lacking == ["odd 2"]  # a source distribution, of which nothing was inspected here
    assert len(files) > 100


def test_own_parts(full: Case) -> None:
    """The application's files, schemas, feature views, data, sources of steps and the model's ancestors."""
    document = json.loads(documents(full)[0])
    by_reference = {each["bom-ref"]: each for each in document["components"]}
    files = {each["name"]: each["hashes"][0]["content"] for each in by_reference["application"]["components"]}
    assert files == {each.path: each.sha256.hex for each in full.lock.source}
    assert by_reference["schema/input"]["data"] == [{"type": "definition", "name": "JSON Schema of the input"}]
    assert by_reference["feature/cards"]["version"] == "s1"
    assert by_reference["dataset/synthetic-transactions"]["data"][0]["type"] == "dataset"
    (ancestor,) = by_reference["model"]["pedigree"]["ancestors"]
    assert (ancestor["name"], ancestor["supplier"]["name"]) == ("base-model", "Labs")
    edges = {each["ref"]: each.get("dependsOn", []) for each in document["dependencies"]}
    (source,) = (each for each in by_reference.values() if each["name"] == "odd")
    assert source["bom-ref"] in edges["image/cpu-linux-amd64"]
    assert {"schema/input", "schema/output", "feature/cards"} <= set(edges["model"])
    assert all(end in edges for ends in edges.values() for end in ends)


def test_elements(full: Case) -> None:
    """With everything known, all that NTIA and CISA ask for is there."""
    bom = decode_bom(documents(full)[0], name="x")
    missing = {each.element: each.missing for each in coverage(bom, ("ntia", "cisa")) if each.missing}
    assert missing == {
        "supplier name": ("odd 2",),
        "other unique identifiers": ("b 1",),
        "software producer": ("odd 2",),
        "software identifiers": ("b 1",),
        "license": ("odd 2",),
    }

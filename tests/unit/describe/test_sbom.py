"""The SBOMs against CycloneDX's own schemas, against each other and against the lock."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import cyclonedx.schema
import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from tests.unit.describe.conftest import EXAMPLE, Case, read_spec, unconcluded
from tests.unit.pipeline.plan.test_standing import BASE

from twinbuild.codec.canonical import canonical
from twinbuild.codec.cyclonedx import decode_bom
from twinbuild.describe.additions import Additions, into_xml
from twinbuild.describe.sbom import contents_sbom, release_sbom
from twinbuild.describe.sbomelements import coverage
from twinbuild.describe.texts import line, lines
from twinbuild.model.digest import Digest
from twinbuild.model.inspection import InstalledStatement
from twinbuild.model.lock import InstalledPackage, Licensing, Lock

_SCHEMAS = Path(str(cyclonedx.schema.__file__)).parent / "_res"
_ADDRESS = "http://cyclonedx.org/schema/"
_SPACE = "{http://cyclonedx.org/schema/bom/1.6}"
_LOCK = Digest.of(b"release.lock")


@pytest.fixture(scope="module")
def validator() -> jsonschema_rs.Draft7Validator:
    """CycloneDX's own schema of 1.6, with what it refers to, from files."""
    names = ("spdx.SNAPSHOT.schema.json", "jsf-0.82.SNAPSHOT.schema.json", "cryptography-defs.SNAPSHOT.schema.json")
    registry = jsonschema_rs.Registry(
        [(_ADDRESS + name, json.loads((_SCHEMAS / name).read_text("utf-8"))) for name in names],
        draft=jsonschema_rs.Draft7,
    )
    schema = json.loads((_SCHEMAS / "bom-1.6.SNAPSHOT.schema.json").read_text("utf-8"))
    return jsonschema_rs.Draft7Validator(schema, registry=registry, validate_formats=True)


class _Files(etree.Resolver):
    """Finds the schema of SPDX's identifiers beside that of CycloneDX; nothing is fetched."""

    def resolve(self, url: str, pubid: str, context: Any) -> Any:
        """The file, whatever address names it."""
        name = "spdx.SNAPSHOT.xsd" if url.endswith("/spdx") else Path(url).name
        return self.resolve_filename(str(_SCHEMAS / name), context)


@pytest.fixture(scope="module")
def xml_schema() -> etree.XMLSchema:
    """CycloneDX's own XML schema of 1.6."""
    parser = etree.XMLParser(no_network=True)
    parser.resolvers.add(_Files())
    return etree.XMLSchema(etree.parse(_SCHEMAS / "bom-1.6.SNAPSHOT.xsd", parser))


@cache
def _release(case: Case) -> tuple[bytes, bytes]:
    return release_sbom(case.spec, case.lock, case.images, epoch=case.epoch, lock_digest=_LOCK)


@cache
def _contents(case: Case) -> bytes:
    return contents_sbom(case.spec, case.lock, case.lock.targets[0], epoch=case.epoch)


def _documents(case: Case) -> tuple[dict[str, Any], dict[str, Any]]:
    return json.loads(_release(case)[0]), json.loads(_contents(case))


@pytest.mark.parametrize("name", ["case", "two"])
def test_schema(name: str, request: pytest.FixtureRequest, validator: jsonschema_rs.Draft7Validator) -> None:
    """Both documents are what CycloneDX 1.6 allows, whether there is one target or several."""
    for document in _documents(request.getfixturevalue(name)):
        assert [error.message for error in validator.iter_errors(document)] == []


@pytest.mark.parametrize("name", ["case", "two"])
def test_xml_schema(name: str, request: pytest.FixtureRequest, xml_schema: etree.XMLSchema) -> None:
    """So is the XML form, model card and compositions included."""
    xml_schema.assertValid(etree.fromstring(_release(request.getfixturevalue(name))[1]))


def test_schemas_are_strict(case: Case, validator: jsonschema_rs.Draft7Validator, xml_schema: etree.XMLSchema) -> None:
    """The schemas refuse what they do not know: a document that passes has no invented field."""
    document = _documents(case)[0]
    document["components"][0]["invented"] = True
    assert list(validator.iter_errors(document))
    document = _documents(case)[0]
    document["components"][0]["licenses"] = [{"license": {"id": "BSD"}}]
    assert list(validator.iter_errors(document))
    tree = etree.fromstring(_release(case)[1])
    (card,) = tree.iter(f"{_SPACE}modelCard")
    etree.SubElement(card, f"{_SPACE}invented")
    assert not xml_schema.validate(tree)
    additions = Additions(cards={}, compositions=({"aggregate": "complete", "invented": []},))
    with pytest.raises(AssertionError, match="invented"):
        into_xml(_release(case)[1].decode(), additions)


def test_library_reads_it(case: Case) -> None:
    """The reference library reads the XML and finds the same components, purls, licences and edges."""
    from cyclonedx.model.bom import Bom

    plain, marked = _release(case)
    from_xml = Bom.from_xml(ET.fromstring(marked))  # type: ignore[attr-defined]
    from_json = Bom.from_json(json.loads(plain))  # type: ignore[attr-defined]
    assert len(from_xml.components) == len(json.loads(plain)["components"])
    assert from_xml == from_json
    assert from_xml.validate()


@pytest.mark.parametrize("name", ["case", "two"])
def test_graph(name: str, request: pytest.FixtureRequest) -> None:
    """Every component is there once, has its edges, and is reached from the root; no edge leads nowhere."""
    for document in _documents(request.getfixturevalue(name)):
        root = document["metadata"]["component"]["bom-ref"]
        parts = [part for component in document["components"] for part in component.get("components", ())]
        references = [root, *(component["bom-ref"] for component in (*document["components"], *parts))]
        edges = {entry["ref"]: entry.get("dependsOn", []) for entry in document["dependencies"]}
        assert len(set(references)) == len(references)
        assert edges.keys() == set(references)
        reached, waiting = set(), [root]
        while waiting:
            current = waiting.pop()
            if current not in reached:
                reached.add(current)
                waiting += edges[current]
        assert reached == set(references)


def _is_package(component: dict[str, Any]) -> bool:
    return component.get("purl", "").startswith(("pkg:deb/", "pkg:pypi/"))


def test_packages(case: Case) -> None:
    """Every wheel and every Debian package of the lock is there with its purl and digest, and no other package."""
    target = case.lock.targets[0]
    expected = {f"pkg:pypi/{wheel.name}@{wheel.version}": wheel.sha256.hex for wheel in target.wheels}
    for document in _documents(case):
        found = {
            component["purl"]: component["hashes"][0]["content"]
            for component in document["components"]
            if _is_package(component)
        }
        assert {purl: digest for purl, digest in found.items() if purl.startswith("pkg:pypi/")} == expected
        debs = {purl: digest for purl, digest in found.items() if purl.startswith("pkg:deb/debian/")}
        assert sorted(debs.values()) == sorted(deb.sha256.hex for deb in target.debs)
        assert all(purl.endswith("&distro=debian-12") for purl in debs)
        assert len(found) == len(target.wheels) + len(target.debs)


def test_a_base_image(case: Case, validator: jsonschema_rs.Draft7Validator, xml_schema: etree.XMLSchema) -> None:
    """The image with its digests, and the packages that it says it has; of their own needs nothing is claimed."""
    package = InstalledPackage(
        name="libc6", version="2.39-0ubuntu8", architecture="amd64", source="glibc", source_version="2.39-0ubuntu8"
    )
    base = replace(BASE, packages=(package, replace(package, architecture="i386")))
    target = replace(case.lock.targets[0], debs=(), base=base)
    lock = replace(case.lock, targets=(target,), licensing=())
    plain, xml = release_sbom(case.spec, lock, case.images, epoch=0, lock_digest=Digest.of(b"lock"))
    xml_schema.assertValid(etree.fromstring(xml))
    for content in (plain, contents_sbom(case.spec, lock, target, epoch=0)):
        document = json.loads(content)
        validator.validate(document)
        components = {component.get("purl"): component for component in document["components"]}
        image = components[f"pkg:oci/cuda@{base.manifest.digest}?repository_url=registry.example/cuda&tag=12"]
        assert image["hashes"][0]["content"] == base.manifest.digest.hex
        assert {"name": "twinbuild:layer:001", "value": str(base.layers[0].digest)} in image["properties"]
        found = components["pkg:deb/ubuntu/libc6@2.39-0ubuntu8?arch=amd64&distro=ubuntu-24.04"]
        edges = {each["ref"]: each.get("dependsOn", []) for each in document["dependencies"]}
        assert found["bom-ref"] in edges[image["bom-ref"]]
        assert any(image["bom-ref"] in others for ref, others in edges.items() if ref != image["bom-ref"])
        unknown = [each for each in document["compositions"] if each["aggregate"] == "unknown"]
        assert any(found["bom-ref"] in each.get("dependencies", ()) for each in unknown)


def test_what_a_base_image_says(case: Case, xml_schema: etree.XMLSchema) -> None:
    """Of its packages, and of an added one whose copyright file is theirs; an image's own bill is as it was."""
    added = next(each for each in case.lock.targets[0].debs if each.name == "libstdc++6")
    packages = tuple(
        InstalledPackage(name=name, version="1", architecture="amd64", source="gcc-12", source_version="1")
        for name in ("gcc-12-base", "mute")
    )
    base = replace(BASE, packages=packages)
    target = replace(case.lock.targets[0], debs=(added,), base=base)
    lock = replace(case.lock, targets=(target,))
    path, notice = "usr/share/doc/gcc-12-base/copyright", Digest.of(b"notice")
    said = Licensing(
        filename="gcc-12-base",
        sha256=base.manifest.digest,
        expressions=("MIT",),
        names=("Artistic",),
        files=(path,),
        notice=notice,
        authors=("GCC",),
    )
    contact = "gcc@lists.example"
    statement = InstalledStatement(name=said.filename, architecture="amd64", contact=contact, licensing=said)
    plain, xml = release_sbom(
        case.spec,
        lock,
        case.images,
        epoch=0,
        lock_digest=_LOCK,
        statements={base.manifest.digest: (statement,)},
    )
    xml_schema.assertValid(etree.fromstring(xml))
    found = {each.name: each for each in decode_bom(plain, name="x").components}
    one, other, mute = (found[name] for name in ("gcc-12-base", "libstdc++6", "mute"))
    declared = {each.text for each in one.licences if each.acknowledgement == "declared"}
    assert declared == {each.text for each in other.licences if each.acknowledgement == "declared"}
    assert declared == {"MIT", "Artistic"}
    assert (one.makers, one.contacts, one.supplier) == (("GCC", "GCC"), (contact,), "")
    for each in (one, other):
        assert each.properties["twinbuild:copyright"] == f"/{path}"
        assert each.properties["twinbuild:copyright:digest"] == str(notice)
    assert (mute.makers, mute.licences) == ((), ())
    evidence = {each["name"]: each.get("evidence") for each in json.loads(plain)["components"]}
    assert evidence["gcc-12-base"]["licenses"][0]["license"]["name"] == f"see /{path}"
    assert evidence["gcc-12-base"] == evidence["libstdc++6"]
    inside = decode_bom(contents_sbom(case.spec, lock, target, epoch=0), name="x").components
    assert next(each for each in inside if each.name == "gcc-12-base").makers == ()


def test_model(case: Case) -> None:
    """The model has its card, and its files and data stand beside it with their digests."""
    document = _documents(case)[0]
    components = {component["bom-ref"]: component for component in document["components"]}
    card = components["model"]["modelCard"]
    assert card["modelParameters"]["architectureFamily"] == "gradient-boosting"
    assert card["quantitativeAnalysis"]["performanceMetrics"][0] == {"type": "roc_auc", "value": "0.8078"}
    assert card["considerations"]["technicalLimitations"] == ["Trained on synthetic data; not for real decisions"]
    assert components["artifact/classifier"]["hashes"][0]["content"] == case.lock.artifacts[0].sha256.hex
    assert components["dataset/synthetic-transactions"]["type"] == "data"


def _flat(element: etree._Element) -> Any:
    """An element as (name, attributes, text or children), the namespace left out."""
    children = [_flat(child) for child in element]
    name = str(element.tag).removeprefix(_SPACE)
    return name, dict(sorted(element.attrib.items())), children or (element.text or "")


def _same(key: str, value: Any) -> Iterator[str]:
    """Every text of the JSON form below a key, wherever the XML form puts it."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _same(name, item)
    elif isinstance(value, list):
        for item in value:
            yield from _same(key, item)
    else:
        yield str(value)


@pytest.mark.parametrize("name", ["case", "two"])
def test_forms_agree(name: str, request: pytest.FixtureRequest) -> None:
    """The XML names the same components, edges and compositions as the JSON, with every text of each component."""
    case = request.getfixturevalue(name)
    plain, marked = _release(case)
    document, tree = json.loads(plain), etree.fromstring(marked)
    components = {element.get("bom-ref"): element for element in tree.find(f"{_SPACE}components")}
    assert list(components) == [each["bom-ref"] for each in document["components"]]
    for component in document["components"]:
        element = components[component["bom-ref"]]
        found = sorted(
            text for each in element.iter() for text in (*each.attrib.values(), (each.text or "").strip()) if text
        )
        assert found == sorted(text for text in _same("", component) if text)
    edges = {
        element.get("ref"): [each.get("ref") for each in element] for element in tree.find(f"{_SPACE}dependencies")
    }
    assert edges == {each["ref"]: each.get("dependsOn", []) for each in document["dependencies"]}
    assert [
        {
            "aggregate": composition.findtext(f"{_SPACE}aggregate"),
            **{
                str(part.tag).removeprefix(_SPACE): [each.get("ref") for each in part]
                for part in composition
                if len(part)
            },
        }
        for composition in tree.find(f"{_SPACE}compositions")
    ] == document["compositions"]
    assert tree.get("serialNumber") == document["serialNumber"]
    assert _flat(tree.find(f"{_SPACE}metadata/{_SPACE}component"))[1]["bom-ref"] == "release"


def test_edges_are_those_of_the_lock(case: Case) -> None:
    """A package depends on what the lock says it depends on, in a stable order."""
    for document in _documents(case):
        edges = {entry["ref"]: entry.get("dependsOn", []) for entry in document["dependencies"]}
        assert list(edges) == sorted(edges)
        target = case.lock.targets[0]
        debs = {deb.name: f"deb/{deb.filename}" for deb in target.debs}
        wheels = {wheel.name: f"wheel/{wheel.filename}" for wheel in target.wheels}
        for deb in target.debs:
            assert edges[debs[deb.name]] == sorted(debs[name] for name in deb.depends)
        for wheel in target.wheels:
            assert edges[wheels[wheel.name]] == sorted(wheels[name] for name in wheel.requires)


def test_order_in_the_spec(case: Case) -> None:
    """The order in which hyper-parameters stand in the spec changes no byte."""
    stated = "{n_estimators: 80, learning_rate: 0.1, max_depth: 3, subsample: 1.0, random_state: 7}"
    turned = "{random_state: 7, subsample: 1.0, max_depth: 3, learning_rate: 0.1, n_estimators: 80}"
    assert stated in case.text
    anew = _release.__wrapped__(replace(case, spec=read_spec(case.text.replace(stated, turned))))
    assert anew == _release(case)


def test_shared_packages(two: Case) -> None:
    """What two targets share is one component, and both images depend on it."""
    one = json.loads(contents_sbom(two.spec, two.lock, two.lock.targets[0], epoch=two.epoch))
    document = _documents(two)[0]
    packages = [each["bom-ref"] for each in document["components"] if _is_package(each)]
    assert packages == [each["bom-ref"] for each in one["components"] if _is_package(each)]
    edges = {entry["ref"]: entry.get("dependsOn", []) for entry in document["dependencies"]}
    assert edges["release"] == ["image/cpu-linux-amd64", "image/gpu-linux-amd64", "model"]
    assert (
        edges["image/cpu-linux-amd64"] == edges["image/gpu-linux-amd64"] == sorted(["application", *packages, "model"])
    )


def test_same_name_other_bytes(two: Case) -> None:
    """Two files of one name (of two indexes) are two components, told apart by digest."""
    first, second = two.lock.targets
    wheel = replace(second.wheels[0], sha256=Digest.of(b"other"), index="internal")
    lock = replace(two.lock, targets=(first, replace(second, wheels=(wheel, *second.wheels[1:]))))
    document = _documents(replace(two, lock=lock))[0]
    references = [each["bom-ref"] for each in document["components"] if each["name"] == wheel.name]
    assert references == sorted(f"wheel/{each.filename}@{each.sha256}" for each in (wheel, first.wheels[0]))
    edges = {entry["ref"]: entry.get("dependsOn", []) for entry in document["dependencies"]}
    assert [reference in edges["image/gpu-linux-amd64"] for reference in references].count(True) == 1


def _licences(case: Case, lock: Lock) -> dict[str, Any]:
    document = _documents(replace(unconcluded(case), lock=lock))[0]
    return {each["name"]: each["licenses"] for each in document["components"] if _is_package(each)}


def test_every_package_has_a_licence(case: Case) -> None:
    """Each has at least one licence, and no id or expression that its own file did not state."""
    stated = {entry.filename: entry for entry in case.lock.licensing}
    document = _documents(unconcluded(case))[0]
    for component in document["components"]:
        if not _is_package(component):
            continue
        assert component["licenses"]
        (filename,) = [each["value"] for each in component["properties"] if each["name"] == "twinbuild:filename"]
        certain = {each.get("expression") or each["license"].get("id") for each in component["licenses"]} - {None}
        allowed = set(stated[filename].expressions) | {" AND ".join(stated[filename].expressions)}
        if not stated[filename].same_as:
            assert certain <= allowed | {component["licenses"][0].get("expression")}


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"expressions": ("MIT",)}, [{"id": "MIT"}]),
        ({"expressions": ("MIT OR ISC",)}, "MIT OR ISC"),
        ({"expressions": ("MIT OR ISC", "Zlib")}, "(MIT OR ISC) AND Zlib"),
        ({"expressions": ("LicenseRef-Own",)}, "LicenseRef-Own"),
        (
            {"expressions": ("MIT", "MIT OR ISC"), "names": ("own",)},
            [{"id": "MIT"}, {"name": "MIT OR ISC"}, {"name": "own"}],
        ),
        ({"files": ("licenses/A", "licenses/B")}, [{"name": "see licenses/A, licenses/B"}]),
        ({}, [{"name": "not stated by the package"}]),
        (None, [{"name": "not stated by the package"}]),
    ],
)
def test_licence_forms(
    case: Case, entry: dict[str, Any] | None, expected: Any, validator: jsonschema_rs.Draft7Validator
) -> None:
    """An id where it is one, an expression where it is certain, a name otherwise; the schema takes each."""
    wheel = case.lock.targets[0].wheels[0]
    entries = () if entry is None else (Licensing(filename=wheel.filename, sha256=wheel.sha256, **entry),)
    few = replace(case.lock.targets[0], wheels=(wheel,), debs=case.lock.targets[0].debs[:1])
    lock = replace(case.lock, licensing=entries, targets=(few,))
    found = _licences(case, lock)[wheel.name]
    declared = {"acknowledgement": "declared"}
    if isinstance(expected, str):
        assert found == [{"expression": expected, **declared}]
    else:
        assert found == [{"license": {**each, **declared}} for each in expected]
    assert not list(validator.iter_errors(_documents(replace(case, lock=lock))[0]))


def test_every_identifier_is_known_to_the_schema() -> None:
    """Each identifier that packaging takes is one that CycloneDX 1.6 takes: an update that breaks this is seen here."""
    from packaging.licenses import _spdx

    known = set(json.loads((_SCHEMAS / "spdx.SNAPSHOT.schema.json").read_text("utf-8"))["enum"])
    assert {licence["id"] for licence in _spdx.LICENSES.values()} <= known


def test_copyright_file_of_another_package(case: Case) -> None:
    """A package whose copyright file is another's has the other's licence, text and digest; a circle has none."""
    debs = {deb.name: deb for deb in case.lock.targets[0].debs}
    bash, dash, sed = debs["bash"], debs["dash"], debs["sed"]
    text = Digest.of(b"text")
    entries = (
        Licensing(filename=bash.filename, sha256=bash.sha256, same_as="dash"),
        Licensing(filename=dash.filename, sha256=dash.sha256, same_as="sed"),
        Licensing(filename=sed.filename, sha256=sed.sha256, files=("usr/share/doc/sed/copyright",), notice=text),
    )
    name = {"license": {"name": f"see /usr/share/doc/sed/copyright ({text})", "acknowledgement": "declared"}}
    found = _licences(case, replace(case.lock, licensing=entries))
    assert [found[each] for each in ("bash", "dash", "sed")] == [[name]] * 3
    circle = (entries[0], replace(entries[1], same_as="bash"))
    found = _licences(case, replace(case.lock, licensing=circle))
    assert found["bash"] == [{"license": {"name": "not stated by the package", "acknowledgement": "declared"}}]


def test_makers(case: Case) -> None:
    """Debian supplies its packages and names the maintainer; a wheel has the authors that it states."""
    components = {each["name"]: each for each in _documents(case)[0]["components"]}
    assert components["bash"]["supplier"] == {"name": "Debian"}
    assert components["bash"]["publisher"] == "Matthias Klose"
    assert components["h11"]["authors"] == [{"name": "Nathaniel J. Smith"}]
    assert "supplier" not in components["h11"]


def test_minimum_elements(case: Case) -> None:
    """NTIA's minimum elements: supplier or author, name, version, identifier, relationships, author of data, time."""
    document = _documents(case)[0]
    related = {entry["ref"] for entry in document["dependencies"]}
    assert document["metadata"]["manufacturer"]["name"] == "payments-risk"
    assert document["metadata"]["timestamp"] == "2026-11-01T00:00:00+00:00"
    assert document["metadata"]["lifecycles"] == [{"phase": "build"}]
    for component in document["components"]:
        assert component["name"]
        assert component["bom-ref"] in related
        if _is_package(component):
            assert component["version"]
            assert component["hashes"]
            assert {"supplier", "authors"} & component.keys()


def test_elements_of_the_lists(case: Case) -> None:
    """All of NTIA's and of CISA's; of BSI's file names and properties."""
    found = {
        (each.standard, each.element): each.missing
        for each in coverage(decode_bom(canonical(_documents(case)[0]), name="x"))
        if each.missing
    }
    own = (f"{case.spec.metadata.name} 1.0.0", f"{case.spec.metadata.name}-cpu 1.0.0")
    assert [key for key in found if key[0] != "bsi"] == []
    assert [element for standard, element in found if standard == "bsi"] == [
        "component creator",
        "distribution licences",
        "hash of the deployable component",
        "executable property",
        "archive property",
        "structured property",
        "original licences",
    ]
    assert found["bsi", "archive property"] == ("classifier 3.2.0",)
    assert not set(own) & set(found["bsi", "component creator"])


def test_identifiers_of_our_own(case: Case) -> None:
    """The release and its parts by name and version, a file of the model with its digest, an image by its manifest."""
    document, contents = _documents(case)
    purls = {each["bom-ref"]: each.get("purl") for each in document["components"]}
    name, digest = case.spec.metadata.name, case.lock.artifacts[0].sha256
    assert document["metadata"]["component"]["purl"] == f"pkg:generic/{name}@1.0.0"
    assert contents["metadata"]["component"]["purl"] == f"pkg:generic/{name}/{name}-cpu@1.0.0"
    assert purls["model"] == f"pkg:generic/{name}/{name}-model@3.2.0"
    assert purls["artifact/classifier"] == f"pkg:generic/{name}/classifier@3.2.0?checksum={digest}"
    assert purls["image/cpu-linux-amd64"] == f"pkg:oci/{name}@{case.images[0].manifest.digest}?arch=amd64"


@pytest.mark.parametrize(
    ("uri", "ours"),
    [("model/a.skops", True), ("https://models.example/a.skops", False), ("wheel:spacy-model/a.skops", False)],
)
def test_whose_a_file_of_the_model_is(case: Case, uri: str, ours: bool) -> None:
    """The team supplies what lies in its project; who supplies what lies elsewhere, nobody states."""
    lock = replace(case.lock, artifacts=(replace(case.lock.artifacts[0], uri=uri),))
    components = {each["bom-ref"]: each for each in _documents(replace(case, lock=lock))[0]["components"]}
    assert ("supplier" in components["artifact/classifier"]) is ours
    assert "manufacturer" not in components["artifact/classifier"]


def test_contents_know_no_image(case: Case) -> None:
    """What lies in the image names neither the image's digest nor an application file: it can't change with them."""
    contents = contents_sbom(case.spec, case.lock, case.lock.targets[0], epoch=case.epoch)
    changed = replace(case.lock, source=())
    assert contents_sbom(case.spec, changed, case.lock.targets[0], epoch=case.epoch) == contents
    assert case.images[0].manifest.digest.hex.encode() not in contents


def test_serial_number_follows_images(case: Case) -> None:
    """Another image gives another serial number, so that two unlike documents are never taken for one."""
    other = replace(case.images[0], manifest=case.images[0].config)
    first, second = (
        json.loads(_release(replace(case, images=(image,)))[0])["serialNumber"] for image in (case.images[0], other)
    )
    assert first != second


_PROGRAM = """
import hashlib
import sys
from pathlib import Path
from twinbuild.codec.lock import decode_lock
from twinbuild.codec.spec import SourceText, load_spec
from twinbuild.describe.provenance import provenance_statement
from twinbuild.describe.sbom import contents_sbom, release_sbom
directory = Path({directory!r})
lock = decode_lock((directory / "release.lock").read_bytes())
spec = load_spec((SourceText(name="release.yaml", content=(directory / "release.yaml").read_bytes()),)).spec
sys.path.insert(0, {root!r})
from tests.unit.describe.conftest import image
images = (image(lock, 0),)
digest = images[0].derivation
verified = dict(builds=2, variations=[])
statement = provenance_statement(spec, lock, images, epoch=0, commit="", digest=digest, verification=verified)
sboms = release_sbom(spec, lock, images, epoch=0, lock_digest=digest)
parts = (contents_sbom(spec, lock, lock.targets[0], epoch=0), *sboms, statement)
print(hashlib.sha256(b"".join(parts)).hexdigest())
"""


def test_same_bytes_in_every_process() -> None:
    """Hash seed, time zone and locale change no byte."""
    digests = set()
    for seed, zone, locale in (("1", "Asia/Tokyo", "C"), ("2", "America/Lima", "tr_TR.UTF-8")):
        done = subprocess.run(
            [sys.executable, "-c", _PROGRAM.format(directory=str(EXAMPLE), root=str(EXAMPLE.parents[1]))],
            env={
                "PYTHONHASHSEED": seed,
                "TZ": zone,
                "LC_ALL": locale,
                "PYTHONPATH": str(EXAMPLE.parents[1] / "generator"),
            },
            capture_output=True,
            check=True,
            timeout=120,
        )
        digests.add(done.stdout)
    assert len(digests) == 1
    assert len(digests.pop().strip()) == 64


_NAMES = st.text(max_size=30)


@settings(max_examples=60, deadline=None)
@given(texts=st.tuples(_NAMES, _NAMES, _NAMES))
def test_any_text_in_both_forms(
    case: Case,
    validator: jsonschema_rs.Draft7Validator,
    xml_schema: etree.XMLSchema,
    texts: tuple[str, str, str],
) -> None:
    """Whatever text comes in, both forms are valid and say the same: what XML cannot hold is U+FFFD in both."""
    summary, author, metric = texts
    wheel = case.lock.targets[0].wheels[0]
    entry = Licensing(filename=wheel.filename, sha256=wheel.sha256, names=(f"n{author}",), authors=(f"a{author}",))
    stated = case.spec.model.card
    assert stated is not None
    card = stated.model_copy(
        update={
            "summary": f"s{summary}",
            "intended_use": (f"u{summary}",),
            "metrics": (stated.metrics[0].model_copy(update={"name": f"m{metric}", "slice": f"l{metric}"}),),
        }
    )
    spec = case.spec.model_copy(update={"model": case.spec.model.model_copy(update={"card": card})})
    few = replace(case.lock.targets[0], wheels=(wheel,), debs=case.lock.targets[0].debs[:1])
    lock = replace(case.lock, licensing=(entry,), targets=(few,))
    plain, marked = release_sbom(spec, lock, case.images, epoch=0, lock_digest=_LOCK)
    document, tree = json.loads(plain), etree.fromstring(marked)
    assert not list(validator.iter_errors(document))
    xml_schema.assertValid(tree)
    components = {each["bom-ref"]: each for each in document["components"]}
    elements = {each.get("bom-ref"): each for each in tree.find(f"{_SPACE}components")}
    path = f"wheel/{wheel.filename}"
    assert components[path]["authors"] == [{"name": line(f"a{author}")}]
    assert elements[path].findtext(f"{_SPACE}authors/{_SPACE}author/{_SPACE}name") == line(f"a{author}")
    assert elements["model"].findtext(f"{_SPACE}description") == components["model"]["description"]
    assert components["model"]["description"] == line(f"s{summary}")
    (use,) = elements["model"].iter(f"{_SPACE}useCase")
    assert use.text == components["model"]["modelCard"]["considerations"]["useCases"][0]


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("a\x00b", "a\ufffdb"),
        ("a\x1bb\x7f", "a\ufffdb\x7f"),
        ("\ufffe\uffff", "\ufffd\ufffd"),
        ("\ud800", "\ufffd"),
        ("\U0001f600", "\U0001f600"),
        ("a\r\nb\rc\n", "a\nb\nc"),
        ("<&]]>\"'", "<&]]>\"'"),
    ],
)
def test_rule_for_texts(text: str, held: str) -> None:
    """XML 1.0, production 2 (Char), and 2.11 (line ends)."""
    assert lines(text) == held
    assert line(f" {text}\t x ") == line(held + " x")
    assert "\n" not in line(text)

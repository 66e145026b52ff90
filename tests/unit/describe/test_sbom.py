from __future__ import annotations

import json
import subprocess
import sys
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path
from typing import Any

import cyclonedx.schema
import jsonschema_rs
import pytest
from tests.unit.describe.conftest import EXAMPLE, Case

from twinbuild.describe.sbom import contents_sbom, release_sbom

_SCHEMAS = Path(str(cyclonedx.schema.__file__)).parent / "_res"
_ADDRESS = "http://cyclonedx.org/schema/"


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


def _documents(case: Case) -> tuple[dict[str, Any], dict[str, Any]]:
    release = json.loads(release_sbom(case.spec, case.lock, case.images, epoch=case.epoch)[0])
    contents = json.loads(contents_sbom(case.spec, case.lock, case.lock.targets[0], epoch=case.epoch))
    return release, contents


@pytest.mark.parametrize("name", ["case", "two"])
def test_schema(name: str, request: pytest.FixtureRequest, validator: jsonschema_rs.Draft7Validator) -> None:
    """Both documents are what CycloneDX 1.6 allows, whether there is one target or several."""
    for document in _documents(request.getfixturevalue(name)):
        assert [error.message for error in validator.iter_errors(document)] == []


def test_schema_is_strict(case: Case, validator: jsonschema_rs.Draft7Validator) -> None:
    """The schema refuses what it does not know: a document that passes has no invented field."""
    document = _documents(case)[0]
    document["components"][0]["invented"] = True
    assert list(validator.iter_errors(document))


@pytest.mark.parametrize("name", ["case", "two"])
def test_graph(name: str, request: pytest.FixtureRequest) -> None:
    """Every component is there once, has its edges, and is reached from the root; no edge leads nowhere."""
    for document in _documents(request.getfixturevalue(name)):
        root = document["metadata"]["component"]["bom-ref"]
        references = [root, *(component["bom-ref"] for component in document["components"])]
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


def test_packages(case: Case) -> None:
    """Every wheel and every Debian package of the lock is there with its purl and digest, and nothing else has one."""
    target = case.lock.targets[0]
    expected = {f"pkg:pypi/{wheel.name}@{wheel.version}": wheel.sha256.hex for wheel in target.wheels}
    for document in _documents(case):
        found = {
            component["purl"]: component["hashes"][0]["content"]
            for component in document["components"]
            if "purl" in component
        }
        assert {purl: digest for purl, digest in found.items() if purl.startswith("pkg:pypi/")} == expected
        debs = {purl: digest for purl, digest in found.items() if purl.startswith("pkg:deb/debian/")}
        assert sorted(debs.values()) == sorted(deb.sha256.hex for deb in target.debs)
        assert all(purl.endswith("&distro=debian-12") for purl in debs)
        assert len(found) == len(target.wheels) + len(target.debs)


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


def test_xml(two: Case) -> None:
    """The XML names the same components, with the same digests and edges, as the JSON."""
    plain, marked = release_sbom(two.spec, two.lock, two.images, epoch=two.epoch)
    document, tree = json.loads(plain), ET.fromstring(marked)
    space = "{http://cyclonedx.org/schema/bom/1.6}"
    components = {
        element.get("bom-ref"): [each.text for each in element.iterfind(f"{space}hashes/{space}hash")]
        for element in tree.iterfind(f"{space}components/{space}component")
    }
    assert components == {
        each["bom-ref"]: [digest["content"] for digest in each.get("hashes", [])] for each in document["components"]
    }
    edges = {
        element.get("ref"): sorted(str(each.get("ref")) for each in element)
        for element in tree.iterfind(f"{space}dependencies/{space}dependency")
    }
    assert edges == {each["ref"]: sorted(each.get("dependsOn", [])) for each in document["dependencies"]}
    assert tree.get("serialNumber") == document["serialNumber"]


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
        json.loads(release_sbom(case.spec, case.lock, (image,), epoch=case.epoch)[0])["serialNumber"]
        for image in (case.images[0], other)
    )
    assert first != second


_PROGRAM = """
import hashlib
from pathlib import Path
from twinbuild.codec.lock import decode_lock
from twinbuild.codec.spec import SourceText, load_spec
from twinbuild.describe.sbom import contents_sbom, release_sbom
directory = Path({directory!r})
lock = decode_lock((directory / "release.lock").read_bytes())
spec = load_spec((SourceText(name="release.yaml", content=(directory / "release.yaml").read_bytes()),)).spec
parts = (contents_sbom(spec, lock, lock.targets[0], epoch=0), *release_sbom(spec, lock, (), epoch=0))
print(hashlib.sha256(b"".join(parts)).hexdigest())
"""


def test_same_bytes_in_every_process() -> None:
    """Hash seed, time zone and locale change no byte."""
    digests = set()
    for seed, zone in (("1", "Asia/Tokyo"), ("2", "America/Lima")):
        done = subprocess.run(
            [sys.executable, "-c", _PROGRAM.format(directory=str(EXAMPLE))],
            env={
                "PYTHONHASHSEED": seed,
                "TZ": zone,
                "LC_ALL": "C",
                "PYTHONPATH": str(EXAMPLE.parents[1] / "generator"),
            },
            capture_output=True,
            check=True,
            timeout=120,
        )
        digests.add(done.stdout)
    assert len(digests) == 1
    assert len(digests.pop().strip()) == 64

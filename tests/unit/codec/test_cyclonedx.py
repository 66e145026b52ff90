"""Documents that anyone wrote."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from twinbuild.codec import cyclonedx
from twinbuild.codec.cyclonedx import decode_bom
from twinbuild.errors import TwinbuildError


def document(**fields: Any) -> bytes:
    """A CycloneDX document as bytes."""
    return json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", **fields}).encode()


def test_what_is_read() -> None:
    """Every field that reports ask for, nested components after the one that holds them."""
    inner = {"type": "library", "bom-ref": "b", "name": "inner", "version": "2", "swid": {"tagId": "t"}}
    outer = {
        "type": "library",
        "bom-ref": "a",
        "group": "g",
        "name": "outer",
        "version": "1",
        "purl": "pkg:pypi/outer@1",
        "cpe": "cpe:2.3:a:x:outer:1",
        "hashes": [{"alg": "SHA-256", "content": "AB"}],
        "externalReferences": [
            {"type": "distribution", "url": "x", "hashes": [{"alg": "SHA-512", "content": "cd"}]},
            {"type": "website", "url": "y", "hashes": [{"alg": "MD5", "content": "ef"}]},
        ],
        "licenses": [{"license": {"id": "MIT", "acknowledgement": "declared"}}, {"expression": "A OR B"}],
        "manufacturer": {"name": "M", "url": ["https://m.example"], "contact": [{"email": "m@m.example"}]},
        "supplier": {"name": "S", "contact": [{"email": "s@s.example"}]},
        "authors": [{"name": "A"}],
        "publisher": "P",
        "properties": [{"name": "n", "value": "v"}],
        "components": [inner],
    }
    bom = decode_bom(
        document(
            serialNumber="urn:uuid:1",
            metadata={
                "timestamp": "2026-11-01T00:00:00Z",
                "lifecycles": [{"phase": "build"}, {"name": "mine"}],
                "tools": {"components": [{"type": "application", "name": "tool"}]},
                "manufacturer": {"name": "Team", "url": ["https://team.example"]},
                "authors": [{"name": "Ada", "email": "ada@team.example"}],
                "component": {"type": "application", "bom-ref": "r", "name": "root"},
            },
            components=[outer],
            dependencies=[{"ref": "r", "dependsOn": ["a"]}, {"ref": "a"}],
            compositions=[
                {"aggregate": "unknown", "assemblies": ["a"]},
                {"aggregate": "complete", "dependencies": ["a", "r"]},
            ],
        ),
        name="x.json",
    )
    first, second = bom.components
    assert bom.root is not None
    assert (bom.root.name, [each.title for each in bom.everything]) == ("root", ["root", "g/outer 1", "inner 2"])
    assert (bom.version, bom.serial, bom.phases, bom.tools) == ("1.6", "urn:uuid:1", ("build", "mine"), ("tool",))
    assert (bom.authors, bom.contacts) == (("Team", "Ada"), ("https://team.example", "ada@team.example"))
    assert first.identifiers == ("pkg:pypi/outer@1", "cpe:2.3:a:x:outer:1")
    assert (first.hashes, first.distributed) == ((("SHA-256", "ab"),), (("SHA-512", "cd"),))
    assert [(each.kind, each.text, each.acknowledgement) for each in first.licences] == [
        ("id", "MIT", "declared"),
        ("expression", "A OR B", ""),
    ]
    assert first.makers == ("S", "M", "A", "P")
    assert first.contacts == ("https://m.example", "m@m.example")
    assert (first.properties, first.parts, second.identifiers) == ({"n": "v"}, ("b",), ("t",))
    assert bom.edges == {"r": ("a",), "a": ()}
    assert bom.completeness == {"a": "complete", "r": "complete"}


def test_edges_in_many_pieces() -> None:
    """Whoever gives each edge an entry of its own makes no more work than there are edges."""
    content = document(dependencies=[{"ref": "r", "dependsOn": ["a"]}] * 100_000)
    began = time.process_time()
    assert decode_bom(content, name="x").edges == {"r": ("a",) * 100_000}
    assert time.process_time() - began < 3


def test_tools_of_the_old_form() -> None:
    """A list, as CycloneDX 1.4 had it and 1.7 still allows."""
    assert decode_bom(document(metadata={"tools": [{"name": "old"}]}), name="x").tools == ("old",)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "TB8702"),
        (b"{", "TB8702"),
        (b"\xff\xfe{", "TB8702"),
        (b'{"bomFormat": "CycloneDX", "bomFormat": "CycloneDX"}', "TB8702"),
        (b"[" * 100_000, "TB8702"),
        (b'{"bomFormat": NaN}', "TB8702"),
        (b"<?xml version='1.0'?><bom/>", "TB8701"),
        (b"\xef\xbb\xbf<?xml version='1.0'?><bom/>", "TB8701"),
        (b"[]", "TB8701"),
        (b'{"spdxVersion": "SPDX-2.3"}', "TB8701"),
        (document(specVersion="1.5"), "TB8701"),
        (document(specVersion={"a": 1}), "TB8701"),
        (document(components={}), "TB8703"),
        (document(components=[1]), "TB8703"),
        (document(components=[{"name": ["x"]}]), "TB8703"),
        (document(components=[{"name": "x", "hashes": None}]), "TB8703"),
        (document(components=[{"name": "x", "supplier": None}]), "TB8703"),
        (document(metadata=[]), "TB8703"),
        (document(metadata={"tools": "x"}), "TB8703"),
        (document(dependencies=[{"ref": "a", "dependsOn": [1]}]), "TB8703"),
        (document(components=[{"name": "x" * 200_000}]), "TB8704"),
        (document(components=[{"name": "x", "bom-ref": "a"}, {"name": "y", "bom-ref": "a"}]), "TB8705"),
        (
            document(metadata={"component": {"name": "x", "bom-ref": "a"}}, components=[{"name": "y", "bom-ref": "a"}]),
            "TB8705",
        ),
    ],
)
def test_hostile(content: bytes, code: str) -> None:
    """Refused with a code, what was got and a remedy; never an exception of Python's."""
    with pytest.raises(TwinbuildError) as caught:
        decode_bom(content, name="bad.json")
    (finding,) = caught.value.findings
    assert finding.code == code
    assert "bad.json" in finding.message
    assert len(finding.message) < 600


def test_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bytes, components and entries are counted, nested ones too."""
    monkeypatch.setattr(cyclonedx, "LARGEST_BOM", 1000)
    monkeypatch.setattr(cyclonedx, "_COMPONENTS", 2)
    monkeypatch.setattr(cyclonedx, "_ITEMS", 5)
    nested = {"name": "a", "components": [{"name": "b", "components": [{"name": "c"}]}]}
    for content in (
        document(serialNumber="x" * 1000),
        document(components=[nested]),
        document(components=[{"name": "a", "properties": [{}] * 9}]),
    ):
        with pytest.raises(TwinbuildError) as caught:
            decode_bom(content, name="x")
        assert caught.value.findings[0].code == "TB8704"

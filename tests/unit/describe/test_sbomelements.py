"""Elements of the three lists, each against a document that has all of them and one that lacks just it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from twinbuild.codec.cyclonedx import decode_bom
from twinbuild.describe.sbomelements import Coverage, coverage
from twinbuild.model.bom import Bom

COMPONENT: dict[str, Any] = {
    "type": "library",
    "bom-ref": "lib",
    "name": "lib",
    "version": "1",
    "purl": "pkg:pypi/lib@1",
    "manufacturer": {"name": "M", "url": ["https://m.example"]},
    "hashes": [{"alg": "SHA-256", "content": "a" * 64}],
    "licenses": [
        {"license": {"id": "MIT", "acknowledgement": "concluded"}},
        {"license": {"id": "MIT", "acknowledgement": "declared"}},
    ],
    "externalReferences": [
        {"type": "distribution", "url": "x", "hashes": [{"alg": "SHA-512", "content": "b" * 128}]},
    ],
    "properties": [
        {"name": "bsi:component:filename", "value": "lib-1-py3-none-any.whl"},
        {"name": "bsi:component:executable", "value": "non-executable"},
        {"name": "bsi:component:archive", "value": "archive"},
        {"name": "bsi:component:structured", "value": "structured"},
    ],
}
COMPLETE: dict[str, Any] = {
    "bomFormat": "CycloneDX",
    "specVersion": "1.6",
    "metadata": {
        "timestamp": "2026-11-01T00:00:00+00:00",
        "lifecycles": [{"phase": "build"}],
        "tools": {"components": [{"type": "application", "name": "tool"}]},
        "manufacturer": {"name": "Team", "contact": [{"email": "ada@team.example"}]},
        "component": {
            **{key: COMPONENT[key] for key in ("manufacturer", "licenses", "version")},
            "type": "application",
            "bom-ref": "root",
            "name": "root",
            "purl": "pkg:generic/root@1",
        },
    },
    "components": [COMPONENT],
    "dependencies": [{"ref": "root", "dependsOn": ["lib"]}, {"ref": "lib"}],
    "compositions": [{"aggregate": "complete", "dependencies": ["root", "lib"]}],
}


def covered(document: dict[str, Any]) -> dict[tuple[str, str], Coverage]:
    """Coverage by standard and element."""
    found = coverage(decode_bom(json.dumps(document).encode(), name="x"))
    return {(each.standard, each.element): each for each in found}


def without(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    """The complete document after a change."""
    document: dict[str, Any] = json.loads(json.dumps(COMPLETE))  # no part is shared
    change(document)
    return document


def lib(document: dict[str, Any]) -> dict[str, Any]:
    """Its component."""
    found: dict[str, Any] = document["components"][0]
    return found


def test_a_complete_document() -> None:
    """It lacks nothing, and every rule says where it comes from."""
    found = covered(COMPLETE)
    assert {key: each.missing for key, each in found.items() if each.missing} == {}
    assert [sum(key[0] == name for key in found) for name in ("ntia", "cisa", "bsi")] == [7, 11, 14]
    assert all(each.source and each.field and each.asked for each in found.values())
    assert found["cisa", "component hash"].asked == 1  # the root is no file
    assert [each.standard for each in coverage(decode_bom(json.dumps(COMPLETE).encode(), name="x"), ["bsi"])] == [
        "bsi"
    ] * 14


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        (
            lambda d: lib(d).pop("manufacturer"),
            [("ntia", "supplier name"), ("cisa", "software producer"), ("bsi", "component creator")],
        ),
        (lambda d: lib(d)["manufacturer"].update(url=["no address"]), [("bsi", "component creator")]),
        (
            lambda d: lib(d).update(version=""),
            [("ntia", "version"), ("cisa", "component version"), ("bsi", "component version")],
        ),
        (
            lambda d: lib(d).update(version="unknown"),
            [("ntia", "version"), ("cisa", "component version"), ("bsi", "component version")],
        ),
        (
            lambda d: lib(d).update(name=" "),
            [("ntia", "component name"), ("cisa", "component name"), ("bsi", "component name")],
        ),
        (
            lambda d: lib(d).pop("purl"),
            [
                ("ntia", "other unique identifiers"),
                ("cisa", "software identifiers"),
                ("bsi", "other unique identifiers"),
            ],
        ),
        (
            lambda d: d["dependencies"].pop(),
            [
                ("ntia", "dependency relationship"),
                ("cisa", "dependency relationship"),
                ("bsi", "dependencies"),
            ],
        ),
        (
            lambda d: d["dependencies"][1].update(dependsOn=["nobody"]),
            [
                ("ntia", "dependency relationship"),
                ("cisa", "dependency relationship"),
                ("bsi", "dependencies"),
            ],
        ),
        (
            lambda d: d["compositions"][0]["dependencies"].remove("lib"),
            [("bsi", "dependencies")],
        ),
        (
            lambda d: (lib(d).pop("hashes"), lib(d).pop("externalReferences")),
            [("cisa", "component hash"), ("bsi", "hash of the deployable component")],
        ),
        (
            lambda d: lib(d).update(hashes=[{"alg": "SHA-512", "content": "b" * 128}], externalReferences=[]),
            [("bsi", "hash of the deployable component")],
        ),
        (
            lambda d: lib(d).update(hashes=[{"alg": "MD5", "content": "a" * 32}], externalReferences=[]),
            [("cisa", "component hash"), ("bsi", "hash of the deployable component")],
        ),
        (
            lambda d: lib(d).update(hashes=[{"alg": "SHA-256", "content": "a" * 63}], externalReferences=[]),
            [("cisa", "component hash"), ("bsi", "hash of the deployable component")],
        ),
        (
            lambda d: lib(d).pop("licenses"),
            [("cisa", "license"), ("bsi", "distribution licences"), ("bsi", "original licences")],
        ),
        (
            lambda d: lib(d).update(licenses=[{"license": {"name": "BSD License", "acknowledgement": "declared"}}]),
            [("bsi", "distribution licences"), ("bsi", "original licences")],
        ),
        (lambda d: lib(d)["properties"].pop(0), [("bsi", "filename")]),
        (lambda d: lib(d)["properties"][0].update(value="dir/lib.whl"), [("bsi", "filename")]),
        (lambda d: lib(d)["properties"][1].update(value="true"), [("bsi", "executable property")]),
        (lambda d: lib(d)["properties"].pop(2), [("bsi", "archive property")]),
        (lambda d: lib(d)["properties"].pop(3), [("bsi", "structured property")]),
    ],
)
def test_what_a_component_lacks(change: Callable[[dict[str, Any]], object], missing: list[tuple[str, str]]) -> None:
    """Just these elements, and the component by name."""
    found = covered(without(change))
    assert [key for key, each in found.items() if each.missing] == missing
    assert all(len(found[key].missing) == 1 for key in missing)


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        (
            lambda d: d["metadata"].pop("timestamp"),
            [("ntia", "timestamp"), ("cisa", "timestamp"), ("bsi", "timestamp")],
        ),
        (
            lambda d: d["metadata"].update(timestamp="yesterday"),
            [("ntia", "timestamp"), ("cisa", "timestamp"), ("bsi", "timestamp")],
        ),
        (
            lambda d: d["metadata"].pop("manufacturer"),
            [("ntia", "author of SBOM data"), ("cisa", "SBOM author"), ("bsi", "creator of the SBOM")],
        ),
        (lambda d: d["metadata"]["manufacturer"].pop("contact"), [("bsi", "creator of the SBOM")]),
        (lambda d: d["metadata"].pop("tools"), [("cisa", "tool name")]),
        (lambda d: d["metadata"].pop("lifecycles"), [("cisa", "generation context")]),
    ],
)
def test_what_a_document_lacks(change: Callable[[dict[str, Any]], object], missing: list[tuple[str, str]]) -> None:
    """The document is what lacks it."""
    found = covered(without(change))
    assert [key for key, each in found.items() if each.missing] == missing
    assert all(found[key].missing == ("the document",) for key in missing)


def test_a_lock_that_lost_every_digest() -> None:
    """A bill made from a lock without its hashes: every component is named."""
    document = without(lambda d: d["components"].append({**lib(d), "bom-ref": "two", "name": "two"}))
    for each in document["components"]:
        del each["hashes"], each["externalReferences"]
    assert covered(document)["cisa", "component hash"].missing == ("lib 1", "two 1")


def test_nothing_has_no_element() -> None:
    """Of no component everything would be true."""
    found = covered(without(lambda d: d.update(components=[])))
    assert found["ntia", "supplier name"].missing == ("the document",)


def test_data_sets_are_no_software() -> None:
    """The lists ask nothing of them, nor for the file of a model as such."""
    more = [
        {"type": "data", "bom-ref": "d", "name": "d"},
        {**COMPONENT, "type": "machine-learning-model", "bom-ref": "m"},
    ]
    found = covered(without(lambda d: d["components"].extend(more)))
    assert (found["ntia", "supplier name"].asked, found["cisa", "component hash"].asked) == (3, 1)


def test_what_says_that_it_is_not_known() -> None:
    """A text that says so is none."""
    stated = [{"license": {"name": "not stated by the package", "acknowledgement": "declared"}}]
    assert covered(without(lambda d: lib(d).update(licenses=stated)))["cisa", "license"].missing == ("lib 1",)


def test_large_documents_are_gone_through_once_for_each_element(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not once for each component: a hundred thousand of them, which anyone may send, would take hours."""
    components = [{"type": "library", "bom-ref": f"c{number}", "name": "c"} for number in range(200)]
    edges = [{"ref": each["bom-ref"], "dependsOn": ["c0"]} for each in components]
    text = json.dumps({**COMPLETE, "components": components, "dependencies": edges}).encode()
    bom, asked, plain = decode_bom(text, name="x"), [], Bom.everything.fget
    assert plain is not None
    monkeypatch.setattr(Bom, "everything", property(lambda self: (asked.append(1), plain(self))[1]))
    found = coverage(bom)
    assert len(asked) <= 1 + len(found)


def test_an_edge_to_nothing() -> None:
    """A component without a reference is none that an edge could lead to."""
    edges = [{"ref": "root", "dependsOn": ["lib", ""]}, {"ref": "lib"}]
    nameless = {key: value for key, value in COMPONENT.items() if key != "bom-ref"}
    found = covered({**COMPLETE, "components": [COMPONENT, nameless], "dependencies": edges})
    assert found["ntia", "dependency relationship"].missing == ("root 1", "lib 1")

"""``describe.attestation``: everything that a release is made of, in one order, and nothing of the machine."""

from __future__ import annotations

import json
from typing import Any

import pytest

from twinbuild.describe.attestation import CYCLONEDX, RELEASE, release_attestation, sbom_attestation
from twinbuild.model.digest import Digest

D = Digest.of(b"x")
MANIFEST: dict[str, Any] = {
    "metadata": {"name": "scorer", "version": "1.0.0"},
    "documents": [{"path": "release.lock", "sha256": D.hex, "size": 1}, {"path": "a.txt", "sha256": D.hex, "size": 1}],
    "environment": {
        "images": [
            {"variant": "cpu", "platform": "linux/amd64", "digest": str(Digest.of(b"amd64"))},
            {"variant": "cpu", "platform": "linux/arm64", "digest": str(Digest.of(b"arm64"))},
        ],
        "indexes": [{"variant": "cpu", "digest": str(Digest.of(b"index"))}],
    },
    "model": {"artifacts": [{"name": "trees", "sha256": Digest.of(b"trees").hex}]},
    "verification": {"builds": 2, "variations": [{"name": "clock", "description": "later"}]},
    "tests": {"images": [{"variant": "cpu", "platform": "linux/amd64", "verdict": "passed", "answers": []}]},
}


def test_subjects() -> None:
    """Sorted by name: manifest, documents, statements, images and indexes, files of the model."""
    content = release_attestation(MANIFEST, Digest.of(b"manifest"), [("tests.intoto.json", Digest.of(b"tests"))])
    statement = json.loads(content)
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert statement["predicateType"] == RELEASE
    assert [(each["name"], each["digest"]["sha256"]) for each in statement["subject"]] == [
        ("a.txt", D.hex),
        ("image/cpu", Digest.of(b"index").hex),
        ("image/cpu-linux-amd64", Digest.of(b"amd64").hex),
        ("image/cpu-linux-arm64", Digest.of(b"arm64").hex),
        ("manifest.json", Digest.of(b"manifest").hex),
        ("model/trees", Digest.of(b"trees").hex),
        ("release.lock", D.hex),
        ("tests.intoto.json", Digest.of(b"tests").hex),
    ]
    assert statement["predicate"] == {
        "name": "scorer",
        "version": "1.0.0",
        "builds": {"count": 2, "varied": ["clock"]},
        "tests": [{"variant": "cpu", "platform": "linux/amd64", "verdict": "passed"}],
    }


@pytest.mark.parametrize("missing", ["indexes", "artifacts", "tests"])
def test_what_may_be_missing(missing: str) -> None:
    """A release without indexes, files or tests has a statement as well."""
    manifest = json.loads(json.dumps(MANIFEST))
    {"indexes": manifest["environment"], "artifacts": manifest["model"], "tests": manifest["tests"]}[missing].pop(
        "images" if missing == "tests" else missing
    )
    manifest["verification"] = {"builds": 2}
    assert json.loads(release_attestation(manifest, D, []))["predicate"]["builds"] == {"count": 2, "varied": []}


def test_one_spelling() -> None:
    """The order in which a manifest's keys were read does not count."""
    turned = {key: MANIFEST[key] for key in reversed(MANIFEST)}
    assert release_attestation(turned, D, []) == release_attestation(MANIFEST, D, [])


def test_sbom() -> None:
    """The SBOM as it is, about the images and indexes alone."""
    statement = json.loads(sbom_attestation(MANIFEST, {"bomFormat": "CycloneDX", "components": []}))
    assert statement["predicateType"] == CYCLONEDX == "https://cyclonedx.org/bom"
    assert statement["predicate"] == {"bomFormat": "CycloneDX", "components": []}
    assert [(each["name"], each["digest"]["sha256"]) for each in statement["subject"]] == [
        ("image/cpu", Digest.of(b"index").hex),
        ("image/cpu-linux-amd64", Digest.of(b"amd64").hex),
        ("image/cpu-linux-arm64", Digest.of(b"arm64").hex),
    ]

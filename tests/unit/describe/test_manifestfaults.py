"""``describe.manifestfaults``: in what a document is no release manifest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.unit.describe.conftest import Case, case, two
from tests.unit.describe.test_manifest import manifest_of

from twinbuild.describe.manifestfaults import manifest_faults

__all__ = ["case", "two"]
FIRST = Path(__file__).parents[1] / "codec" / "manifest_v1.json"


def _whole(case: Case) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(manifest_of(case))
    lock = document["dependencies"]["lock"].partition(":")[2]
    document["documents"] = [{"path": "release.lock", "sha256": lock, "size": 1}]
    return document


def test_whole(case: Case, two: Case) -> None:
    """None of a release manifest of either version."""
    for document in (_whole(case), _whole(two), json.loads(FIRST.read_bytes())):
        assert list(manifest_faults(document)) == []


def test_contradictions(two: Case) -> None:
    """What a schema can't say, each with its place."""
    document = _whole(two)
    (lock,), environment = document["documents"], document["environment"]
    images, targets = environment["images"], environment["targets"]
    for change, where, word in (
        ({"documents": [lock, lock]}, "/documents/1/path", "named twice"),
        ({"documents": [{**lock, "sha256": "0" * 64}]}, "/documents", "release.lock has sha256:000"),
        ({"documents": [{**lock, "path": "other"}]}, "/documents", "has no digest"),
        (
            {"environment": {**environment, "images": [*images, images[0]]}},
            f"/environment/images/{len(images)}",
            "twice",
        ),
        ({"environment": {**environment, "targets": targets[:1]}}, "/environment/images/1", "no target"),
    ):
        ((at, what),) = manifest_faults({**document, **change})
        assert (at, word in what) == (where, True), what


@pytest.mark.parametrize("version", [1, 2])
def test_any_other_value_of_a_section(case: Case, version: int) -> None:
    """Text, numbers and nothing in the place of any section that is read are faults, never an error of ours."""
    document = _whole(case) if version == 2 else json.loads(FIRST.read_bytes())
    for section in ("metadata", "source", "environment", "dependencies", "documents", "verification", "generator"):
        for value in (None, 1, "x", [], {}, [[]], [{}]):
            if (section, value) == ("generator", {}) and version == 1:
                continue  # it stated nothing of it that is read
            assert list(manifest_faults({**document, section: value})), (section, value)


@pytest.mark.parametrize(
    ("section", "key"),
    [
        *(("source", "files"), ("source", "target"), ("model", "artifacts"), ("tests", "images")),
        *(("verification", "builds"), ("verification", "variations")),
        *(("governance", "approvals"), ("publish", "repositories")),
    ],
)
def test_any_other_value_that_is_read(section: str, key: str) -> None:
    """What signatures, policies and the bill of materials are held against is what it was in the first version."""
    document = json.loads(FIRST.read_bytes())
    for value in (None, -1, [5], [{}]):
        changed = {**document, section: {**document[section], key: value}}
        assert [at.startswith(f"/{section}/{key}") for at, _ in manifest_faults(changed)], value


@pytest.mark.parametrize("key", ["targets", "images", "indexes"])
def test_any_other_value_of_a_place(key: str) -> None:
    """Variants and platforms of the first version are texts, wherever they stand."""
    document = json.loads(FIRST.read_bytes())
    environment = document["environment"]
    whole = environment.get(key) or [{"variant": "cpu", "digest": "sha256:" + "0" * 64}]
    for field in ("variant", *(["platform"] if key != "indexes" else [])):
        for value in ([], {}, None, 1):
            changed = {**environment, key: [{**whole[0], field: value}]}
            ((at, _),) = manifest_faults({**document, "environment": changed})
            assert at == f"/environment/{key}/0/{field}"


@pytest.mark.parametrize("key", ["name", "version"])
def test_what_steers_a_terminal_is_no_name(key: str) -> None:
    """Names of the first version are printed as they are."""
    document = json.loads(FIRST.read_bytes())
    for value in ("a\x1b[2J", "a\nsigned   by ada", "a\u202eb"):
        ((at, _),) = manifest_faults({**document, "metadata": {**document["metadata"], key: value}})
        assert at == f"/metadata/{key}"


def test_not_endless(case: Case) -> None:
    """Many faults, and large values, are cut."""
    document = _whole(case)
    document["documents"] = [{"path": "/" * 100_000}] * 1000
    found = list(manifest_faults(document))
    assert len(found) == 20
    assert max(len(what) for _, what in found) <= 300

"""``describe.manifestschema``: the schema of a release manifest describes every key, and takes real manifests alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from tests.unit.describe.conftest import INDEX, Case, image, load
from tests.unit.describe.test_manifest import manifest_of
from tests.unit.describe.test_origins import EXAMPLES

from twinbuild.codec.lock import decode_lock
from twinbuild.describe.manifestschema import manifest_schema, manifest_schema_text

COMMITTED = Path(__file__).parents[3] / "docs" / "formats" / "manifest.schema.json"


def test_committed_schema_is_current() -> None:
    """docs/formats/manifest.schema.json is what the models give."""
    assert COMMITTED.read_text(encoding="utf-8") == manifest_schema_text()


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_examples(example: Path) -> None:
    """A real validator finds nothing wrong with the release manifest of an example."""
    lock = decode_lock((example / "release.lock").read_bytes())
    text = (example / "release.yaml").read_text("utf-8")
    images = tuple(image(lock, index) for index in range(len(lock.targets)))
    case = Case(text=text, spec=load(text).spec, lock=lock, images=images)
    document = json.loads(manifest_of(case, commit="0" * 40, indexes=(INDEX,)))
    validator = jsonschema_rs.Draft202012Validator(manifest_schema())
    assert [f"{error.instance_path}: {error.message}" for error in validator.iter_errors(document)] == []


def _without(document: dict[str, Any]) -> None:
    del document["provenance"]


def _extra(document: dict[str, Any]) -> None:
    document["environment"]["targets"][0]["wheels"][0]["url"] = "https://elsewhere.example"


def _short(document: dict[str, Any]) -> None:
    document["environment"]["images"][0]["digest"] = "sha256:00"


def _older(document: dict[str, Any]) -> None:
    document["apiVersion"] = "twinbuild/manifest/v1"


@pytest.mark.parametrize("harm", [_without, _extra, _short, _older])
def test_what_is_none(case: Case, harm: Any) -> None:
    """Missing, further and malformed values are found."""
    document = json.loads(manifest_of(case))
    validator = jsonschema_rs.Draft202012Validator(manifest_schema())
    assert validator.is_valid(document)
    harm(document)
    assert not validator.is_valid(document)


def _objects(schema: Any, where: str) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(schema, dict):
        if "properties" in schema and isinstance(schema["properties"], dict):
            yield where, schema
        for key, value in schema.items():
            yield from _objects(value, f"{where}/{key}")
    elif isinstance(schema, list):
        for index, value in enumerate(schema):
            yield from _objects(value, f"{where}/{index}")


def test_every_key_is_described() -> None:
    """Each object knows all of its keys, and each key has a description."""
    found = list(_objects(manifest_schema(), ""))
    assert len(found) > 60
    for where, schema in found:
        assert schema["additionalProperties"] is False, where
        for key, entry in schema["properties"].items():
            assert entry.get("description", "").strip(), (where, key)

"""``codec.schema``: the committed schema is current and says what the models check."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from twinbuild.codec.schema import schema_text, spec_schema

COMMITTED = Path(__file__).parents[3] / "docs" / "formats" / "release.schema.json"


def test_committed_schema_is_current() -> None:
    """docs/formats/release.schema.json is what the models give."""
    assert COMMITTED.read_text(encoding="utf-8") == schema_text()


def objects() -> dict[str, dict[str, Any]]:
    """Every object of the schema by name."""
    schema: dict[str, Any] = json.loads(schema_text())
    return {"Release": schema, **schema["$defs"]}


def test_every_key_is_described() -> None:
    """Each section, and each key of it, has a title and a description that is a sentence."""
    for name, definition in objects().items():
        assert definition["description"].endswith("."), name
        assert definition["additionalProperties"] is False, name
        for key, entry in definition["properties"].items():
            assert entry["title"] == key
            assert re.search(r"[.)]$", entry["description"]), (name, key)


def test_no_null() -> None:
    """A key that may be left out is not offered as null."""
    for definition in objects().values():
        for entry in definition["properties"].values():
            assert {"type": "null"} not in entry.get("anyOf", [])


def test_dialect_and_rules() -> None:
    """It is 2020-12, and carries patterns, ranges and choices."""
    schema = spec_schema()
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    found = objects()
    assert found["NamedPort"]["properties"]["port"]["maximum"] == 65535
    assert found["BuildOptions"]["properties"]["compression"]["enum"] == ["zstd", "gzip"]
    assert found["Metadata"]["properties"]["name"]["pattern"].startswith("^")
    assert found["Metadata"]["required"] == ["name", "version", "team", "owners"]

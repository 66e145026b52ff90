"""Data schemas: real JSON Schema, nothing fetched, and requests that break them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from twinbuild.trial.schemas import DataSchema, NoSchema

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "fraud-scorer" / "schemas" / "input.json"
GOOD = {
    "transactions": [
        {
            "amount": 950.0,
            "hour": 3,
            "merchant_risk": 0.8,
            "account_age_days": 12,
            "transactions_last_hour": 6,
            "is_foreign": True,
        }
    ]
}


def _schema(document: object) -> DataSchema:
    return DataSchema("schema.json", json.dumps(document).encode())


def test_objections_name_the_place() -> None:
    """The first, as a JSON pointer."""
    schema = DataSchema("input.json", EXAMPLE.read_bytes())
    assert schema.objection(GOOD) == ""
    bad = {"transactions": [GOOD["transactions"][0], {**GOOD["transactions"][0], "hour": 24}]}
    assert schema.objection(bad) == "at /transactions/1/hour 24 is greater than the maximum of 23"
    assert "transactions" in schema.objection({})


def test_requests_that_are_refused() -> None:
    """Made from a good one: a key taken out, a value of another kind."""
    schema = DataSchema("input.json", EXAMPLE.read_bytes())
    found = dict(schema.violations(GOOD))
    assert list(found) == ["without /transactions", "with null at /transactions"]
    assert found["without /transactions"] == {}
    assert all(schema.objection(value) for value in found.values())
    assert GOOD["transactions"][0]["hour"] == 3


def test_violations_deep_down_and_none_at_all() -> None:
    """Where the top allows everything; where all does."""
    inner = {"properties": {"a": {"items": {"required": ["b"], "properties": {"b": {"type": "integer"}}}}}}
    value = {"a": [{"b": 1}]}
    assert dict(_schema(inner).violations(value)) == {
        "without /a/0/b": {"a": [{}]},
        "with null at /a/0/b": {"a": [{"b": None}]},
    }
    assert list(_schema({}).violations(value)) == []


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "no JSON"),
        (b"{", "no JSON"),
        (b'{"type": "string", "type": "object"}', "given twice"),
        (b"[]", "no JSON object"),
        (b'{"type": "objekt"}', "objekt"),
        (b'{"$ref": "http://127.0.0.1:9/other.json"}', "one file"),
        (b'{"$ref": "file:///etc/passwd"}', "one file"),
        (b'{"$ref": "other.json"}', "other.json"),
        (b'{"$ref": "#/$defs/none"}', "none"),
        (b'{"pattern": "("}', "regex"),
    ],
)
def test_what_is_none(content: bytes, reason: str) -> None:
    """Nor is anything fetched."""
    with pytest.raises(NoSchema, match=reason):
        DataSchema("schema.json", content)

"""``describe.policyinput``: the document that rules judge keeps to its schema, and says all that is known."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from fakes.governed import NOW, actor, facts
from twinbuild.describe.policyinput import policy_input, policy_input_schema, policy_input_schema_text
from twinbuild.model.governed import Facts

COMMITTED = Path(__file__).parents[3] / "docs" / "formats" / "policy-input.schema.json"
_ABOVE = {"name", "version", "digest", "stage"}  # in the manifest, and beside the facts
_NAMES = {
    "asked": "approvals_asked",
    "sbom": "sbom_faults",
    "modified": "source_modified",
    "plain": "unencrypted",
    "unclear": "undecided",
}


def _facts_schema() -> dict[str, Any]:
    schema = policy_input_schema()
    found: dict[str, Any] = {**schema["properties"]["facts"], "$defs": schema["$defs"]}
    return found


def test_committed() -> None:
    """The schema of the documentation."""
    assert policy_input_schema_text() == COMMITTED.read_text("utf-8")
    jsonschema_rs.meta.validate(policy_input_schema())


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"deployer": actor("linus", "deployer"), "modified": None, "sbom": None, "licences": None},
        {
            "plain": (("services", "http://x"),),
            "secrets": (("token", "vault:x", None), ("key", "vault:y", 5)),
            "rotations": (("vault:x", 7),),
            "discounted": ("the key …",),
            "unable": "the key …",
            "audited": True,
            "thresholds": (("creator", 2),),
            "tests": (),
        },
    ],
)
def test_schema(changes: dict[str, Any]) -> None:
    """Facts as they are, and nothing that is not stated."""
    document = policy_input(facts(**changes), manifest={}, sbom=None, action="check", at=NOW)
    validator = jsonschema_rs.validator_for(_facts_schema())
    assert validator.is_valid(document["facts"])
    assert not validator.is_valid({**document["facts"], "more": 1})  # type: ignore[dict-item]
    assert document["at"] == {"seconds": NOW, "time": "2027-01-15T08:00:00Z"}
    json.dumps(document)


def test_all_facts() -> None:
    """Whatever a built-in rule sees, one in Rego does."""
    document: Any = policy_input(facts(), manifest={}, sbom=None, action="check", at=NOW)
    known = {_NAMES.get(each.name, each.name) for each in fields(Facts)} - _ABOVE
    assert set(document["facts"]) == known

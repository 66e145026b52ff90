"""``twinbuild policy``: without a trust root nothing is judged, and its schema is that of the documentation."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema_rs
import pytest
import yaml

from fakes.governed import POLICY
from fakes.tool import Tool, tool

__all__ = ["tool"]
COMMITTED = Path(__file__).parents[3] / "docs" / "formats" / "policy.schema.json"


def test_no_trust_root(tool: Tool) -> None:
    """It is said that none is there."""
    Path("trust").mkdir()
    ended = tool("policy", "check", ".", "--trust", "trust", "--stage", "production")
    assert (ended.status, "error[TB8800]" in ended.err) == (2, True)
    assert tool("policy", "check", ".", "--stage", "production").status == 2


@pytest.mark.parametrize("version", ["x", "0", "1@2"])
def test_pins(tool: Tool, version: str) -> None:
    """A version is a number, with a digest or without."""
    ended = tool("policy", "check", ".", "--trust", "trust", "--stage", "production", "--trust-version", version)
    assert (ended.status, "--trust-version" in ended.err) == (2, True)


def test_schema(tool: Tool) -> None:
    """The one that is committed; it takes a policy, and no unknown key."""
    schema = json.loads(tool("schema", "policy").out)
    assert schema == json.loads(COMMITTED.read_text("utf-8"))
    validator = jsonschema_rs.validator_for(schema)
    assert validator.is_valid(yaml.safe_load(POLICY))
    assert not validator.is_valid({**yaml.safe_load(POLICY), "more": 1})

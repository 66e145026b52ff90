from __future__ import annotations

import json

import jsonschema_rs
import pytest
from tests.unit.deploy.test_configuration import TEXT, spec_of

from fakes.deployed import EXAMPLES, example
from twinbuild.deploy.knobschema import values_schema

_KNOBS = """\
  parameters:
    - {name: wait, type: duration, default: 250ms, description: d}
    - {name: cache, type: bytes, default: 1Gi, description: d}
    - {name: colours, type: list, values: [red, blue], default: [red], description: d}
    - {name: free, type: list, default: [], description: d}
    - {name: flag, type: bool, kind: feature_flag, owner: ada, expires: 2027-01-01, default: false, description: d}
    - {name: note, type: string, default: x, description: d}
    - {name: count, type: int, default: 1, description: d}
    - name: decision_threshold
"""
KNOBS_TEXT = TEXT.replace("  parameters:\n    - name: decision_threshold\n", _KNOBS)


@pytest.mark.parametrize("text", [*map(example, EXAMPLES), KNOBS_TEXT], ids=[*EXAMPLES, "every type"])
def test_it_is_a_schema(text: str) -> None:
    """By the meta-schema of the dialect that it names."""
    schema = json.loads(values_schema(spec_of(text)))
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    jsonschema_rs.meta.validate(schema)
    jsonschema_rs.Draft202012Validator(schema)
    schema["properties"] |= {"broken": {"type": "integer", "minimum": "1"}}
    assert not jsonschema_rs.meta.is_valid(schema)


@pytest.mark.parametrize(
    ("values", "fits"),
    [
        ({}, True),
        ({"wait": "1s", "cache": "512Mi", "colours": ["blue"], "flag": True}, True),
        ({"wait": "1 s"}, False),
        ({"wait": 1}, False),
        ({"cache": "512MB"}, False),
        ({"colours": ["green"]}, False),
        ({"flag": "true"}, False),
        ({"open_files": 2**53 - 1}, False),
        ({"note": "x" * 4096, "count": 2**53 - 1}, True),
        ({"note": "x" * 4097}, False),
        ({"note": "a\0"}, False),
        ({"free": ["a", 1, True]}, True),
        ({"free": ["a\0"]}, False),
        ({"free": [1] * 1366}, False),
        ({"count": 2**53}, False),
        ({"count": -(2**53)}, False),
    ],
)
def test_types(values: dict[str, object], fits: bool) -> None:
    """Each type has its own schema."""
    schema = json.loads(values_schema(spec_of(KNOBS_TEXT)))
    assert jsonschema_rs.is_valid(schema, values) is fits


def test_rules_are_told() -> None:
    """What a schema can't check stands in it as a comment."""
    assert "log_level != 'debug' or batch_limit <= 256" in json.loads(values_schema(spec_of()))["$comment"]

"""The JSON Schema (2020-12) of a release's configuration, for editors, charts and pipelines."""

from __future__ import annotations

import json
from typing import Any, Final

from twinbuild.codec.canonical import to_json
from twinbuild.model.knobs import LARGEST, LONGEST
from twinbuild.model.spec.knob import Knob
from twinbuild.model.spec.release import ReleaseSpec
from twinbuild.model.spec.values import duration_pattern, quantity_pattern

__all__ = ["values_schema"]

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_NO_NUL: Final = r"^[^\u0000]*$"  # no environment variable can hold one
_TYPES: Final[dict[str, dict[str, Any]]] = {
    "int": {"type": "integer", "minimum": -LARGEST, "maximum": LARGEST},
    "float": {"type": "number"},
    "bool": {"type": "boolean"},
    "string": {"type": "string", "maxLength": LONGEST, "pattern": _NO_NUL},
    "enum": {"type": "string"},
    "duration": {"type": "string", "pattern": f"^{duration_pattern.pattern}$"},
    "bytes": {"type": "string", "pattern": f"^{quantity_pattern.pattern}$"},
    # The text of a list has a bound: each item has at least one character, and two more but for the first.
    "list": {
        "type": "array",
        "maxItems": LONGEST // 3,
        "items": {"type": ["string", "number", "boolean"], "maxLength": LONGEST - 4, "pattern": _NO_NUL},
    },
}


def values_schema(spec: ReleaseSpec) -> bytes:
    """What an object of values by knob must be. Rules between knobs stand in ``$comment``: no schema can say them.

    Nor can it tell 1.0 from 1, order durations and amounts, or bound the text of a list but by its items; the
    entrypoint and `twinbuild check-config` do.
    """
    rules = "; ".join(f"{rule.name}: {rule.rule}" for rule in spec.configuration.rules)
    schema = {
        "$schema": _DIALECT,
        "title": f"Configuration of {spec.metadata.name} {spec.metadata.version}",
        **({"$comment": f"Rules between knobs: {rules}"} if rules else {}),
        "type": "object",
        "additionalProperties": False,
        "properties": {knob.name: _property(knob) for knob in spec.configuration.parameters},
    }
    return (json.dumps(schema, indent=2, ensure_ascii=False) + "\n").encode()


def _property(knob: Knob) -> dict[str, object]:
    schema: dict[str, object] = dict(_TYPES[knob.type])
    if knob.values and knob.type == "enum":
        schema["enum"] = list(knob.values)
    elif knob.values:
        schema["items"] = {"enum": list(knob.values)}
    if knob.type in ("int", "float"):  # of durations and bytes no schema knows an order
        definition = knob.definition
        schema |= {key: definition[key] for key in ("minimum", "maximum") if definition[key] is not None}
    schema["default"] = to_json(knob.default)
    schema["description"] = f"{knob.description} ({knob.unit})" if knob.unit else knob.description
    return schema

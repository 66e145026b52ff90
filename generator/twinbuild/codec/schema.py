"""The JSON Schemas of ``release.yaml`` and ``policy.yaml``, for editors.

Descriptions are the docstrings that stand below each field.

They are read from the source only here: reading them whenever the models are imported took longer than importing them.
"""

from __future__ import annotations

import ast
import inspect
import json
import sys
import textwrap
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

from twinbuild.model.policy import OrganisationPolicy
from twinbuild.model.spec import ReleaseSpec
from twinbuild.model.spec.base import Section
from twinbuild.model.spec.extends import REFERENCE

__all__ = ["field_descriptions", "policy_schema", "policy_schema_text", "schema_text", "spec_schema"]

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


class _Generator(GenerateJsonSchema):
    """Lists in the order of the models, so that a changed schema is a small difference."""

    def sort(self, value: JsonSchemaValue, parent_key: str | None = None) -> JsonSchemaValue:  # noqa: ARG002  # the base's
        """Keep the order as it is."""
        return value


def field_descriptions(model: type[BaseModel]) -> dict[str, str]:
    """The docstring below each field of a model's own class body, on one line."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(model)))
    definition = tree.body[0]
    assert isinstance(definition, ast.ClassDef)
    found: dict[str, str] = {}
    for field, below in zip(definition.body, definition.body[1:], strict=False):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(below, ast.Expr)
            and isinstance(below.value, ast.Constant)
            and isinstance(below.value.value, str)
        ):
            found[field.target.id] = " ".join(below.value.value.split())
    return found


def spec_schema() -> dict[str, object]:
    """The schema (JSON Schema 2020-12) of a spec, with a title and a description for each key."""
    schema = _described(ReleaseSpec)
    extends = schema["properties"]["extends"]
    text = {"type": "string", "pattern": f"^{REFERENCE}$"}
    schema["properties"]["extends"] = {"anyOf": [{"$ref": extends.pop("$ref")}, text], **extends}
    schema["title"] = "Release"
    return {"$schema": _DIALECT, "$comment": "Written by `twinbuild schema`.", **schema}


def policy_schema() -> dict[str, object]:
    """The schema of an organisation's policy, likewise."""
    schema = _described(OrganisationPolicy)
    schema["title"] = "Policy"
    return {"$schema": _DIALECT, "$comment": "Written by `twinbuild schema policy`.", **schema}


def _described(model: type[Section]) -> dict[str, Any]:
    schema: dict[str, Any] = model.model_json_schema(by_alias=True, schema_generator=_Generator)
    sections = {section.__name__: section for section in _sections(model)}
    definitions = schema.get("$defs", {})
    for name, definition in [(model.__name__, schema), *definitions.items()]:
        section = sections[name]
        descriptions = field_descriptions(section)
        definition["description"] = inspect.cleandoc(section.__doc__ or "")
        for key, field in section.model_fields.items():
            entry = _without_null(definition["properties"][field.alias or key])
            entry["title"] = field.alias or key
            entry["description"] = descriptions[key]
            definition["properties"][field.alias or key] = entry
    if definitions:  # pydantic orders them by which model happened to be used first
        schema["$defs"] = dict(sorted(definitions.items()))
    return schema


def _without_null(entry: dict[str, object]) -> dict[str, object]:
    """An optional key is left out, never given as null."""
    choices = entry.get("anyOf")
    if isinstance(choices, list) and {"type": "null"} in choices:
        rest = [choice for choice in choices if choice != {"type": "null"}]
        assert len(rest) == 1
        return {**rest[0], **{key: value for key, value in entry.items() if key not in ("anyOf", "default")}}
    return entry


def schema_text() -> str:
    """The schema as the text of a file."""
    return _text(spec_schema())


def policy_schema_text() -> str:
    """The policy's schema as the text of a file."""
    return _text(policy_schema())


def _text(schema: dict[str, object]) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _sections(model: type[Section]) -> list[type[Section]]:
    found: list[type[Section]] = []
    pending = [Section]
    while pending:
        below = pending.pop().__subclasses__()
        pending += below
        found += below
    prefix = ReleaseSpec.__module__.rpartition(".")[0] if model is ReleaseSpec else model.__module__
    return [section for section in found if section.__module__.startswith(prefix) and section.__module__ in sys.modules]

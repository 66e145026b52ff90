"""The JSON Schema of ``manifest.json``: the spec's own, with what tools add to a release manifest."""

from __future__ import annotations

import json
from typing import Any

from twinbuild.codec.schema import spec_schema
from twinbuild.describe.manifest import MANIFEST_VERSION
from twinbuild.describe.partschemas import OPTIONAL, SCHEMAS
from twinbuild.describe.shapes import SHA256, SIZE

__all__ = ["manifest_schema", "manifest_schema_text"]


def manifest_schema() -> dict[str, Any]:
    """The schema (JSON Schema 2020-12) of the newest version of a release manifest."""
    schema: dict[str, Any] = json.loads(json.dumps(spec_schema()))
    properties = schema["properties"]
    properties["apiVersion"] = {
        "type": "string",
        "const": MANIFEST_VERSION,
        "title": "apiVersion",
        "description": "Version of this format.",
    }
    properties["kind"] = {
        "type": "string",
        "const": "ReleaseManifest",
        "title": "kind",
        "description": "Kind of document.",
    }
    (reference, _) = properties["extends"].pop("anyOf")  # a manifest has the mapping, however the spec says it
    properties["extends"] = {**reference, **properties["extends"]}
    for at, part in SCHEMAS.items():
        where = schema
        for step in at[:-1]:
            where = _resolved(schema, where["items"] if step == "*" else where["properties"][step])
        where["properties"][at[-1]] = {"title": at[-1], **part}
        if at not in OPTIONAL:
            where["required"] = [*dict.fromkeys((*where.get("required", ()), at[-1]))]
    artifact = _resolved(schema, _resolved(schema, properties["model"])["properties"]["artifacts"]["items"])
    artifact["required"] = [*dict.fromkeys((*artifact.get("required", ()), "sha256", "size"))]
    for key, exact in (("sha256", SHA256), ("size", SIZE)):
        artifact["properties"][key] = {"title": key, **exact, "description": artifact["properties"][key]["description"]}
    schema["required"] = [key for key in properties if key not in ("extends", "licences")]  # few state them
    schema["title"] = "ReleaseManifest"
    schema["description"] = "A release of a model, as it was built: everything that was decided."
    schema["$comment"] = "Written by `twinbuild schema manifest`."
    return schema


def manifest_schema_text() -> str:
    """The schema as the text of a file."""
    return json.dumps(manifest_schema(), indent=2, ensure_ascii=False) + "\n"


def _resolved(schema: dict[str, Any], entry: dict[str, Any]) -> dict[str, Any]:
    reference = entry.get("$ref")
    found: dict[str, Any] = schema["$defs"][reference.rpartition("/")[2]] if reference else entry
    return found

"""In what a document that calls itself a release manifest is none: its format, and what its parts say of each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from twinbuild.codec.canonical import Json
from twinbuild.codec.findings import pointer
from twinbuild.describe.manifest import MANIFEST_VERSION
from twinbuild.describe.manifestschema import manifest_schema
from twinbuild.describe.shapes import PATH, SHA256, SIZE, digest, whole

if TYPE_CHECKING:  # start-up is measured
    from jsonschema_rs import Validator

__all__ = ["LOCK", "manifest_faults"]

LOCK: Final = "release.lock"
_MOST: Final = 20  # faults that are told of one document
_LONGEST: Final = 300  # characters of one
_SECTIONS: Final = ("metadata", "source", "model", "environment", "dependencies", "configuration", "serving", "tests")


def _each(*texts: str, **more: Json) -> dict[str, Json]:
    """A list of objects, each with these texts and what else is asked."""
    keys: dict[str, Json] = {**{name: {"type": "string"} for name in texts}, **more}
    return {"type": "array", "items": {"type": "object", "required": [*keys], "properties": keys}}


_NAME: Final[dict[str, Json]] = {"type": "string", "pattern": r"^\P{C}*$"}  # it is printed: nothing steers a terminal
# Version 1 had no schema of its own; this is what is read of it.
_FIRST: Final[dict[str, Any]] = {
    "type": "object",
    "required": [*_SECTIONS, "generator", "verification", "documents"],
    "properties": {
        **{section: {"type": "object"} for section in _SECTIONS},
        "generator": {"type": "object"},
        "metadata": {
            "type": "object",
            "required": ["name", "version", "source_date_epoch"],
            "properties": {"name": _NAME, "version": _NAME},
        },
        "source": {
            "type": "object",
            "required": ["digest", "files", "target"],
            "properties": {"files": _each("path", sha256=SHA256), "target": {"type": "string"}},
        },
        "environment": {
            "type": "object",
            "required": ["images", "targets"],
            "properties": {
                "images": {
                    "type": "array",
                    "minItems": 1,
                    "items": {
                        "type": "object",
                        "required": ["variant", "platform", "digest", "layers"],
                        "properties": {
                            "variant": _NAME,
                            "platform": _NAME,
                            "digest": digest(""),
                            "layers": _each("title", digest=digest("")),
                        },
                    },
                },
                "targets": {
                    "type": "array",
                    "minItems": 1,
                    "items": {
                        "type": "object",
                        "required": ["variant", "platform"],
                        "properties": {"variant": _NAME, "platform": _NAME},
                    },
                },
                "indexes": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["variant", "digest"],
                        "properties": {"variant": _NAME, "digest": digest("")},
                    },
                },
            },
        },
        "dependencies": {"type": "object", "required": ["lock"], "properties": {"lock": digest("")}},
        "model": {
            "type": "object",
            "properties": {"artifacts": _each("name", target={"type": "string", "pattern": "^/"}, sha256=SHA256)},
        },
        "verification": {
            "type": "object",
            "required": ["builds"],
            "properties": {
                "builds": whole("", least=1),
                "verdict": {"const": "identical"},
                "variations": _each("name"),
            },
        },
        "tests": {"type": "object", "properties": {"images": _each("variant", "platform", "verdict")}},
        "governance": {"type": "object", "properties": {"approvals": whole("")}},
        "publish": {
            "type": "object",
            "properties": {"repositories": {"type": "object", "additionalProperties": {"type": "string"}}},
        },
        "secrets": _each("name"),
        "documents": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["path", "sha256", "size"],
                "properties": {"path": PATH, "sha256": SHA256, "size": SIZE},
            },
        },
    },
}


def manifest_faults(document: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
    """Each fault: a JSON pointer, and what is wrong there. None: it has everything that its version has.

    ``document`` is what ``codec.manifest`` read, of any version that it reads.
    """
    found = 0
    for error in _validator(newest=document.get("apiVersion") == MANIFEST_VERSION).iter_errors(document):
        yield pointer(tuple(error.instance_path)), error.message[:_LONGEST]
        found += 1
        if found == _MOST:
            return
    if not found:
        yield from _contradictions(document)


@cache  # writing the schema takes a quarter of a second
def _validator(*, newest: bool) -> Validator:
    import jsonschema_rs  # late: start-up is measured

    return jsonschema_rs.validator_for(manifest_schema() if newest else _FIRST)


def _contradictions(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What a schema can't say. The document keeps its own."""
    covered: dict[str, str] = {}
    for index, file in enumerate(document["documents"]):
        if file["path"] in covered:
            yield f"/documents/{index}/path", f"{file['path'][:_LONGEST]} is named twice"
        covered[file["path"]] = f"sha256:{file['sha256']}"
    lock = document["dependencies"]["lock"]
    if covered.get(LOCK) != lock:
        said = covered.get(LOCK, "no digest")
        yield "/documents", f"{LOCK} has {said} here, and {lock} at /dependencies/lock"
    environment = document["environment"]
    for key in ("images", "targets"):
        places = [(each.get("variant"), each.get("platform")) for each in environment[key]]
        for index, place in enumerate(places):
            if place in places[:index]:
                yield f"/environment/{key}/{index}", f"variant {place[0]} on {place[1]} is there twice"
    targets = {(each.get("variant"), each.get("platform")) for each in environment["targets"]}
    for index, image in enumerate(environment["images"]):
        if (image["variant"], image["platform"]) not in targets:
            yield f"/environment/images/{index}", "no target says what this image is made of"

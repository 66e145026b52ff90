"""Which keys a document may have, from its JSON Schema: enough to tell a key that is misspelt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["Shape", "shape_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Keys that are known, the shape of items, and whether there are no other keys (``closed``)."""

    title: str
    known: tuple[tuple[str, Shape], ...] = ()
    items: Shape | None = None
    closed: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """Keys that are known."""
        return tuple(name for name, _ in self.known)

    def key(self, name: str) -> Shape | None:
        """What lies under a key; None for one that is not known."""
        return next((shape for key, shape in self.known if key == name), None)


def shape_of(schema: Any, *, title: str = "input", within: Any = None, depth: int = 14) -> Shape:
    """The shape that a schema states. What is said in other words (anyOf of two objects, patterns) is left open."""
    root = schema if within is None else within
    schema = _plain(schema, root)
    if depth == 0 or not isinstance(schema, dict):
        return Shape(title=title)
    known = tuple(
        (name, shape_of(each, title=f"{title}.{name}", within=root, depth=depth - 1))
        for name, each in schema.get("properties", {}).items()
    )
    below = schema.get("items")
    if not isinstance(below, dict):
        below = schema.get("additionalProperties")
    items = (
        shape_of(below, title=f"{title}[_]", within=root, depth=depth - 1)
        if isinstance(below, dict) and below
        else None
    )
    closed = schema.get("type") in ("object", ["object", "null"]) and schema.get("additionalProperties") is False
    return Shape(title=title, known=known, items=items, closed=closed and "patternProperties" not in schema)


def _plain(schema: Any, root: Any) -> Any:
    """A schema with its reference followed, and without the "or null" around it."""
    for _ in range(8):
        if not isinstance(schema, dict):
            return schema
        if "$ref" in schema:
            found = root
            for part in str(schema["$ref"]).removeprefix("#").split("/")[1:]:
                found = found.get(part, {}) if isinstance(found, dict) else {}
            schema = found
            continue
        choices = [each for each in schema.get("anyOf", ()) if each != {"type": "null"}]
        if len(choices) == 1:
            schema = choices[0]
            continue
        return {} if choices else schema
    return {}

"""``codec.rego.shape``: what a schema says of keys."""

from __future__ import annotations

from twinbuild.codec.rego.shape import Shape, shape_of

SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "list": {"type": "array", "items": {"$ref": "#/$defs/Item"}},
        "maybe": {"anyOf": [{"$ref": "#/$defs/Item"}, {"type": "null"}]},
        "either": {"anyOf": [{"$ref": "#/$defs/Item"}, {"type": "object"}]},
        "labels": {"type": "object", "additionalProperties": {"type": "string"}},
        "free": {},
        "again": {"$ref": "#"},
    },
    "$defs": {"Item": {"type": "object", "additionalProperties": False, "properties": {"name": {"type": "string"}}}},
}


def test_shape() -> None:
    """Closed where no other key is allowed; open where more than one thing may stand."""
    shape = shape_of(SCHEMA)
    item = Shape(title="input.maybe", known=(("name", Shape(title="input.maybe.name")),), closed=True)
    assert (shape.closed, shape.key("nothing"), shape.key("maybe")) == (True, None, item)
    several = shape.key("list")
    assert several is not None
    assert several.items is not None
    assert (several.items.title, several.items.names, several.items.closed) == ("input.list[_]", ("name",), True)
    for name in ("either", "labels", "free"):
        found = shape.key(name)
        assert found is not None
        assert (found.closed, found.names) == (False, ())


def test_endless() -> None:
    """What refers to itself ends somewhere, open."""
    shape: Shape | None = shape_of(SCHEMA, depth=4)
    for _ in range(4):
        assert shape is not None
        shape = shape.key("again")
    assert shape == Shape(title="input.again.again.again.again")
    assert shape_of({"$ref": "#"}) == Shape(title="input")
    assert shape_of({"$ref": "#/$defs/No"}) == Shape(title="input")

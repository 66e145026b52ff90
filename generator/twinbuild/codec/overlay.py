"""Overlays: a spec, and files that change parts of it, as one tree whose nodes keep their own places.

The rules, applied to each overlay in the order given:

1. Mappings merge by key. A key that only one side has is kept.
2. Lists whose entries all have a `name` merge by it: an entry of that name is merged, a new one is put at the end.
3. Any other list replaces the older one, and so does any scalar.
4. `null` deletes a key, which must be there.
5. `$patch: replace` in a mapping replaces the older mapping instead of merging; `$patch: delete` in an entry of a list
   that merges by name deletes the entry, which must be there.
6. A mapping, a list and a scalar never replace each other without `$patch` or a deletion in an overlay before.

An overlay names no other file, so there can be no cycle.
"""

from __future__ import annotations

from collections.abc import Callable

from twinbuild.codec.nodes import MappingNode, Mark, Node, ScalarNode, SequenceNode

__all__ = ["Refuse", "merge"]

Refuse = Callable[[str, str, str, Mark], None]
"""Takes code, message, remedy and place of what is wrong."""

_CODE = "TB1125"


def merge(base: MappingNode, overlay: MappingNode, refuse: Refuse) -> MappingNode:
    """The base with the overlay's changes. What breaks a rule goes to ``refuse`` and changes nothing."""
    return _mapping(base, overlay, refuse)


def _mapping(base: MappingNode, overlay: MappingNode, refuse: Refuse) -> MappingNode:
    patch = _patch(overlay, refuse)
    if patch == "replace":
        fresh = _fresh(overlay, refuse)
        assert isinstance(fresh, MappingNode)
        return fresh
    entries = {key.text: (key, node) for key, node in base.entries}
    for key, node in overlay.entries:
        if key.text == "$patch":
            continue
        older = entries.get(key.text)
        if isinstance(node, ScalarNode) and node.plain and node.value is None:
            if older is None:
                message = f"there is no {key.text!r} to delete"
                refuse(_CODE, message, "give it a value, or take the line out", key.mark)
            entries.pop(key.text, None)
        elif older is None:
            entries[key.text] = (key, _fresh(node, refuse))
        else:
            entries[key.text] = (key, _node(older[1], node, refuse))
    return MappingNode(mark=base.mark, entries=tuple(entries.values()))


def _node(base: Node, overlay: Node, refuse: Refuse) -> Node:
    if isinstance(base, MappingNode) and isinstance(overlay, MappingNode):
        return _mapping(base, overlay, refuse)
    if isinstance(base, SequenceNode) and isinstance(overlay, SequenceNode):
        if base.items and overlay.items and _named(base) and _named(overlay):
            return _entries(base, overlay, refuse)
        return _fresh(overlay, refuse)
    if type(base) is not type(overlay):
        refuse(
            _CODE,
            f"{_kind(overlay)} cannot replace {_kind(base)} (at {base.mark.file}:{base.mark.line})",
            "give a value of the same kind, or delete the key in an overlay before this one",
            overlay.mark,
        )
        return base
    return overlay


def _entries(base: SequenceNode, overlay: SequenceNode, refuse: Refuse) -> SequenceNode:
    items = list(base.items)
    places = {_name(item): index for index, item in reversed(list(enumerate(items)))}
    deleted: set[int] = set()
    given: set[str] = set()
    for item in overlay.items:
        assert isinstance(item, MappingNode)
        name = _name(item)
        if name in given:
            refuse(_CODE, f"the overlay gives {name!r} twice", "keep one of the two", item.mark)
            continue
        given.add(name)
        place = places.get(name)
        if _patch(item, refuse, "delete", "replace") == "delete":
            if place is None:
                refuse(_CODE, f"there is no {name!r} to delete", "correct the name, or take the entry out", item.mark)
            else:
                deleted.add(place)
        elif place is None:
            items.append(_fresh(item, refuse))
        else:
            items[place] = _node(items[place], item, refuse)
    return SequenceNode(mark=base.mark, items=tuple(item for index, item in enumerate(items) if index not in deleted))


def _fresh(node: Node, refuse: Refuse) -> Node:
    """A part that only the overlay has: there is nothing in it to delete or to replace."""
    if isinstance(node, MappingNode):
        _patch(node, refuse)
        return MappingNode(
            mark=node.mark,
            entries=tuple((key, _fresh(item, refuse)) for key, item in node.entries if key.text != "$patch"),
        )
    if isinstance(node, SequenceNode):
        return SequenceNode(mark=node.mark, items=tuple(_fresh(item, refuse) for item in node.items))
    return node


def _patch(node: MappingNode, refuse: Refuse, *allowed: str) -> str:
    value = node.get("$patch")
    if value is None:
        return ""
    allowed = allowed or ("replace",)
    if isinstance(value, ScalarNode) and value.text in allowed:
        return value.text
    refuse(_CODE, "$patch cannot be this here", f"write $patch: {' or '.join(allowed)}", value.mark)
    return ""


def _named(node: SequenceNode) -> bool:
    return all(isinstance(item, MappingNode) and isinstance(item.get("name"), ScalarNode) for item in node.items)


def _name(node: Node) -> str:
    assert isinstance(node, MappingNode)
    name = node.get("name")
    assert isinstance(name, ScalarNode)
    return name.text


def _kind(node: Node) -> str:
    return {"MappingNode": "a mapping", "SequenceNode": "a list", "ScalarNode": "a single value"}[type(node).__name__]

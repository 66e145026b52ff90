"""A YAML document as a tree of nodes: plain values with the place at which each was written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from twinbuild.model.spec.frozen import PlainDate

__all__ = ["MappingNode", "Mark", "Node", "Scalar", "ScalarNode", "SequenceNode", "find", "walk"]

Scalar = None | bool | int | float | str | PlainDate


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A place in a file: line and column from 1, in characters, and how many columns to mark."""

    file: str
    line: int
    column: int
    width: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalarNode:
    """A scalar: its text, its value by the rules of ``codec.scalars``, and whether it stood without quotes."""

    mark: Mark
    text: str
    value: Scalar
    plain: bool

    def to_python(self) -> Scalar:
        """The value."""
        return self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class SequenceNode:
    """A list."""

    mark: Mark
    items: tuple[Node, ...]

    def to_python(self) -> list[object]:
        """The value as plain Python."""
        return [item.to_python() for item in self.items]


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingNode:
    """A mapping: keys in the order of the file, each with its own node."""

    mark: Mark
    entries: tuple[tuple[ScalarNode, Node], ...]

    def get(self, key: str) -> Node | None:
        """The node of a key."""
        for name, node in self.entries:
            if name.text == key:
                return node
        return None

    def key(self, key: str) -> ScalarNode | None:
        """The node of the key itself."""
        for name, _ in self.entries:
            if name.text == key:
                return name
        return None

    def to_python(self) -> dict[str, object]:
        """The value as plain Python."""
        return {name.text: node.to_python() for name, node in self.entries}


Node = ScalarNode | SequenceNode | MappingNode
Path = tuple[int | str, ...]


def find(root: Node, path: Path) -> tuple[Node, Path]:
    """The deepest node of ``root`` on ``path``, and the part of the path that led to it.

    Steps that fit nowhere, such as the tag of a union, are passed over.
    """
    node: Node = root
    taken: list[int | str] = []
    for step in path:
        below: Node | None = None
        if isinstance(node, MappingNode) and isinstance(step, str):
            below = node.get(step)
        elif isinstance(node, SequenceNode) and isinstance(step, int) and 0 <= step < len(node.items):
            below = node.items[step]
        if below is not None:
            node = below
            taken.append(step)
    return node, tuple(taken)


def walk(root: Node, path: Path = ()) -> Iterator[tuple[Path, Node]]:
    """Every node with its path, parents first, in the order of the file."""
    yield path, root
    if isinstance(root, SequenceNode):
        for index, item in enumerate(root.items):
            yield from walk(item, (*path, index))
    elif isinstance(root, MappingNode):
        for key, node in root.entries:
            yield from walk(node, (*path, key.text))

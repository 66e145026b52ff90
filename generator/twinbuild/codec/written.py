"""Where each value of a spec was written: in which of its files, at which JSON pointer.

Lines, columns, comments and the order of keys are no part of the answer, so that they change no digest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from twinbuild.codec.nodes import MappingNode, Mark, Node, Path, ScalarNode, walk
from twinbuild.codec.spec import LoadedSpec

__all__ = ["Written", "written_values"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A value's place: a file, by the name that it has in the project, and the path to the value in that file."""

    file: str
    path: Path


def written_values(loaded: LoadedSpec, names: Mapping[str, str]) -> dict[Path, Written]:
    """Every scalar and every empty list or mapping of the merged spec, by its path in it.

    ``names`` gives each file's name in the project for the name under which it was read. An entry of a list may have
    another index in its own file than in the merged spec.
    """
    places: dict[tuple[Mark, type[Node]], Written] = {}
    for name, root in loaded.files:
        for path, node in walk(root):
            # `extends` as a text was read as a mapping: the text is what stands there
            told = isinstance(node, ScalarNode) and (node.mark, MappingNode) in places
            places[node.mark, type(node)] = Written(file=names[name], path=path[:-1] if told else path)
    return {path: places[node.mark, type(node)] for path, node in walk(loaded.root) if _is_leaf(node)}


def _is_leaf(node: Node) -> bool:
    return isinstance(node, ScalarNode) or not (node.entries if isinstance(node, MappingNode) else node.items)

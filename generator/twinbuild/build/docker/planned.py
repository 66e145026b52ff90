"""Which paths a planned layer has: from its recipe and the store, without building it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final

from twinbuild.build.interpreter import Workshop
from twinbuild.build.outputs import places
from twinbuild.build.recipes import layer_entries
from twinbuild.model.plan import ApplicationRecipe, LayerDerivation, StepRecipe, WheelsRecipe
from twinbuild.model.tree import Directory
from twinbuild.ports import Store

__all__ = ["Claims", "claims_of"]

_BYTECODE: Final = re.compile(r"(?P<directory>(?:.*/)?)__pycache__/(?P<name>[^/]+)\.cpython-3[0-9]+\.pyc")


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """The paths of one layer. ``compiled`` are sources beside which a file of byte code may lie."""

    files: frozenset[str]  # that must be there: files and links
    directories: frozenset[str]
    compiled: frozenset[str] = frozenset()
    trees: tuple[str, ...] = ()  # directories, with a slash at the end, below which anything may lie

    def may_have(self, path: str) -> bool:
        """Whether a file or directory of that path may lie in this layer, where no other plans it."""
        return path.startswith(self.trees) if self.trees else False

    def has(self, path: str) -> bool:
        """Whether a file of that path lies in this layer."""
        if path in self.files:
            return True
        match = _BYTECODE.fullmatch(path) if self.compiled else None
        return match is not None and f"{match['directory']}{match['name']}.py" in self.compiled


def claims_of(layer: LayerDerivation, store: Store, workshop: Workshop) -> Claims:
    """The claims of a layer. Raises as ``layer_entries``."""
    recipe = layer.recipe
    if isinstance(recipe, StepRecipe):
        return Claims(
            files=frozenset(output.path for output in recipe.outputs if not output.directory),
            directories=frozenset(places(recipe)),
            trees=tuple(f"{output.path}/" for output in recipe.outputs if output.directory),
        )
    bytecode = isinstance(recipe, (WheelsRecipe, ApplicationRecipe)) and recipe.bytecode is not None
    if isinstance(recipe, (WheelsRecipe, ApplicationRecipe)):
        layer = replace(layer, recipe=replace(recipe, bytecode=None))
    with layer_entries(layer, store, workshop) as entries:
        found = tuple(entries)
    files = frozenset(entry.path for entry in found if not isinstance(entry, Directory))
    return Claims(
        files=files,
        directories=frozenset(entry.path for entry in found if isinstance(entry, Directory)),
        compiled=frozenset(path for path in files if path.endswith(".py")) if bytecode else frozenset(),
    )

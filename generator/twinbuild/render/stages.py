"""Build steps as stages of a Dockerfile: which there are, and what each is given."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from twinbuild.model.plan import Derivation, LayerDerivation, StepRecipe

__all__ = ["Stage", "stages_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A step: its layer, and whether its outputs are part of the image."""

    layer: LayerDerivation
    recipe: StepRecipe
    image: bool

    @property
    def root(self) -> str:
        """The name of the stage that is its root file system."""
        return f"step-root-{self.recipe.step}"

    @property
    def earlier(self) -> tuple[str, ...]:
        """The names of the steps whose outputs it sees."""
        return tuple(_recipe(layer).step for layer in self.recipe.steps)


def stages_of(derivation: Derivation) -> tuple[Stage, ...]:
    """Every step that the image needs, each once, after those that it needs itself."""
    ours = {layer for layer in derivation.layers if isinstance(layer.recipe, StepRecipe)}
    found: dict[LayerDerivation, None] = {}
    for layer in derivation.layers:
        if layer in ours:
            found |= dict.fromkeys(_with_earlier(layer))
    return tuple(Stage(layer=layer, recipe=_recipe(layer), image=layer in ours) for layer in found)


def _with_earlier(layer: LayerDerivation) -> Iterator[LayerDerivation]:
    for below in _recipe(layer).steps:
        yield from _with_earlier(below)
    yield layer


def _recipe(layer: LayerDerivation) -> StepRecipe:
    assert isinstance(layer.recipe, StepRecipe), "a step"
    return layer.recipe

"""Build steps as stages: each once, after those that it needs."""

from __future__ import annotations

from dataclasses import replace

from twinbuild.model.plan import LayerDerivation, StepRecipe
from twinbuild.render.stages import stages_of
from unit.pipeline.plan.test_steps import GOOD, load, locked, plan


def _named(layer: LayerDerivation, name: str, *earlier: LayerDerivation) -> LayerDerivation:
    assert isinstance(layer.recipe, StepRecipe)
    return replace(layer, recipe=replace(layer.recipe, step=name, steps=earlier))


def test_order() -> None:
    """What only another step needs is a stage, too, and comes first; nothing is there twice."""
    spec = load(GOOD)
    (derivation,) = plan(spec, locked(spec)).derivations
    some = next(layer for layer in derivation.layers if isinstance(layer.recipe, StepRecipe))
    hidden = _named(some, "hidden")
    first, second = _named(some, "first", hidden), _named(some, "second", hidden, _named(some, "first", hidden))
    found = stages_of(replace(derivation, layers=(second, first)))
    assert [stage.recipe.step for stage in found] == ["hidden", "first", "second"]
    assert [stage.image for stage in found] == [False, True, True]
    assert found[2].earlier == ("hidden", "first")
    assert found[0].root == "step-root-hidden"
    assert stages_of(replace(derivation, layers=())) == ()

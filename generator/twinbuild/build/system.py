"""The operating system's layer: packages of the store → entries, with the effects of their maintainer scripts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from twinbuild.build.debs import opened_debs
from twinbuild.build.interpreter import Workshop
from twinbuild.build.scripts import scripts_runner
from twinbuild.debian.hermetic import RUNNER
from twinbuild.debian.scripts import effects_digest
from twinbuild.debian.system import assemble
from twinbuild.errors import BuildError
from twinbuild.model.digest import Digest
from twinbuild.model.plan import DebianRecipe, DebInput, ScriptedDebianRecipe
from twinbuild.model.platform import Platform
from twinbuild.model.tree import Entry
from twinbuild.ports import Store

__all__ = ["require_effects", "require_runner", "system_entries"]


@contextmanager
def system_entries(
    recipe: DebianRecipe, platform: Platform, store: Store, workshop: Workshop, *, epoch: int
) -> Iterator[Iterable[Entry]]:
    """The entries of a recipe's layer; their contents can be read while the context is open.

    Raises BuildError TB5012 where the recipe was made with another catalogue of script effects, or with scripts run in
    another way; else as ``assemble`` and ``ScriptRunner``.
    """
    require_effects(recipe.debs, recipe.effects)
    with opened_debs(recipe.debs, store) as packages:
        if not isinstance(recipe, ScriptedDebianRecipe):
            yield assemble(packages, recipe.debs, platform=platform, user=recipe.user)
            return
        require_runner(recipe.runner)
        with scripts_runner(workshop.runner, workshop.directory, epoch=epoch) as perform:
            handled = frozenset(script.sha256 for script in recipe.scripts)
            yield assemble(packages, recipe.debs, platform=platform, user=recipe.user, handled=handled, perform=perform)


def require_effects(debs: Iterable[DebInput], effects: Digest) -> None:
    """Raise BuildError TB5012 unless this installation knows of the packages' scripts what the plan relies on."""
    have = effects_digest(deb.name for deb in debs)
    if effects != have:
        raise _other(f"script effects {effects}", str(have))


def require_runner(runner: str) -> None:
    """Raise BuildError TB5012 unless scripts run here as the plan relies on."""
    if runner != RUNNER:
        raise _other(f"scripts run as {runner}", RUNNER)


def _other(wanted: str, have: str) -> BuildError:
    return BuildError.of(
        "TB5012",
        f"the plan relies on {wanted}, but this installation has {have}",
        hint="install the version of twinbuild that made the plan, or plan again",
    )

"""The operating system's layer: packages of the store → entries, with the effects of their maintainer scripts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from twinbuild.build.debs import opened_debs
from twinbuild.debian.scripts import effects_digest
from twinbuild.debian.system import assemble
from twinbuild.errors import BuildError
from twinbuild.model.plan import DebianRecipe
from twinbuild.model.platform import Platform
from twinbuild.model.tree import Entry
from twinbuild.ports import Store

__all__ = ["system_entries"]


@contextmanager
def system_entries(recipe: DebianRecipe, platform: Platform, store: Store) -> Iterator[Iterable[Entry]]:
    """The entries of a recipe's layer; their contents can be read while the context is open.

    Raises BuildError TB5012 where the recipe was made with another catalogue of script effects; else as ``assemble``.
    """
    have = effects_digest(deb.name for deb in recipe.debs)
    if recipe.effects != have:
        raise BuildError.of(
            "TB5012",
            f"the plan relies on script effects {recipe.effects}, but this installation has {have}",
            hint="install the version of twinbuild that made the plan, or plan again",
        )
    with opened_debs(recipe.debs, store) as packages:
        yield assemble(packages, recipe.debs, platform=platform, user=recipe.user)

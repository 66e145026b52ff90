"""Debian packages added to a base image: what its tree has not, as the entries of one layer above it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import IO, Final

from twinbuild.build.debs import opened_debs
from twinbuild.build.interpreter import Workshop
from twinbuild.build.scripts import scripts_runner
from twinbuild.build.system import require_effects, require_runner
from twinbuild.build.unpack import stack_entries
from twinbuild.debian.ground import read_ground
from twinbuild.debian.system import assemble
from twinbuild.debian.tree import Root
from twinbuild.debian.unpack import SpoolContent
from twinbuild.errors import BuildError
from twinbuild.model.plan import AddedPackagesRecipe, BaseLayer
from twinbuild.model.platform import Platform
from twinbuild.model.tree import Entry, File
from twinbuild.oci.places import require_free
from twinbuild.oci.stack import Stack, read_stack
from twinbuild.oci.tar import canonical_order
from twinbuild.ports import Store

__all__ = ["ADDED", "added_entries"]

ADDED: Final = "added/1"  # changes whenever the same base, packages and user would give other entries
_CHUNK: Final = 1 << 20


@contextmanager
def added_entries(
    recipe: AddedPackagesRecipe, platform: Platform, store: Store, workshop: Workshop, *, epoch: int
) -> Iterator[Iterable[Entry]]:
    """The entries of a recipe's layer; their contents can be read while the context is open.

    Raises BuildError TB2275 where the base occupies a place of the release, TB4220 and TB4221; else as
    ``system_entries``.
    """
    if recipe.version != ADDED:
        raise BuildError.of(
            "TB5012",
            f"the plan relies on {recipe.version}, but this installation has {ADDED}",
            hint="install the version of twinbuild that made the plan, or plan again",
        )
    require_effects(recipe.debs, recipe.effects)
    stack, _ = read_stack(recipe.base, store.open)
    require_free(stack, recipe.places, beside=(recipe.user.home.strip("/"),))
    with (
        tempfile.TemporaryFile(dir=workshop.directory) as spool,
        opened_debs(recipe.debs, store) as packages,
    ):
        ground = read_ground(_tree(stack, recipe.base, store, spool), platform, subject="the base")
        if not recipe.scripts:
            yield canonical_order(assemble(packages, recipe.debs, platform=platform, user=recipe.user, ground=ground))
            return
        require_runner(recipe.runner)
        with scripts_runner(workshop.runner, workshop.directory, epoch=epoch) as perform:
            handled = frozenset(script.sha256 for script in recipe.scripts)
            entries = assemble(
                packages,
                recipe.debs,
                platform=platform,
                user=recipe.user,
                handled=handled,
                perform=perform,
                ground=ground,
            )
            yield canonical_order(entries)  # in the order that BuildKit's export of the same layer gets


def _tree(stack: Stack, layers: Sequence[BaseLayer], store: Store, spool: IO[bytes]) -> Root:
    """The base's tree, its files in a spool."""
    root = Root()
    for entry in stack_entries(stack, layers, store, stack.places):
        if not isinstance(entry, File):
            root.put(entry)
            continue
        offset = spool.tell()
        with entry.content.open() as stream:
            shutil.copyfileobj(stream, spool, _CHUNK)
        content = SpoolContent(spool, offset, entry.content.size)
        root.put(File(path=entry.path, content=content, mode=entry.mode, uid=entry.uid, gid=entry.gid))
    spool.flush()
    return root

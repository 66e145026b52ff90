"""What each recipe puts into its layer, as entries of a tree whose contents are read when the tar is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import assert_never

from twinbuild.build.added import added_entries
from twinbuild.build.base import account_entries
from twinbuild.build.bytecode import Spool
from twinbuild.build.content import BlobContent
from twinbuild.build.interpreter import Workshop
from twinbuild.build.steps import step_entries
from twinbuild.build.system import system_entries
from twinbuild.model.plan import (
    AccountRecipe,
    AddedPackagesRecipe,
    ApplicationRecipe,
    ArtifactRecipe,
    DebianRecipe,
    FileInput,
    LayerDerivation,
    LayerRecipe,
    MetadataRecipe,
    SkeletonRecipe,
    StepRecipe,
    WheelsRecipe,
)
from twinbuild.model.tree import Content, Directory, Entry, File
from twinbuild.ports import Store
from twinbuild.wheel.contents import Wheel, open_wheel
from twinbuild.wheel.install import bytecode_path, install, sources
from twinbuild.wheel.layout import Layout
from twinbuild.wheel.venv import skeleton

__all__ = ["layer_entries", "opened_wheels", "weight"]


def weight(recipe: LayerRecipe) -> int:
    """Bytes of a recipe's inputs: what its work is estimated by."""
    match recipe:
        case DebianRecipe():
            return 4 * sum(deb.size for deb in recipe.debs)  # xz is slower than the inflate of wheels
        case AddedPackagesRecipe():
            return 4 * sum(deb.size for deb in recipe.debs) + 2 * sum(layer.size for layer in recipe.base)
        case AccountRecipe():
            return sum(layer.size for layer in recipe.base)  # all of them are read
        case WheelsRecipe():
            return sum(wheel.size for wheel in recipe.wheels)
        case ArtifactRecipe():
            return recipe.file.size
        case ApplicationRecipe() | MetadataRecipe():
            return sum(file.size for file in recipe.files)
        case StepRecipe():
            return sum(file.size for file in recipe.files) + sum(weight(layer.recipe) for layer in recipe.root)
        case SkeletonRecipe():
            return 0
    assert_never(recipe)


@contextmanager
def layer_entries(layer: LayerDerivation, store: Store, workshop: Workshop) -> Iterator[Iterable[Entry]]:
    """The entries of a layer, parents first; their contents can be read while the context is open."""
    recipe = layer.recipe
    with ExitStack() as stack:
        match recipe:
            case DebianRecipe():
                yield stack.enter_context(
                    system_entries(recipe, layer.platform, store, workshop, epoch=layer.source_date_epoch)
                )
            case AddedPackagesRecipe():
                yield stack.enter_context(
                    added_entries(recipe, layer.platform, store, workshop, epoch=layer.source_date_epoch)
                )
            case AccountRecipe():
                yield account_entries(recipe, store)
            case SkeletonRecipe():
                yield skeleton(recipe)
            case WheelsRecipe():
                yield _wheels(recipe, store, workshop, stack)
            case ArtifactRecipe():
                yield _files((recipe.file,), store)
            case ApplicationRecipe():
                yield _application(recipe, store, workshop, stack)
            case StepRecipe():
                yield stack.enter_context(
                    step_entries(recipe, layer.platform, store, workshop, epoch=layer.source_date_epoch)
                )
            case MetadataRecipe():
                yield _files(recipe.files, store)
            case _:
                assert_never(recipe)


@contextmanager
def opened_wheels(recipe: WheelsRecipe, store: Store) -> Iterator[tuple[Wheel, ...]]:
    """The wheels of a recipe, checked against their digests and structurally; open inside the context."""
    with ExitStack() as stack:
        opened = []
        for wheel in recipe.wheels:
            store.check(wheel.sha256)
            file = stack.enter_context(store.path(wheel.sha256).open("rb"))
            opened.append(open_wheel(file, wheel.filename))
        yield tuple(opened)


def _wheels(recipe: WheelsRecipe, store: Store, workshop: Workshop, stack: ExitStack) -> Iterable[Entry]:
    wheels = stack.enter_context(opened_wheels(recipe, store))
    layout = Layout(prefix=recipe.prefix, python=recipe.python)
    if recipe.bytecode is None:
        return install(wheels, layout)
    spool = stack.enter_context(Spool())
    compiler = workshop.compiler(recipe.bytecode)
    found = (source for wheel in wheels for source in sources(wheel, layout))
    compiled: dict[str, Content] = {
        path[1:]: spool.add(code) for path, code in compiler.compile((f"/{path}", text) for path, text in found)
    }
    return install(wheels, layout, bytecode=compiled)


def _application(recipe: ApplicationRecipe, store: Store, workshop: Workshop, stack: ExitStack) -> Iterable[Entry]:
    entries = {entry.path: entry for entry in _files(recipe.files, store)}
    if recipe.bytecode is not None:
        spool = stack.enter_context(Spool())
        modules = [file for file in recipe.files if file.path.endswith(".py")]
        found = ((f"/{file.path}", store.read(file.sha256)) for file in modules)
        for path, code in workshop.compiler(recipe.bytecode).compile(found):
            target = bytecode_path(path[1:], recipe.bytecode.minor)
            entries[target] = File(path=target, content=spool.add(code))
        entries |= _parents(entries)
    return [entries[path] for path in sorted(entries)]


def _files(files: Iterable[FileInput], store: Store) -> list[Entry]:
    """Files of root's that everybody may read, with their directories."""
    entries: dict[str, Entry] = {
        file.path: File(path=file.path, content=BlobContent(store, file.sha256, file.size), mode=file.mode)
        for file in files
    }
    entries |= _parents(entries)
    return [entries[path] for path in sorted(entries)]


def _parents(entries: Mapping[str, Entry]) -> dict[str, Entry]:
    found: dict[str, Entry] = {}
    for path in entries:
        while (path := path.rpartition("/")[0]) and path not in entries:
            found[path] = Directory(path=path)
    return found

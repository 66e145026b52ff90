"""What a release could leak: each piece by the name that findings have for it, with the leaks that are in it.

The spec, the application's files, the files that build steps are given, files of the model, every layer of the images
(of base images, Debian packages, wheels, what steps made), their documents, and their configuration (environment,
labels, history). The application and the model are looked at by their paths in the project, for people mend them there.

What others publish has manuals and tests full of passwords that are none. So in the places of packages those forms
alone count that say by themselves what they are, outside of tests and manuals. Wheels of an index that the spec names,
as an organisation does for its own, are looked at like the application.
"""

from __future__ import annotations

import io
import itertools
import json
import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, BinaryIO, Final

from twinbuild.build.unpack import layer_members
from twinbuild.codec.canonical import canonical, digest_of
from twinbuild.codec.jsontext import JsonProblem, parse_json
from twinbuild.codec.leaks.scan import RULES_DIGEST, Leak, find_leaks, leaks_of_stream
from twinbuild.codec.leaks.zipped import zipped_members
from twinbuild.codec.untar import Kind, Readable
from twinbuild.model.digest import Digest
from twinbuild.model.image import BuiltLayer, Image
from twinbuild.model.lock import Lock
from twinbuild.model.plan import (
    ApplicationRecipe,
    ArtifactRecipe,
    Derivation,
    FileInput,
    LayerRecipe,
    MetadataRecipe,
    Plan,
    StepRecipe,
    WheelInput,
    WheelsRecipe,
)
from twinbuild.net.address import is_web
from twinbuild.pipeline.leaks.others import Care, care_of, self_tests
from twinbuild.pipeline.machine import Machine
from twinbuild.pipeline.project import Project
from twinbuild.pipeline.regular import read_regular
from twinbuild.ports import Store
from twinbuild.sources.artifact import is_in_wheel
from twinbuild.wheel.contents import open_wheel
from twinbuild.wheel.layout import Layout, place

__all__ = ["leaks_of_configuration", "leaks_of_release", "leaks_of_spec", "step_files"]

_KIND: Final = "leaks"
_DEFAULT: Final = "default"  # the index that a lock names where the spec names none
_HEAD: Final = 8 << 20  # bytes of a large file of the model that are looked at: formats keep their metadata there,
_TAIL: Final = 1 << 20  # or there
_CHUNK: Final = 1 << 20
_WHOLE: Final = 64 << 20  # bytes of a file of a layer, up to which it is looked into if it is an archive
_COMPILED: Final = re.compile(r"(?:^|/)__pycache__/[^/]*\.pyc$")
_SPEC: Final = 64 << 20
_ROW: Final = [str, int, str, str, str]  # of a record: what a leak has


def leaks_of_release(
    project: Project, lock: Lock, plan: Plan, images: tuple[Image, ...], machine: Machine
) -> Iterator[Leak]:
    """Every leak, one after the other; a piece that images share is looked at once, and remembered by its digest."""
    seen: set[Digest] = set()
    own = frozenset(wheel.sha256 for target in lock.targets for wheel in target.wheels if wheel.index != _DEFAULT)
    yield from leaks_of_spec(project)
    for derivation, image in zip(plan.derivations, images, strict=True):
        base = len(image.layers) - len(derivation.layers)
        for layer in image.layers[:base]:
            yield from _layer(layer, machine, seen)
        for made, layer in zip(derivation.layers, image.layers[base:], strict=True):
            named = _named(project, made.recipe)
            if named is not None:
                yield from _files(named, machine, seen, model=isinstance(made.recipe, ArtifactRecipe))
            else:
                yield from _layer(layer, machine, seen, recipe=made.recipe)
            if isinstance(made.recipe, WheelsRecipe):
                yield from _wheels(made.recipe, own, machine, seen)
        for recipe in _steps(derivation):
            yield from _files(step_files(project, recipe), machine, seen)
        yield from leaks_of_configuration(image, machine.store)


def leaks_of_spec(project: Project) -> Iterator[Leak]:
    """The leaks of the texts that a release is specified by, comments included: an archive keeps them."""
    for path in project.sources:
        name = path.relative_to(project.directory) if path.is_relative_to(project.directory) else path
        yield from find_leaks(read_regular(path, _SPEC, follow=True), str(name))
    if project.site is not None:
        yield from find_leaks(project.site.text.encode(), project.site.name)


def _steps(derivation: Derivation) -> Iterator[StepRecipe]:
    """Every step of an image, those that only other steps see among them."""
    todo = list(derivation.layers)
    while todo:
        recipe = todo.pop().recipe
        if isinstance(recipe, StepRecipe):
            yield recipe
            todo += recipe.steps


def _named(project: Project, recipe: LayerRecipe) -> Iterator[tuple[str, FileInput]] | None:
    """The files of a layer that are known by better names than their paths in the image, if they are."""
    match recipe:
        case ApplicationRecipe(files=files):
            return _application(project, files)
        case ArtifactRecipe(file=file):
            return _artifact(project, file)
        case MetadataRecipe(files=files):
            return ((f"/{file.path}", file) for file in files)
    return None


def _application(project: Project, files: tuple[FileInput, ...]) -> Iterator[tuple[str, FileInput]]:
    """The application's files by their paths in the project."""
    source = project.spec.source
    for file in files:
        yield f"{source.directory}/{f'/{file.path}'.removeprefix(source.target.rstrip('/') + '/')}", file


def _artifact(project: Project, file: FileInput) -> Iterator[tuple[str, FileInput]]:
    """A file of the model: by its path in the project, by its place in the image where it is from elsewhere."""
    for artifact in project.spec.model.artifacts:
        if artifact.target == f"/{file.path}":
            yield artifact.target if is_web(artifact.uri) or is_in_wheel(artifact.uri) else artifact.uri, file


def step_files(project: Project, recipe: StepRecipe) -> Iterator[tuple[str, FileInput]]:
    """The files of a step's own directory; the others that it is given are looked at elsewhere, or from an index."""
    directory = next(step.inputs.directory for step in project.spec.environment.steps if step.name == recipe.step)
    for file in recipe.files:
        if directory is not None and file.path.startswith("directory/"):
            yield f"{directory}/{file.path.removeprefix('directory/')}", file


def _files(
    files: Iterable[tuple[str, FileInput]], machine: Machine, seen: set[Digest], *, model: bool = False
) -> Iterator[Leak]:
    """The leaks of files of the store, remembered for all of them together."""
    named = sorted((path, file.sha256) for path, file in files)
    key = digest_of({"files": named, "model": model, "rules": RULES_DIGEST})
    if not named or key in seen:
        return
    seen.add(key)

    def look() -> Iterator[Leak]:
        for path, digest in named:
            with machine.store.open(digest) as stream:
                yield from _leaks_of_file(stream, path, model=model)

    yield from _remembered(key, machine, look)


def _leaks_of_file(
    stream: BinaryIO, path: str, *, model: bool = False, sure: bool = False, but: frozenset[str] = frozenset()
) -> Iterator[Leak]:
    yield from leaks_of_stream(_pieces(stream, model=model), path, sure=sure, but=but)
    for name, content in zipped_members(stream):
        yield from find_leaks(content, f"{path}!{name}", sure=sure)


def _layer(
    layer: BuiltLayer, machine: Machine, seen: set[Digest], *, recipe: LayerRecipe | None = None
) -> Iterator[Leak]:
    """The leaks of a finished layer, by the paths in the image, of files that layers above it hide, too.

    What a step made is nobody else's; what wheels brought is, wherever it lies. Beside wheels lies byte code that was
    made of their sources, and tells nothing that they don't.
    """
    own, wheels = isinstance(recipe, StepRecipe), isinstance(recipe, WheelsRecipe)
    key = digest_of({"layer": layer.diff_id, "own": own, "wheels": wheels, "rules": RULES_DIGEST})
    if key in seen:
        return
    seen.add(key)
    care = partial(care_of, own=own, packaged=wheels)

    def look() -> Iterator[Leak]:
        again: dict[str, str] = {}  # files that a hard link names in a place where more counts
        for member, body in layer_members(layer, machine.store, special=True):
            if member.kind is Kind.HARDLINK and care(member.path) > care(again.get(member.target, member.target)):
                again[member.target] = member.path
            if member.kind is Kind.FILE and not (wheels and _COMPILED.search(member.path)):
                yield from _leaks_of_body(body, member.size, f"/{member.path}", care(member.path))
        for member, body in layer_members(layer, machine.store, special=True) if again else ():
            if member.path in again:
                path = again[member.path]
                yield from _leaks_of_body(body, member.size, f"/{path}", care(path))

    yield from _remembered(key, machine, look)


def _leaks_of_body(body: Readable, size: int, path: str, care: Care) -> tuple[Leak, ...]:
    if care is Care.NONE:
        return ()
    sure = care is Care.SURE
    chunks = iter(lambda: body.read(_CHUNK), b"")
    head = next(chunks, b"")
    but = self_tests(head) if sure else frozenset[str]()
    if size > _WHOLE:
        return leaks_of_stream(itertools.chain((head,), chunks), path, sure=sure, but=but)
    return tuple(_leaks_of_file(io.BytesIO(b"".join((head, *chunks))), path, sure=sure, but=but))


def _wheels(recipe: WheelsRecipe, own: frozenset[Digest], machine: Machine, seen: set[Digest]) -> Iterator[Leak]:
    """The leaks of wheels that are an organisation's own, by the paths in the image."""
    layout = Layout(prefix=recipe.prefix, python=recipe.python)
    for wheel in recipe.wheels:
        key = digest_of({"wheel": wheel.sha256, "site": layout.site_packages, "rules": RULES_DIGEST})
        if wheel.sha256 in own and key not in seen:
            seen.add(key)
            yield from _remembered(key, machine, partial(_leaks_of_wheel, wheel, layout, machine))


def _leaks_of_wheel(wheel: WheelInput, layout: Layout, machine: Machine) -> Iterator[Leak]:
    with machine.store.open(wheel.sha256) as stream:
        for placed in place(open_wheel(stream, wheel.filename), layout):
            with placed.file.open() as body:
                yield from _leaks_of_body(body, placed.file.size, f"/{placed.path}", Care.ALL)


def leaks_of_configuration(image: Image, store: Store) -> Iterator[Leak]:
    """The leaks of an image's configuration: variables, labels, command, history; what a base hands down, too."""
    with store.open(image.config.digest) as stream:
        document: Any = parse_json("config", stream.read())[0]
    runtime = document.get("config", {})
    where = f"image {image.variant} {image.platform}"
    for text in runtime.get("Env") or ():
        name, _, value = text.partition("=")
        yield from find_leaks(f'{name}="{value}"'.encode(), f"{where} environment {name}")
    for name, value in sorted((runtime.get("Labels") or {}).items()):
        yield from find_leaks(f'{name}="{value}"'.encode(), f"{where} label {name}")
    for name in ("Entrypoint", "Cmd"):
        yield from find_leaks(" ".join(runtime.get(name) or ()).encode(), f"{where} {name}")
    for number, entry in enumerate(document.get("history") or (), start=1):
        yield from find_leaks(canonical(entry), f"{where} history {number}")


def _pieces(stream: BinaryIO, *, model: bool) -> Iterator[bytes]:
    """A file in chunks; of a large file of the model its beginning and its end."""
    size = stream.seek(0, 2)
    stream.seek(0)
    if not model or size <= _HEAD + _TAIL:
        yield from iter(lambda: stream.read(_CHUNK), b"")
        return
    left = _HEAD
    while left > 0 and (chunk := stream.read(min(_CHUNK, left))):
        left -= len(chunk)
        yield chunk
    stream.seek(size - _TAIL)
    yield stream.read(_TAIL)


def _remembered(key: Digest, machine: Machine, look: Callable[[], Iterator[Leak]]) -> tuple[Leak, ...]:
    """What was found under a key before; else what is found now. No value of a secret is in a record."""
    record = machine.store.record(_KIND, key)
    if record is not None and (known := _decoded(record)) is not None:
        return known
    machine.progress("looking for secrets", 0, 0)
    found = tuple(look())
    rows = [[each.path, each.line, each.kind, each.title, each.fingerprint] for each in found]
    machine.store.put_record(_KIND, key, json.dumps(rows).encode())
    return found


def _decoded(record: bytes) -> tuple[Leak, ...] | None:
    """The leaks of a record; None where it is none, so that nothing is taken for "none found" but what says so."""
    try:
        rows: Any = parse_json(_KIND, record)[0]
    except JsonProblem:
        return None
    if not isinstance(rows, list) or not all(isinstance(row, list) and [*map(type, row)] == _ROW for row in rows):
        return None
    return tuple(
        Leak(path=path, line=line, kind=kind, title=title, fingerprint=fingerprint)
        for path, line, kind, title, fingerprint in rows
    )

"""What a release could leak: each piece by the name that findings have for it, with the leaks that are in it.

The spec, the application's files, the files that build steps are given, files of the model, what steps made, the
documents of the image, and its configuration (environment, labels, history). Not looked through is what the lock takes
from elsewhere by digest: Debian packages, wheels, source distributions, base images. Their bytes are public already,
and hold keys of their own tests.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any, BinaryIO, Final

from twinbuild.build.unpack import layer_members
from twinbuild.codec.canonical import canonical, digest_of
from twinbuild.codec.jsontext import JsonProblem, parse_json
from twinbuild.codec.leaks.scan import RULES_DIGEST, Leak, find_leaks, leaks_of_stream
from twinbuild.codec.leaks.zipped import zipped_members
from twinbuild.codec.untar import Kind
from twinbuild.model.digest import Digest
from twinbuild.model.image import BuiltLayer, Image
from twinbuild.model.plan import (
    ApplicationRecipe,
    ArtifactRecipe,
    Derivation,
    FileInput,
    MetadataRecipe,
    Plan,
    StepRecipe,
)
from twinbuild.net.address import is_web
from twinbuild.pipeline.machine import Machine
from twinbuild.pipeline.project import Project
from twinbuild.pipeline.regular import read_regular
from twinbuild.ports import Store
from twinbuild.sources.artifact import is_in_wheel

__all__ = ["leaks_of_configuration", "leaks_of_release", "leaks_of_spec", "step_files"]

_KIND: Final = "leaks"
_HEAD: Final = 8 << 20  # bytes of a large file of the model that are looked at: formats keep their metadata there,
_TAIL: Final = 1 << 20  # or there
_CHUNK: Final = 1 << 20
_MADE: Final = 64 << 20  # bytes of a file that a step made, up to which it is looked into if it is an archive
_SPEC: Final = 64 << 20


def leaks_of_release(project: Project, plan: Plan, images: tuple[Image, ...], machine: Machine) -> Iterator[Leak]:
    """Every leak, one after the other; a piece that images share is looked at once, and remembered by its digest."""
    seen: set[Digest] = set()
    yield from leaks_of_spec(project)
    for derivation, image in zip(plan.derivations, images, strict=True):
        base = len(image.layers) - len(derivation.layers)
        for made, layer in zip(derivation.layers, image.layers[base:], strict=True):
            match made.recipe:
                case ApplicationRecipe(files=files):
                    yield from _files(_application(project, files), machine, seen)
                case ArtifactRecipe(file=file):
                    yield from _files(_artifact(project, file), machine, seen, model=True)
                case MetadataRecipe(files=files):
                    yield from _files([(f"/{file.path}", file) for file in files], machine, seen)
                case StepRecipe():
                    yield from _layer(layer, machine, seen)
                case _:
                    pass
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


def _application(project: Project, files: tuple[FileInput, ...]) -> Iterator[tuple[str, FileInput]]:
    """The application's files by their paths in the project."""
    source = project.spec.source
    for file in files:
        yield f"{source.directory}/{f'/{file.path}'.removeprefix(source.target.rstrip('/') + '/')}", file


def _artifact(project: Project, file: FileInput) -> Iterator[tuple[str, FileInput]]:
    """A file of the model: by its path in the project, by its place in the image where it is from the network."""
    for artifact in project.spec.model.artifacts:
        if artifact.target == f"/{file.path}" and not is_in_wheel(artifact.uri):
            yield artifact.target if is_web(artifact.uri) else artifact.uri, file


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


def _leaks_of_file(stream: BinaryIO, path: str, *, model: bool) -> Iterator[Leak]:
    yield from leaks_of_stream(_pieces(stream, model=model), path)
    for name, content in zipped_members(stream):
        yield from find_leaks(content, f"{path}!{name}")


def _layer(layer: BuiltLayer, machine: Machine, seen: set[Digest]) -> Iterator[Leak]:
    """The leaks of what a step made, by the paths in the image."""
    key = digest_of({"layer": layer.diff_id, "rules": RULES_DIGEST})
    if key in seen:
        return
    seen.add(key)

    def look() -> Iterator[Leak]:
        for member, body in layer_members(layer, machine.store):
            if member.kind is not Kind.FILE:
                continue
            path = f"/{member.path}"
            if member.size > _MADE:
                yield from leaks_of_stream(iter(lambda: body.read(_CHUNK), b""), path)  # noqa: B023  read at once
                continue
            stream = io.BytesIO(b"".join(iter(lambda: body.read(_CHUNK), b"")))  # noqa: B023  read at once
            yield from _leaks_of_file(stream, path, model=False)

    yield from _remembered(key, machine, look)


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
    try:
        rows: Any = parse_json(_KIND, record)[0]
        return tuple(
            Leak(path=str(path), line=int(line), kind=str(kind), title=str(title), fingerprint=str(fingerprint))
            for path, line, kind, title, fingerprint in rows
        )
    except (JsonProblem, TypeError, ValueError):
        return None

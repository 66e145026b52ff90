"""What a spec asks for by name, and where it says so: of a spec file and line, of a release the pointer in its spec."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from twinbuild.codec.canonical import Json
from twinbuild.codec.findings import pointer
from twinbuild.codec.lock import decode_lock
from twinbuild.codec.written import Written
from twinbuild.deploy.parity.difference import object_at, text_of
from twinbuild.deploy.parity.manifests import entries_of
from twinbuild.describe.origins import source_at
from twinbuild.errors import UsageError
from twinbuild.model.lock import Lock
from twinbuild.pipeline.project import Project, open_project, read_lock, require_lock
from twinbuild.pipeline.reading.released import Released, read_release
from twinbuild.pipeline.regular import LARGEST, Irregular, read_regular

__all__ = ["Asked", "Questioned", "read_questioned"]

_PURPOSES = ("runtime", "build", "development", "test")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """An entry of the spec. ``kind`` is python or debian; ``variant`` is "" where it is for all of them."""

    kind: str
    purpose: str
    variant: str
    name: str
    text: str
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Questioned:
    """A lock, and what the spec that it is of asks for. ``release`` is None for a spec. ``places`` are of sections."""

    name: str
    lock: Lock
    asked: tuple[Asked, ...]
    release: Released | None
    python: str  # where the spec names the version of Python
    base: str  # where it names what the image stands on


def read_questioned(where: Path) -> Questioned:
    """A spec with its lock, or a release with its own.

    Raises UsageError TB9311 for a release without its lock, and what ``read_release`` and ``open_project`` raise.
    """
    if (where / "manifest.json").is_file() or where.suffix == ".json":
        return _released(read_release(where))
    project = open_project(where)
    lock = require_lock(read_lock(project), project)
    return Questioned(
        name=f"{project.spec.metadata.name} {project.spec.metadata.version}",
        lock=lock,
        asked=tuple(_of_spec(project)),
        release=None,
        python=str(project.loaded.where("environment", "python")),
        base=str(project.loaded.where("environment", "base")),
    )


def _of_spec(project: Project) -> Iterator[Asked]:
    spec, loaded = project.spec, project.loaded
    for purpose in _PURPOSES:
        for number, text in enumerate(getattr(spec.dependencies, purpose)):
            where = str(loaded.where("dependencies", purpose, number))
            yield _asked("python", text, where, purpose=purpose)
    for number, text in enumerate(spec.environment.packages):
        yield _asked("debian", text, str(loaded.where("environment", "packages", number)))
    for at, variant in enumerate(spec.environment.variants):
        for kind, key in (("python", "runtime"), ("debian", "packages")):
            for number, text in enumerate(getattr(variant, key)):
                where = str(loaded.where("environment", "variants", at, key, number))
                yield _asked(kind, text, where, variant=variant.name)


def _asked(kind: str, text: str, where: str, *, purpose: str = "runtime", variant: str = "") -> Asked:
    name = text.partition("=")[0].partition("/")[0].partition(":")[0]
    if kind == "python":
        try:
            name = canonicalize_name(Requirement(text).name)
        except InvalidRequirement:
            name = canonicalize_name(text.partition("=")[0].strip())
    return Asked(kind=kind, purpose=purpose, variant=variant, name=name, text=text, where=where)


def _released(release: Released) -> Questioned:
    path = release.directory / "release.lock" if release.directory is not None else release.path
    try:
        content = read_regular(path, LARGEST) if release.directory is not None else b""
    except Irregular as error:
        raise _without_lock(path, str(error)) from None
    if not content:
        raise _without_lock(path, "lies alone, without its lock")
    document = release.document
    metadata = object_at(document, "metadata")
    return Questioned(
        name=f"{text_of(metadata.get('name'))} {text_of(metadata.get('version'))}",
        lock=decode_lock(content, name=str(path)),
        asked=tuple(_of_manifest(document)),
        release=release,
        python=_place(document, "/environment/python"),
        base=_place(document, "/environment/base"),
    )


def _without_lock(path: Path, why: str) -> UsageError:
    return UsageError.of(
        "TB9311", f"{path.name} {why}", hint="name the directory of a release, or its spec", where=str(path)
    )


def _of_manifest(document: dict[str, Json]) -> Iterator[Asked]:
    environment = object_at(document, "environment")
    for purpose in _PURPOSES:
        texts = object_at(document, "dependencies").get(purpose)
        for number, text in enumerate(texts if isinstance(texts, list) else ()):
            where = _place(document, f"/dependencies/{purpose}/{number}")
            yield _asked("python", text_of(text), where, purpose=purpose)
    packages = environment.get("packages")
    for number, text in enumerate(packages if isinstance(packages, list) else ()):
        yield _asked("debian", text_of(text), _place(document, f"/environment/packages/{number}"))
    for at, variant in enumerate(entries_of(environment.get("variants"))):
        for kind, key in (("python", "runtime"), ("debian", "packages")):
            texts = variant.get(key)
            for number, text in enumerate(texts if isinstance(texts, list) else ()):
                where = _place(document, f"/environment/variants/{at}/{key}/{number}")
                yield _asked(kind, text_of(text), where, variant=text_of(variant.get("name")))


def _place(document: dict[str, Json], where: str) -> str:
    """The file and the place in it that a value of a release manifest was written at."""
    source = source_at(object_at(document, "provenance"), where)
    if isinstance(source, Written):
        return f"{source.file} {pointer(source.path)}"
    return f"manifest.json {where}"

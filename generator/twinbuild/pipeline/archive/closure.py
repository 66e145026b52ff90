"""What a release is made of and from: the files of its directory, those of its project, and what its lock names."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twinbuild.describe.origins import leaves
from twinbuild.describe.plain import plain
from twinbuild.describe.purls import base_purl, deb_purl, sdist_purl, wheel_purl
from twinbuild.errors import Finding, IntegrityError, Location, SpecError
from twinbuild.model.archive import ArchivedInput
from twinbuild.model.digest import Digest
from twinbuild.model.lock import Lock, LockedArtifact, LockedDeb, LockedSdist
from twinbuild.pipeline.document.writing import spec_arguments
from twinbuild.pipeline.lock.sourced import files_of
from twinbuild.pipeline.lock.stepfiles import step_directories
from twinbuild.pipeline.project import Project

__all__ = ["Wanted", "below", "inputs_of", "locked_files", "read_files", "refuse_other_spec"]

_MOST = 10  # differences between two specs that are listed
_MADE = frozenset({("source", "commit")})  # of the spec, and not in the manifest as it stands there


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A file of the project: its path from the spec's directory, and what the lock or the manifest says of it."""

    path: str
    sha256: Digest
    size: int
    executable: bool = False


def below(directory: Path) -> Iterator[tuple[str, int]]:
    """Every file below a directory by its relative path, with its size, sorted.

    Raises IntegrityError TB9105 for what is neither a file nor a directory: it was checked before, and changed.
    """
    waiting, found = [directory], []
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                status = entry.stat(follow_symlinks=False)
                if stat.S_ISDIR(status.st_mode):
                    waiting.append(Path(entry.path))
                elif stat.S_ISREG(status.st_mode):
                    found.append((Path(entry.path).relative_to(directory).as_posix(), status.st_size))
                else:
                    raise IntegrityError.of(
                        "TB9105",
                        "it is neither a file nor a directory, and the release was checked a moment ago",
                        hint="archive the release when nothing writes to its directory",
                        where=entry.path,
                    )
    yield from sorted(found)


def inputs_of(lock: Lock) -> Iterator[ArchivedInput]:
    """What a build reads of a lock's packages, wheels, artifacts and base images, each once, sorted."""
    found: dict[tuple[str, str, str], ArchivedInput] = {}

    def add(kind: str, name: str, sha256: Digest, size: int, purl: str = "") -> None:
        found[kind, name, sha256.hex] = ArchivedInput(kind=kind, name=name, sha256=sha256, size=size, purl=purl)

    bases = {deb.sha256: target.base for target in lock.targets for deb in target.debs}
    for item in files_of(lock):
        if isinstance(item, LockedDeb):
            add("deb", item.filename, item.sha256, item.size, str(deb_purl(item, bases.get(item.sha256))))
        elif isinstance(item, LockedArtifact):
            add("artifact", item.name, item.sha256, item.size)
        elif isinstance(item, LockedSdist):
            add("sdist", item.filename, item.sha256, item.size, str(sdist_purl(item)))
        else:
            kind = "installer" if item is lock.installer else "wheel"
            add(kind, item.filename, item.sha256, item.size, str(wheel_purl(item)))
    for target in lock.targets:
        if target.base is not None:
            for blob in target.base.blobs:
                add("base", target.base.reference, blob.digest, blob.size, str(base_purl(target.base)))
    yield from (found[key] for key in sorted(found))


def locked_files(project: Project, lock: Lock) -> Iterator[Wanted]:
    """Files of the application and of build steps, by their paths in the project."""
    directory = project.spec.source.directory
    prefix = "" if directory in ("", ".") else f"{directory.rstrip('/')}/"
    for file in lock.source:
        yield Wanted(path=prefix + file.path, sha256=file.sha256, size=file.size, executable=file.executable)
    steps = {step.name: step.files for target in lock.targets for step in target.steps}
    for name, folder in step_directories(project).items():
        for file in steps.get(name, ()):
            path = f"{folder.rstrip('/')}/{file.path}"
            yield Wanted(path=path, sha256=file.sha256, size=file.size, executable=file.executable)


def read_files(project: Project, document: dict[str, Any]) -> Iterator[Wanted]:
    """Files that tests and documents of a release read: data schemas, evaluation sets, as its manifest lists them."""
    tests = document.get("tests")
    listed = tests.get("files") if isinstance(tests, dict) else None
    for each in listed if isinstance(listed, list) else ():
        yield Wanted(path=each["path"], sha256=Digest(each["sha256"]), size=each["size"])
    covered = {each["path"]: each for each in document["documents"]}
    for side in ("input", "output"):
        path, entry = getattr(project.spec.model.schemas, side), covered.get(f"schemas/{side}.json")
        if path is not None and entry is not None:
            yield Wanted(path=path, sha256=Digest(entry["sha256"]), size=entry["size"])


def refuse_other_spec(project: Project, document: dict[str, Any]) -> None:
    """Raise SpecError TB9103 with a finding for each value that the release has otherwise than the spec.

    The files must have the names that they had, for the release's documents say them.
    """
    spec = project.spec
    stated = {
        key: plain(value)
        for key in type(spec).model_fields
        if key not in ("api_version", "kind") and (value := getattr(spec, key)) is not None
    }
    findings = []
    for path, value in leaves(stated):
        if path in _MADE:
            continue
        there = _at(document, path)
        if there != value:
            pointer = "/" + "/".join(map(str, path))
            findings.append(
                Finding(
                    code="TB9103",
                    message=f"{pointer} is {_shown(value)} in the spec, and {_shown(there)} in the release",
                    hint="name the spec that the release was made of with --spec, as it was then, and its overlays",
                    where=Location(file=str(project.spec_path), pointer=pointer),
                )
            )
    named, then = (" ".join(words) or "release.yaml" for words in (spec_arguments(project), _words_of(document)))
    if named != then:
        findings.append(
            Finding(
                code="TB9103",
                message=f"the release was made of {then!r}, and not of {named!r}: its documents name the files",
                hint="give the files the names that they had, in a directory of their own if need be",
                where=Location(file=str(project.spec_path)),
            )
        )
    if findings:
        raise SpecError(tuple(findings[:_MOST]))


def _words_of(document: dict[str, Any]) -> tuple[str, ...]:
    """How a command named the spec and its overlays when the release was made: `twinbuild lock … --check`."""
    return tuple(document["reproduce"]["steps"][0]["run"][2:-1])


def _at(value: Any, path: tuple[int | str, ...]) -> Any:
    for step in path:
        try:
            value = value[step]
        except (LookupError, TypeError):
            return None
    return value


def _shown(value: object) -> str:
    return "not there" if value is None else repr(value)[:80]

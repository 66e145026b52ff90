"""Files of the project that tests read: data schemas and evaluation sets, checked before anything is started."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from twinbuild.errors import Finding, IntegrityError, Location, SpecError
from twinbuild.model.digest import Digest
from twinbuild.net.files import open_beneath, open_directory
from twinbuild.pipeline.project import Project
from twinbuild.trial.evaluating import BadSet, Example, examples_of
from twinbuild.trial.schemas import DataSchema, NoSchema

__all__ = ["TrialFile", "TrialFiles", "read_trial_files"]

_LARGEST: Final = 256 << 20  # bytes of a file


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialFile:
    """A file that tests read: its path from the spec's directory, and the bytes that were read."""

    path: str
    sha256: Digest
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialFiles:
    """What they hold. ``examples`` are those of the accuracy tests, by name."""

    files: tuple[TrialFile, ...] = ()
    input: DataSchema | None = None
    output: DataSchema | None = None
    examples: Mapping[str, tuple[Example, ...]] = field(default_factory=dict)


def read_trial_files(project: Project) -> TrialFiles:
    """Read them all; nothing where the spec has no tests.

    Raises SpecError TB2301 to TB2304 for a path, IntegrityError TB7210 for an evaluation set that is not the pinned
    one, SpecError TB7211 and TB7213 for what is no set or no schema, all at once.
    """
    spec = project.spec
    if not spec.tests.declared:
        return TrialFiles()
    contents: dict[str, bytes] = {}
    stated = [path for path in (spec.model.schemas.input, spec.model.schemas.output) if path is not None]
    for path in (*stated, *(accuracy.dataset for accuracy in spec.tests.accuracy)):
        if path not in contents:
            contents[path] = _read(project, path)
    _pinned(project, contents)
    findings: list[Finding] = []
    schemas = {key: _schema(project, key, contents, findings) for key in ("input", "output")}
    examples = {}
    for accuracy in spec.tests.accuracy:
        try:
            several = "*" in accuracy.prediction.split("/")
            examples[accuracy.name] = examples_of(contents[accuracy.dataset], several=several)
        except BadSet as error:
            where = Location(file=accuracy.dataset, line=error.line)
            hint = "write one object a line, with the keys request and label"
            findings.append(Finding(code="TB7211", message=error.message, hint=hint, where=where))
    if findings:
        raise SpecError(tuple(findings))
    return TrialFiles(
        files=tuple(
            TrialFile(path=path, sha256=Digest.of(content), size=len(content))
            for path, content in sorted(contents.items())
        ),
        input=schemas["input"],
        output=schemas["output"],
        examples=examples,
    )


def _read(project: Project, path: str) -> bytes:
    root = open_directory(str(project.directory))
    try:
        with open_beneath(root, path) as descriptor, os.fdopen(os.dup(descriptor), "rb") as stream:
            content = stream.read(_LARGEST + 1)
    finally:
        os.close(root)
    if len(content) > _LARGEST:
        what = f"the file has more than {_LARGEST} bytes, which is as much as tests read"
        raise SpecError.of("TB7211", what, hint="evaluate a part of it", where=path)
    return content


def _pinned(project: Project, contents: Mapping[str, bytes]) -> None:
    findings = []
    for index, accuracy in enumerate(project.spec.tests.accuracy):
        got = Digest.of(contents[accuracy.dataset])
        if got.hex != accuracy.sha256:
            what = f"{accuracy.dataset} has the SHA-256 {got.hex}, expected {accuracy.sha256}"
            hint = "restore the file; or, if it was changed on purpose, write its new SHA-256 into the spec"
            where = project.loaded.where("tests", "accuracy", index, "sha256")
            findings.append(Finding(code="TB7210", message=what, hint=hint, where=where))
    if findings:
        raise IntegrityError(tuple(findings))


def _schema(project: Project, key: str, contents: Mapping[str, bytes], findings: list[Finding]) -> DataSchema | None:
    path = getattr(project.spec.model.schemas, key)
    if path is None:
        return None
    try:
        return DataSchema(path, contents[path])
    except NoSchema as error:
        hint = "correct the file; it must be one JSON Schema that refers to no other document"
        where = project.loaded.where("model", "schemas", key)
        findings.append(Finding(code="TB7213", message=f"{path} is no JSON Schema: {error}", hint=hint, where=where))
        return None

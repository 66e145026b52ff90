"""What cannot be locked or planned, at the line of the spec that asks for it.

Resolvers and readers of trees know values, not files: they give a JSON pointer into the spec, or the path that the
spec names. Here the one and the other become file, line and column.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

from twinbuild.errors import Finding, TwinbuildError
from twinbuild.model.spec.environment import Variant
from twinbuild.pipeline.project import Project

__all__ = ["placed_in_spec"]

_ABSENT: Final = "TB2304"
_BASE: Final = ("environment", "base")
_RUNTIME: Final = ("dependencies", "runtime")


@contextmanager
def placed_in_spec(project: Project, variant: Variant | None = None) -> Iterator[None]:
    """Errors that leave the block say where in the spec they come from, as far as that is known.

    ``variant``: the one that was worked on. Its own requirements follow those of ``dependencies.runtime`` in the list
    that is resolved, and its own base takes the place of ``environment.base``.
    """
    try:
        yield
    except TwinbuildError as error:
        findings = tuple(_placed(finding, project, variant) for finding in error.findings)
        if findings == error.findings:
            raise
        raise type(error)(findings) from error


def _placed(finding: Finding, project: Project, variant: Variant | None) -> Finding:
    where = finding.where
    if where.file and finding.code == _ABSENT and not where.line:
        path = _naming(project, where.file)
    elif not where.file and where.pointer.startswith("/"):
        path = _path(where.pointer, project, variant)
    else:
        path = _asking(project, variant, where.subject)
    return replace(finding, where=project.loaded.where(*path)) if path else finding


def _path(pointer: str, project: Project, variant: Variant | None) -> tuple[int | str, ...]:
    path = tuple(int(step) if step.isdecimal() else step for step in pointer[1:].split("/"))
    if variant is None:
        return path
    spec = project.loaded.spec
    own = ("environment", "variants", [each.name for each in spec.environment.variants].index(variant.name))
    if path[:2] == _BASE:
        return path if variant.base is None else (*own, *path[1:])
    if path[:2] == _RUNTIME and isinstance(path[-1], int) and path[-1] >= len(spec.dependencies.runtime):
        return (*own, "runtime", path[-1] - len(spec.dependencies.runtime))
    return path


def _asking(project: Project, variant: Variant | None, subject: str) -> tuple[int | str, ...]:
    """Where the spec asks for a Debian package that messages call ``package NAME``; nothing for any other subject."""
    environment = project.loaded.spec.environment
    lists: list[tuple[tuple[str, ...], tuple[int | str, ...]]] = [
        (environment.packages, ("environment", "packages")),
        *((step.packages, ("environment", "steps", at, "packages")) for at, step in enumerate(environment.steps)),
    ]
    if variant is not None:
        own = [each.name for each in environment.variants].index(variant.name)
        lists.insert(0, (variant.packages, ("environment", "variants", own, "packages")))
    return next(
        ((*path, names.index(name)) for names, path in lists for name in names if subject == f"package {name}"), ()
    )


def _naming(project: Project, missing: str) -> tuple[int | str, ...]:
    """Where the spec names a path that is not there; nothing where it names one above it."""
    spec = project.loaded.spec
    named: list[tuple[str | None, tuple[int | str, ...]]] = [(spec.source.directory, ("source", "directory"))]
    named += [
        (artifact.uri, ("model", "artifacts", number, "uri")) for number, artifact in enumerate(spec.model.artifacts)
    ]
    named += [
        (step.inputs.directory, ("environment", "steps", number, "inputs", "directory"))
        for number, step in enumerate(spec.environment.steps)
    ]
    return next((path for text, path in named if text == missing), ())

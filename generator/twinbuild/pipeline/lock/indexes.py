"""Where the indexes of a spec are: what the machine says, else the spec, else a directory of pip's configuration."""

from __future__ import annotations

import fnmatch
from dataclasses import replace
from pathlib import Path

from twinbuild.model.settings import Settings
from twinbuild.model.spec.environment import Variant
from twinbuild.model.spec.indexes import indexes_of
from twinbuild.model.spec.release import ReleaseSpec
from twinbuild.net.simple import project_of
from twinbuild.resolve.python_index import PythonIndex

__all__ = ["located", "serving"]


def located(settings: Settings, spec: ReleaseSpec) -> Settings:
    """The settings with an address for each index of the spec that has one.

    A directory of pip's ``find-links`` answers for an index only where it holds a wheel of a project that is bound to
    that index: so it never answers for a project that the spec did not bind.
    """
    known = dict(settings.indexes)
    for index in spec.dependencies.indexes:
        if not known.get(index.name) and index.name != "default":
            address = index.url or _directory(settings.wheel_directories, index.packages)
            if address:
                known[index.name] = address
    return replace(settings, indexes=tuple(sorted(known.items())))


def serving(variant: Variant, settings: Settings, spec: ReleaseSpec) -> tuple[PythonIndex, ...]:
    """The indexes on which a variant's projects are looked for, the default one first."""
    known = dict(located(settings, spec).indexes)
    named = indexes_of(variant, spec.environment.variants, spec.dependencies.indexes)
    default = next((index.packages for index in named if index.name == "default"), ())
    return (
        PythonIndex(name="default", address=known.get("default", ""), projects=tuple(default)),
        *(
            PythonIndex(name=index.name, address=known.get(index.name, ""), projects=tuple(index.packages))
            for index in named
            if index.name != "default"
        ),
    )


def _directory(directories: tuple[str, ...], patterns: tuple[str, ...]) -> str:
    for directory in directories:
        try:
            projects = {project_of(path.name) for path in Path(directory).iterdir()}
        except OSError:
            continue
        if any(fnmatch.fnmatchcase(project, pattern) for project in projects - {""} for pattern in patterns):
            return Path(directory).as_uri()
    return ""

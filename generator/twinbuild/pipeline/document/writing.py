"""Where a project's spec says what: for the provenance of each value in the release manifest."""

from __future__ import annotations

from pathlib import Path as FilePath

from twinbuild.codec.nodes import Path
from twinbuild.codec.written import Written, written_values
from twinbuild.pipeline.project import Project

__all__ = ["spec_arguments", "written_in"]

_VARIANTS = ("environment", "variants")


def written_in(project: Project) -> dict[Path, Written]:
    """Where each value of the project's spec was written, by its path in that spec.

    Of the variants there are those that this run is about, and an index in the result is one among them.
    """
    loaded = project.loaded
    names = {name: _named(project, path) for (name, _), path in zip(loaded.files, project.sources, strict=True)}
    written = written_values(loaded, names)
    if not project.variants:
        return written
    chosen = [
        index for index, variant in enumerate(loaded.spec.environment.variants) if variant.name in project.variants
    ]
    found: dict[Path, Written] = {}
    for path, place in written.items():
        if path[:2] != _VARIANTS or len(path) < 3:
            found[path] = place
        elif path[2] in chosen:
            found[*path[:2], chosen.index(int(path[2])), *path[3:]] = place
    return found


def spec_arguments(project: Project) -> tuple[str, ...]:
    """How a command that starts in the spec's directory names the spec and its overlays; () for release.yaml alone."""
    overlays = [part for path in project.overlays for part in ("--overlay", _named(project, path))]
    named = () if project.spec_path.name == "release.yaml" else (project.spec_path.name,)
    return (*named, *overlays)


def _named(project: Project, path: FilePath) -> str:
    """The path in the project; of a file outside of it the name alone, for where it lies is the machine's matter."""
    return path.relative_to(project.directory).as_posix() if path.is_relative_to(project.directory) else path.name

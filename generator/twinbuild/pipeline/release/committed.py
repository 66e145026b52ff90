"""The commit that a release is made of, and what the spec says of files that are not in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from twinbuild.errors import Location, PolicyRefused
from twinbuild.net.address import is_web
from twinbuild.pipeline.lock.stepfiles import step_directories
from twinbuild.pipeline.machine import Machine
from twinbuild.pipeline.placing import placed_in_spec
from twinbuild.pipeline.project import Project
from twinbuild.resolve.git import Commit, require_commit, source_commit
from twinbuild.resolve.local import tree_files
from twinbuild.sources.artifact import is_in_wheel

__all__ = ["commit_of", "difference"]

_NAMED: Final = 5  # paths that a message lists


def commit_of(project: Project, machine: Machine) -> Commit | None:
    """The source commit, and which of the project's files are not in it, whether git ignores them or not.

    Raises SpecError TB2320 where there must be one; PolicyRefused TB8601 where the spec refuses files that differ and
    some do, or git cannot say that none does.
    """
    spec = project.spec
    recorded = spec.source.commit == "record"
    if recorded:
        purpose = "source.commit is `record`"
        with placed_in_spec(project):
            commit: Commit | None = require_commit(
                project.directory, machine.runner, purpose=purpose, pointer="/source/commit", made_of=_made_of(project)
            )
    else:
        commit = source_commit(project.directory, machine.runner, made_of=_made_of(project))
    policy = spec.governance.dirty_source or ("refuse" if recorded else "allow")
    if policy == "refuse" and (commit is None or commit.modified):
        raise _refused(project, commit)
    return commit


def difference(commit: Commit | None) -> str:
    """Which files differ from the commit; "" where none does."""
    if commit is None or not commit.modified:
        return ""
    if commit.unanswered:
        return f"git could not say what differs from {commit.identifier[:12]}: {commit.unanswered}"
    return f"differed from {commit.identifier[:12]}, or not in it: {_some(commit.differing)}"


def _refused(project: Project, commit: Commit | None) -> PolicyRefused:
    stated = bool(project.spec.governance.dirty_source)
    where: Location = project.loaded.where(*(("governance", "dirty_source") if stated else ("source", "commit")))
    allow = "set `governance.dirty_source: allow`: the release then says so"
    name = project.directory.name or project.directory
    if commit is None:
        message = (
            "governance.dirty_source is `refuse`, but git knows no commit to hold the project's files against: "
            f"{name} is in no repository with one, or git did not answer"
        )
        hint = "release from a checkout with git installed, or take `governance.dirty_source` out of the spec"
    elif commit.unanswered:
        message = f"git could not say which files differ from the commit {commit.identifier[:12]}: {commit.unanswered}"
        hint = f"mend the repository until `git status` answers, and release again; or {allow}"
    else:
        message = (
            f"files of the project differ from its commit {commit.identifier[:12]}, or are not in it: "
            f"{_some(commit.differing)}"
        )
        hint = f"run `twinbuild lock`, commit all of it with release.lock and lockfiles/, and release again; or {allow}"
    return PolicyRefused.of("TB8601", message, hint=hint, where=where)


def _made_of(project: Project) -> Iterator[str]:
    """Files of the project that decide what is released, by their paths from its directory as git has them.

    Of a symbolic link that is the link, and what it leads to. Files elsewhere are no matter of its commit. Raises as
    listing the application does.
    """
    root, spec = project.directory.resolve(), project.spec
    site = project.site.name if project.site is not None else None
    named = (*(artifact.uri for artifact in spec.model.artifacts), spec.model.schemas.input, spec.model.schemas.output)
    paths = [path for path in (*project.sources, project.lock_path) if path.exists()]
    paths += [root / name for name in (*named, site) if name and not is_web(name) and not is_in_wheel(name)]
    trees = [(spec.source.directory, project.ignored), *((each, ()) for each in step_directories(project).values())]
    for directory, ignore in trees:
        paths += [root / directory / path for path in tree_files(str(root), directory, ignore)]
    parents: dict[Path, Path] = {}
    for path in paths:
        if path.parent not in parents:
            parents[path.parent] = path.parent.resolve()
        itself = parents[path.parent] / path.name
        for place in (itself, itself.resolve()) if itself.is_symlink() else (itself,):
            if place.is_relative_to(root):
                yield place.relative_to(root).as_posix()


def _some(paths: tuple[str, ...]) -> str:
    """The first paths, and how many more there are."""
    named = [path[:200] if path.isprintable() else repr(path)[:200] for path in paths[:_NAMED]]
    more = [f"and {len(paths) - _NAMED} more"] if len(paths) > _NAMED else []
    return ", ".join((*named, *more))

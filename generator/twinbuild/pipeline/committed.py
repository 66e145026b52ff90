"""The commit that a release is made of, and what the spec says of files that are not in it."""

from __future__ import annotations

from typing import Final

from twinbuild.errors import PolicyRefused
from twinbuild.pipeline.machine import Machine
from twinbuild.pipeline.project import Project
from twinbuild.resolve.git import Commit, require_commit, source_commit

__all__ = ["commit_of", "unstated"]

_NAMED: Final = 5  # paths that a message lists


def commit_of(project: Project, machine: Machine) -> Commit | None:
    """The source commit. Raises SpecError TB2320 where there must be one, PolicyRefused TB8601 where files differ."""
    recorded = project.spec.source.commit == "record"
    if recorded:
        commit: Commit | None = require_commit(project.directory, machine.runner, purpose="source.commit is `record`")
    else:
        commit = source_commit(project.directory, machine.runner)
    policy = project.spec.governance.dirty_source or ("refuse" if recorded else "allow")
    if policy == "refuse" and commit is not None and commit.modified:
        raise PolicyRefused.of(
            "TB8601",
            f"files of the project differ from its commit {commit.identifier[:12]}, or are not in it: "
            f"{_some(commit.differing)}",
            hint="run `twinbuild lock`, commit all of it with release.lock and lockfiles/, and release again; or set "
            "`governance.dirty_source: allow`: the release then says so",
            where=project.loaded.where(
                *(("governance", "dirty_source") if project.spec.governance.dirty_source else ("source", "commit"))
            ),
        )
    return commit


def unstated(project: Project, commit: Commit | None) -> str:
    """Which files differ from the commit, where the spec neither records it nor says whether they may."""
    spec = project.spec
    if commit is None or not commit.modified or spec.source.commit == "record" or spec.governance.dirty_source:
        return ""
    return f"differed from {commit.identifier[:12]}, or not in it: {_some(commit.differing)}"


def _some(paths: tuple[str, ...]) -> str:
    """The first paths, and how many more there are."""
    named = [path[:200] if path.isprintable() else repr(path)[:200] for path in paths[:_NAMED]]
    more = [f"and {len(paths) - _NAMED} more"] if len(paths) > _NAMED else []
    return ", ".join((*named, *more))

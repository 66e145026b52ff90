"""The source commit, asked of git as a program."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from twinbuild.errors import SpecError, TwinbuildError
from twinbuild.ports import Runner

__all__ = ["Commit", "require_commit", "source_commit"]

_COMMIT: Final = re.compile(r"([0-9a-f]{40}|[0-9a-f]{64}) ([0-9]{1,12})", re.ASCII)
_QUIET: Final = (
    ("GIT_CONFIG_NOSYSTEM", "1"),
    ("GIT_CONFIG_GLOBAL", "/dev/null"),
    ("GIT_OPTIONAL_LOCKS", "0"),
    ("GIT_TERMINAL_PROMPT", "0"),
    ("LC_ALL", "C"),
    ("PATH", "/usr/local/bin:/usr/bin:/bin"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """A commit: its id in hexadecimal, the committer's date in seconds since 1970, and whether files differ from it."""

    identifier: str
    date: int
    modified: bool


def source_commit(directory: Path, runner: Runner) -> Commit | None:
    """The commit that is checked out at ``directory``, or None where there is no git or no commit."""
    # safe.directory: the question is read-only, and a checkout often belongs to another user in CI.
    git = ("git", "-c", "safe.directory=*", "-c", "core.fsmonitor=false", "-C", str(directory))
    try:
        shown = runner.run((*git, "log", "-1", "--format=%H %ct"), environment=_QUIET, timeout=30.0)
        match = _COMMIT.fullmatch(shown.stdout.decode("ascii", "replace").strip())
        if shown.status != 0 or match is None:
            return None
        status = runner.run((*git, "status", "--porcelain", "--", "."), environment=_QUIET, timeout=60.0)
    except TwinbuildError:
        return None
    return Commit(identifier=match[1], date=int(match[2]), modified=bool(status.stdout.strip()))


def require_commit(directory: Path, runner: Runner, *, purpose: str) -> Commit:
    """The commit, where the spec asks for it. Raises SpecError TB2320 if there is none."""
    commit = source_commit(directory, runner)
    if commit is None:
        raise SpecError.of(
            "TB2320",
            f"{purpose}, but {directory.name or directory} is in no git repository with a commit",
            hint="commit the sources, or state `metadata.date` and leave `source.commit` out",
        )
    return commit

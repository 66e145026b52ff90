"""The source commit, asked of git as a program.

A repository is found upwards from the project, so it may be somebody else's, and its configuration names programs: for
signatures, filters, file system monitors, hooks, and remotes that are asked for what is missing. None of them may run
because a release is made. So git is only asked what it answers by reading, and whatever could start a program is off.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from twinbuild.errors import SpecError, TwinbuildError
from twinbuild.ports import Runner

__all__ = ["Commit", "commit_marks", "require_commit", "source_commit"]

_COMMIT: Final = re.compile(r"([0-9a-f]{40}|[0-9a-f]{64}) ([0-9]{1,12})", re.ASCII)
_LONGEST_CHAIN: Final = 6  # of names that stand for names
_QUIET: Final = (
    ("GIT_CONFIG_NOSYSTEM", "1"),
    ("GIT_CONFIG_GLOBAL", "/dev/null"),
    ("GIT_OPTIONAL_LOCKS", "0"),
    ("GIT_TERMINAL_PROMPT", "0"),
    ("GIT_NO_LAZY_FETCH", "1"),
    ("GIT_ALLOW_PROTOCOL", "none"),  # where a git does not know the variable above: no remote can be reached
    ("LC_ALL", "C"),
    ("PATH", "/usr/local/bin:/usr/bin:/bin"),
)
_LAST: Final = ("log", "-1", "--no-show-signature", "--no-mailmap", "--format=%H %ct")
# What `git status` says, without comparing contents, which runs filters, and without asking submodules.
_OUTPUT: Final = ":(exclude,glob)dist/**"  # releases are no sources, ignored or not
_TOUCHED: Final = (
    "diff-index",
    "-z",
    "--relative",
    "--name-only",
    "--no-renames",
    "--ignore-submodules=dirty",
    "HEAD",
    "--",
    ".",
    _OUTPUT,
)
_ADDED: Final = (
    "ls-files",
    "-z",
    "--others",
    "--exclude-standard",
    "--directory",
    "--no-empty-directory",
    "--",
    ".",
    _OUTPUT,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """A commit: its id in hexadecimal, the committer's date in seconds since 1970, and the files that differ from it.

    ``differing`` are paths from the project, sorted; a directory of which git knows nothing ends with a slash.

    A file that was touched since git last looked at it counts as different: to compare it, git would run filters.
    """

    identifier: str
    date: int
    differing: tuple[str, ...]

    @property
    def modified(self) -> bool:
        """Whether files differ."""
        return bool(self.differing)


def source_commit(directory: Path, runner: Runner) -> Commit | None:
    """The commit that is checked out at ``directory``, or None where there is no git or no commit."""
    git = _git(directory)
    try:
        shown = runner.run((*git, *_LAST), environment=_QUIET, timeout=30.0)
        match = _COMMIT.fullmatch(shown.stdout.decode("ascii", "replace").strip())
        if shown.status != 0 or match is None:
            return None
        touched = runner.run((*git, *_TOUCHED), environment=_QUIET, timeout=60.0)
        added = runner.run((*git, *_ADDED), environment=_QUIET, timeout=60.0)
    except TwinbuildError:
        return None
    names = {name.decode("utf-8", "replace") for name in (touched.stdout + added.stdout).split(b"\0") if name}
    return Commit(identifier=match[1], date=int(match[2]), differing=tuple(sorted(names)))


def commit_marks(directory: Path, runner: Runner, *, known: bool) -> tuple[Path, ...] | None:
    """Paths that are changed, made or removed whenever another commit is checked out at ``directory``.

    ``known`` says whether a commit was found. None where that can't be told: no commit, but a repository.
    """
    levels = (directory, *directory.parents)
    holder = next((level for level in levels if os.path.lexists(level / ".git")), None)
    above = tuple(level / ".git" for level in levels[: levels.index(holder) if holder else len(levels)])
    if holder is None or not known:
        return above if holder is None and not known else None
    try:
        private, common = (
            _asked(directory, runner, "rev-parse", "--path-format=absolute", f"--git-{kind}dir")
            for kind in ("", "common-")
        )
        names = ["HEAD"]
        while len(names) < _LONGEST_CHAIN and (name := _asked(directory, runner, "symbolic-ref", "-q", names[-1])):
            names.append(name)
    except TwinbuildError:
        return None
    if not private or not common or len(names) == _LONGEST_CHAIN:
        return None
    places = dict.fromkeys((Path(private), Path(common)))
    files = (*names, "packed-refs", "reftable/tables.list", "shallow")
    pointer = (holder / ".git",) if (holder / ".git").is_file() else ()
    return (*above, *pointer, *(place / name for place in places for name in files))


def _git(directory: Path) -> tuple[str, ...]:
    # safe.directory: the question is read-only, and a checkout often belongs to another user in CI.
    options = ("safe.directory=*", "core.fsmonitor=false", "core.hooksPath=/dev/null")
    return ("git", "--no-pager", *(word for option in options for word in ("-c", option)), "-C", str(directory))


def _asked(directory: Path, runner: Runner, *arguments: str) -> str:
    """What git prints, or "" where it fails."""
    completed = runner.run((*_git(directory), *arguments), environment=_QUIET, timeout=30.0)
    return os.fsdecode(completed.stdout).removesuffix("\n") if completed.status == 0 else ""


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

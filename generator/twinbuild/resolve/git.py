"""The source commit, asked of git as a program.

A repository is found upwards from the project, so it may be somebody else's, and its configuration names programs: for
signatures, filters, file system monitors, hooks, and remotes that are asked for what is missing. None of them may run
because a release is made. So git is only asked what it answers by reading, and whatever could start a program is off.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from twinbuild.errors import Location, SpecError, TwinbuildError
from twinbuild.ports import Runner

__all__ = ["Commit", "commit_marks", "require_commit", "source_commit"]

_COMMIT: Final = re.compile(r"([0-9a-f]{40}|[0-9a-f]{64}) ([0-9]{1,12})", re.ASCII)
_LONGEST_CHAIN: Final = 6  # of names that stand for names
_LONGEST: Final = 200  # bytes of what git says of itself
_QUIET: Final = (
    ("GIT_CONFIG_NOSYSTEM", "1"),
    ("GIT_CONFIG_GLOBAL", "/dev/null"),
    ("GIT_OPTIONAL_LOCKS", "0"),
    ("GIT_TERMINAL_PROMPT", "0"),
    ("GIT_NO_LAZY_FETCH", "1"),
    ("GIT_NO_REPLACE_OBJECTS", "1"),  # a tree in the place of the commit's own would hide what differs from it
    ("GIT_ALLOW_PROTOCOL", "none"),  # where a git does not know the variable above: no remote can be reached
    ("LC_ALL", "C"),
    ("PATH", "/usr/local/bin:/usr/bin:/bin"),
)
_LAST: Final = ("log", "-1", "--no-show-signature", "--no-mailmap", "--format=%H %ct")
# What `git status` says, without letting git compare contents, which runs filters, and without asking submodules.
_OUTPUT: Final = (  # releases are no sources, ignored or not, nor are digests of them that lie beside the spec
    ":(exclude,glob)dist/**",
    ":(exclude,glob)release.digest",
    ":(exclude,glob)release.*.digest",
)
_OF_OUTPUT: Final = re.compile(r"dist/.*|release(\.[^/]*)?\.digest", re.DOTALL)  # the same, of names
_TOUCHED: Final = (
    "diff-index",
    "--raw",
    "--no-abbrev",
    "-z",
    "--relative",
    "--no-renames",
    "--ignore-submodules=dirty",
    "HEAD",
    "--",
    ".",  # outputs too: a project may well have its sources there
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
    *_OUTPUT,
)
_CONFIGURED: Final = ("config", "--list", "--name-only", "-z")
_KNOWN: Final = ("ls-files", "-z", "-v", "--", ".")  # all that git tracks, each with a letter before its name
_TIMES: Final = re.compile(r":(100644|100755|120000) \1 ([0-9a-f]{40}|[0-9a-f]{64}) 0+ M", re.ASCII)
_LINK: Final = "120000"  # the mode of a symbolic link in git's trees
_PIECE: Final = 1 << 20  # bytes that are read at once
_READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_NOT_LOOKED_AT: Final = "S"  # --skip-worktree; a small letter: --assume-unchanged


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """A commit: its id in hexadecimal, the committer's date in seconds since 1970, and the files that differ from it.

    ``differing`` are paths from the project, sorted; a directory of which git knows nothing ends with a slash.
    ``unanswered`` is why git could not say which files differ, or "".

    A file that was touched since git last looked at it counts as different: to compare it, git would run filters. So
    does one that git was told not to look at.
    """

    identifier: str
    date: int
    differing: tuple[str, ...]
    unanswered: str = ""

    @property
    def modified(self) -> bool:
        """Whether files differ, or nobody can say that none does."""
        return bool(self.differing or self.unanswered)


class _Unanswered(Exception):
    """Git failed where it was asked about files."""


def source_commit(directory: Path, runner: Runner, *, made_of: Iterable[str] = ()) -> Commit | None:
    """The commit that is checked out at ``directory``, or None where there is no git or no commit.

    ``made_of`` are paths from there of files that the release is made of: one that git does not track differs from
    the commit, too, whether git ignores it or not.
    """
    try:
        shown = runner.run((*_git(directory), *_LAST), environment=_QUIET, timeout=30.0)
    except TwinbuildError:
        return None
    match = _COMMIT.fullmatch(shown.stdout.decode("ascii", "replace").strip())
    if shown.status != 0 or match is None:
        return None
    differing: tuple[str, ...] = ()
    unanswered = ""
    try:
        differing = _differing(directory, runner, made_of)
    except _Unanswered as error:
        unanswered = str(error)
    return Commit(identifier=match[1], date=int(match[2]), differing=differing, unanswered=unanswered)


def _differing(directory: Path, runner: Runner, made_of: Iterable[str]) -> tuple[str, ...]:
    """Paths that differ from the commit, sorted. Raises _Unanswered where git does not say."""
    made = frozenset(made_of)
    filters = _no_filters(_names(directory, runner, _CONFIGURED))
    pairs, added, known = (_names(directory, runner, question, filters) for question in (_TOUCHED, _ADDED, _KNOWN))
    touched = [
        name
        for record, name in zip(pairs[::2], pairs[1::2], strict=True)
        if (name in made or not _OF_OUTPUT.fullmatch(name)) and not _as_committed(record, directory / name)
    ]
    tags = {name[2:]: name[0] for name in known}
    unseen = {name for name, tag in tags.items() if tag == _NOT_LOOKED_AT or tag.islower()}
    folders = tuple("" if name == "./" else name for name in added if name.endswith("/"))  # said already
    untracked = {name for name in made if name not in tags and not name.startswith(folders)}
    return tuple(sorted({*touched, *added, *unseen, *untracked}))


def _no_filters(keys: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Variables by which the filters among the keys of a configuration are no programs. Raises _Unanswered.

    Of a file that was written no earlier than git's index, git compares the content, and a filter would run on it.
    """
    names = {key.removeprefix("filter.").rpartition(".")[0] for key in keys if key.startswith("filter.")}
    if any("\ufffd" in name for name in names):
        raise _Unanswered("a filter has a name that is no UTF-8")
    wanted = [(f"filter.{name}.{what}", "") for name in sorted(names) for what in ("clean", "process")]
    wanted += [(f"filter.{name}.required", "false") for name in sorted(names)]
    keyed = tuple((f"GIT_CONFIG_KEY_{number}", key) for number, (key, _) in enumerate(wanted))
    valued = tuple((f"GIT_CONFIG_VALUE_{number}", value) for number, (_, value) in enumerate(wanted))
    return (("GIT_CONFIG_COUNT", str(len(wanted))), *keyed, *valued)


def _as_committed(record: str, path: Path) -> bool:
    """Whether a path that only looks changed, by its times, has the committed bytes: a copied checkout has such.

    ``record`` is a line of the raw format of diff-index (``:MODE MODE OBJECT OBJECT STATUS``) in which git left the
    new object open. A file that a filter would convert has other bytes than its object, and so differs.
    """
    match = _TIMES.fullmatch(record)
    if match is None:
        return False
    mode, committed = match.groups()
    try:
        if mode == _LINK:
            content = os.fsencode(path.readlink())
            return _object(committed, (content,), len(content)) == committed
        with os.fdopen(os.open(path, _READ), "rb") as stream:
            facts = os.fstat(stream.fileno())
            pieces = iter(partial(stream.read, _PIECE), b"")
            return stat.S_ISREG(facts.st_mode) and _object(committed, pieces, facts.st_size) == committed
    except OSError:
        return False


def _object(like: str, pieces: Iterable[bytes], size: int) -> str:
    """The name that git gives to a blob, of the same length as another name."""
    digest = hashlib.sha1(usedforsecurity=False) if len(like) == 40 else hashlib.sha256()
    digest.update(b"blob %d\0" % size)
    for piece in pieces:
        digest.update(piece)
    return digest.hexdigest()


def _names(
    directory: Path, runner: Runner, question: tuple[str, ...], filters: Iterable[tuple[str, str]] = ()
) -> tuple[str, ...]:
    """What git lists; ``filters`` are variables that keep it from running any.

    Raises _Unanswered where it fails: what it printed until then is not all of it.
    """
    try:
        answer = runner.run((*_git(directory), *question), environment=(*_QUIET, *filters), timeout=60.0)
    except TwinbuildError as error:
        raise _Unanswered(error.findings[0].message) from error
    if answer.status != 0:
        said = "; ".join(answer.stderr[:_LONGEST].decode("utf-8", "replace").split("\n")).strip("; ")
        words = "".join(each if each.isprintable() else "?" for each in said) or "it said nothing"
        raise _Unanswered(f"git {question[0]} ended with {answer.status}: {words}")
    return tuple(name.decode("utf-8", "replace") for name in answer.stdout.split(b"\0") if name)


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
    # safe.directory: the question is read-only, and a checkout often belongs to another user in CI. The last four are
    # git's defaults: without them a file that differs by its mode, or was written at the same time, is as committed.
    options = (
        "safe.directory=*",
        "core.fsmonitor=false",
        "core.hooksPath=/dev/null",
        "core.fileMode=true",
        "core.symlinks=true",
        "core.trustctime=true",
        "core.checkStat=default",
    )
    return ("git", "--no-pager", *(word for option in options for word in ("-c", option)), "-C", str(directory))


def _asked(directory: Path, runner: Runner, *arguments: str) -> str:
    """What git prints, or "" where it fails."""
    completed = runner.run((*_git(directory), *arguments), environment=_QUIET, timeout=30.0)
    return os.fsdecode(completed.stdout).removesuffix("\n") if completed.status == 0 else ""


def require_commit(
    directory: Path, runner: Runner, *, purpose: str, pointer: str = "", made_of: Iterable[str] = ()
) -> Commit:
    """The commit, where the spec asks for it. Raises SpecError TB2320 if there is none."""
    commit = source_commit(directory, runner, made_of=made_of)
    if commit is None:
        raise SpecError.of(
            "TB2320",
            f"{purpose}, but {directory.name or directory} is in no git repository with a commit",
            hint="commit the sources, or state `metadata.date` and leave `source.commit` out",
            where=Location(pointer=pointer),
        )
    return commit

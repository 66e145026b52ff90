"""The commit is read from repositories of anybody, and nothing that their configuration names is started."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from twinbuild.ports import Completed
from twinbuild.process.runner import SubprocessRunner
from twinbuild.resolve.git import commit_marks, source_commit

SIGNATURE = "gpgsig -----BEGIN PGP SIGNATURE-----\n \n AAAA\n -----END PGP SIGNATURE-----\n"


class Repository:
    """A repository with one commit, in a directory above the project's."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.project = base / "project"
        self.canary = base / "canary"
        self.program = base / "evil"
        self.project.mkdir()
        (self.project / "file").write_text("content\n")
        (base / ".gitignore").write_text("canary\nevil\n")
        self.git("init", "-q", "-b", "main")
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "one")
        self.program.write_text(f"#!/bin/sh\necho reached >> {self.canary}\nexit 1\n")
        self.program.chmod(0o755)

    def git(self, *arguments: str, stdin: str = "") -> str:
        """Run git as its owner does."""
        who = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
        return subprocess.run(
            ["git", *who, *arguments], cwd=self.base, check=True, capture_output=True, text=True, input=stdin
        ).stdout

    def configure(self, **values: str) -> None:
        """Set keys of the repository's configuration (double underscores for dots)."""
        for name, value in values.items():
            self.git("config", name.replace("__", "."), value)

    def touch(self) -> None:
        """Let git doubt that the file is what it was."""
        os.utime(self.project / "file", (1, 1))


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """A repository."""
    return Repository(tmp_path)


def _signature(repository: Repository) -> None:
    text = repository.git("cat-file", "commit", "HEAD")
    head, _, message = text.partition("\n\n")
    signed = repository.git("hash-object", "-t", "commit", "-w", "--stdin", stdin=f"{head}\n{SIGNATURE}\n{message}")
    repository.git("update-ref", "HEAD", signed.strip())
    repository.configure(log__showSignature="true", gpg__program=str(repository.program))


def _filter(kind: str) -> Callable[[Repository], None]:
    def plant(repository: Repository) -> None:
        repository.git("config", f"filter.evil.{kind}", str(repository.program))
        (repository.base / ".git/info/attributes").write_text("* filter=evil\n")
        repository.touch()

    return plant


def _racy(name: str) -> Callable[[Repository], None]:
    """Git compares what was written no earlier than its index, by whatever filter there is."""

    def plant(repository: Repository) -> None:
        for kind in ("clean", "process"):
            repository.git("config", f"filter.{name}.{kind}", str(repository.program))
        repository.git("config", f"filter.{name}.required", "true")
        (repository.base / ".git/info/attributes").write_text(f"* filter={name}\n")
        os.utime(repository.base / ".git/index", (1, 1))

    return plant


def _hooks(repository: Repository) -> None:
    hooks = repository.base / ".git/hooks"
    hooks.mkdir(exist_ok=True)
    for name in ("post-index-change", "fsmonitor-watchman", "post-checkout", "pre-auto-gc"):
        (hooks / name).write_bytes(repository.program.read_bytes())
        (hooks / name).chmod(0o755)
    repository.configure(core__fsmonitor=str(repository.program))
    repository.touch()


def _missing(address: str) -> Callable[[Repository], None]:
    """A partial clone that lacks an object of its commit, and a remote that is a program."""

    def plant(repository: Repository) -> None:
        tree = repository.git("rev-parse", "HEAD^{tree}").strip()
        (repository.base / ".git/objects" / tree[:2] / tree[2:]).unlink()
        repository.configure(
            core__repositoryFormatVersion="1",
            extensions__partialClone="evil",
            remote__evil__url=address.format(repository.program, repository.base),
            remote__evil__promisor="true",
            remote__evil__uploadpack=str(repository.program),
            protocol__allow="always",
            protocol__ext__allow="always",
        )
        repository.touch()

    return plant


def _differ(repository: Repository) -> None:
    repository.configure(diff__external=str(repository.program), core__pager=str(repository.program))
    repository.git("config", "diff.evil.command", str(repository.program))
    repository.git("config", "diff.evil.textconv", str(repository.program))
    (repository.base / ".git/info/attributes").write_text("* diff=evil\n")
    (repository.project / "file").write_text("other\n")


HOSTILE: dict[str, Callable[[Repository], None]] = {
    "a program for signatures": _signature,
    "a filter": _filter("clean"),
    "a filter process": _filter("process"),
    "a filter of an old index": _racy("evil"),
    "a filter with a name of its own": _racy("A.b=c"),
    "hooks and a file system monitor": _hooks,
    "a remote with a command": _missing("file://{1}/elsewhere"),
    "a remote that is a command": _missing("ext::{0}"),
    "a program for differences": _differ,
}


@pytest.mark.parametrize("plant", HOSTILE.values(), ids=HOSTILE.keys())
def test_no_program_of_a_repository_is_started(repository: Repository, plant: Callable[[Repository], None]) -> None:
    """The repository lies above the project, as one that another user made in /tmp would."""
    plant(repository)
    commit = source_commit(repository.project, SubprocessRunner())
    commit_marks(repository.project, SubprocessRunner(), known=commit is not None)
    assert not repository.canary.exists()
    assert commit is not None
    assert commit.identifier == (repository.base / ".git/refs/heads/main").read_text().strip()


def _garbage(repository: Repository) -> None:
    (repository.base / ".git/index").write_bytes(b"garbage")


def _no_tree(repository: Repository) -> None:
    tree = repository.git("rev-parse", "HEAD^{tree}").strip()
    (repository.base / ".git/objects" / tree[:2] / tree[2:]).unlink()


@pytest.mark.parametrize("spoil", [_garbage, _no_tree])
def test_git_that_fails_says_nothing_of_files(repository: Repository, spoil: Callable[[Repository], None]) -> None:
    """The commit is known, and nobody can say that the files are its: git's own words say why."""
    (repository.project / "file").write_text("other\n")
    spoil(repository)
    commit = source_commit(repository.project, SubprocessRunner())
    assert commit is not None
    assert (commit.modified, commit.differing) == (True, ())
    assert " ended with 128: " in commit.unanswered


class _Slow(SubprocessRunner):
    """Git is killed when it is asked one of the questions about files."""

    def __init__(self, question: str) -> None:
        super().__init__()
        self._question = question

    def run(self, argv: tuple[str, ...], **more: Any) -> Completed:
        """As the other, with no time for that question."""
        return super().run(argv, **(more | {"timeout": 1e-9} if self._question in argv else more))


@pytest.mark.parametrize("question", ["diff-index", "--others", "-v"])
def test_git_that_does_not_end(repository: Repository, question: str) -> None:
    """What it did not say is not that nothing differs."""
    commit = source_commit(repository.project, _Slow(question))
    assert commit is not None
    assert (commit.modified, "did not end within" in commit.unanswered) == (True, True)
    assert source_commit(repository.project, _Slow("log")) is None


@pytest.mark.parametrize("flag", ["--assume-unchanged", "--skip-worktree"])
def test_files_that_git_is_told_not_to_look_at(repository: Repository, flag: str) -> None:
    """They differ, whatever is in them; those beside the project are no matter of it."""
    (repository.base / "beside").touch()
    repository.git("add", "beside")
    repository.git("commit", "-q", "-m", "two")
    repository.git("update-index", flag, "project/file", "beside")
    (repository.project / "file").write_text("other\n")
    commit = source_commit(repository.project, SubprocessRunner())
    assert commit is not None
    assert commit.differing == ("file",)


def test_files_that_git_ignores(repository: Repository) -> None:
    """Those that the release is made of differ, the others do not; each is named once."""
    (repository.project / ".gitignore").write_text("*.local\n/ignored/\n")
    repository.git("add", ".")
    repository.git("commit", "-q", "-m", "two")
    for name in ("a.local", "b.local", "ignored/c", "new/d", "new/e.local"):
        (repository.project / name).parent.mkdir(exist_ok=True)
        (repository.project / name).touch()
    commit = source_commit(
        repository.project, SubprocessRunner(), made_of=("file", "a.local", "ignored/c", "new/d", "new/e.local")
    )
    assert commit is not None
    assert commit.differing == ("a.local", "ignored/c", "new/")


def test_sources_where_outputs_lie(repository: Repository) -> None:
    """What the release is made of differs wherever it lies; other outputs do not, tracked or not."""
    names = ("dist/made", "dist/release/manifest.json", "release.digest", "release.x.digest", "deep/dist/file")
    for name in names:
        (repository.project / name).parent.mkdir(exist_ok=True, parents=True)
        (repository.project / name).write_text("one")
    repository.git("add", "-f", ".")
    repository.git("commit", "-q", "-m", "two")
    for name in names:
        (repository.project / name).write_text("two")
    commit = source_commit(repository.project, SubprocessRunner(), made_of=("file", "dist/made", "release.x.digest"))
    assert commit is not None
    assert commit.differing == ("deep/dist/file", "dist/made", "release.x.digest")


def test_a_project_that_git_ignores(repository: Repository) -> None:
    """A repository that is found above is not that of the project's files."""
    (repository.base / ".gitignore").write_text("canary\nevil\nother\n")
    repository.git("commit", "-q", "-a", "-m", "two")
    other = repository.base / "other"
    other.mkdir()
    (other / "main.py").touch()
    commit = source_commit(other, SubprocessRunner(), made_of=("main.py",))
    assert commit is not None
    assert commit.differing == ("main.py",)


def _replaced(repository: Repository) -> None:
    """Another commit in the place of the one that is checked out, which still has its name."""
    (repository.project / "file").write_text("other\n")
    repository.git("add", "-A")
    tree = repository.git("write-tree").strip()
    repository.git("replace", "HEAD", repository.git("commit-tree", tree, "-m", "two").strip())


def _mode(repository: Repository) -> None:
    repository.configure(core__fileMode="false")
    (repository.project / "file").chmod(0o755)


def _link(repository: Repository) -> None:
    """A link, where git is told that there are none."""
    repository.configure(core__symlinks="false")
    (repository.project / "file").unlink()
    (repository.project / "file").symlink_to("content\n")


def _times(repository: Repository) -> None:
    """Another file of the same size and time."""
    repository.configure(core__checkStat="minimal", core__trustctime="false")
    file = repository.project / "file"
    os.utime(file, (10**9, 10**9))
    repository.git("update-index", "--refresh")
    (repository.project / "new").write_text("CONTENT\n")
    (repository.project / "new").replace(file)
    os.utime(file, (10**9, 10**9))


@pytest.mark.parametrize("hide", [_replaced, _mode, _link, _times])
def test_no_configuration_hides_a_change(repository: Repository, hide: Callable[[Repository], None]) -> None:
    """What the repository says of itself is no reason to believe it."""
    hide(repository)
    commit = source_commit(repository.project, SubprocessRunner(), made_of=("file",))
    assert commit is not None
    assert commit.differing == ("file",)


def _linked(file: Path) -> None:
    """The file's bytes, by a link in its place."""
    file.rename(file.with_name("moved"))
    file.symlink_to("moved")
    (file.parent / ".gitignore").write_text("moved\n.gitignore\n")


@pytest.mark.parametrize("layout", ["sha1", "sha256"])
def test_times_decide_nothing(tmp_path: Path, layout: str) -> None:
    """Files and links with the committed bytes are the commit's, however git names objects; the others are not."""
    environment = {"GIT_CONFIG_GLOBAL": "/dev/null", "PATH": "/usr/local/bin:/usr/bin:/bin"}

    def git(*arguments: str) -> None:
        who = ("-c", "user.name=A", "-c", "user.email=a@example.org")
        subprocess.run(["git", *who, *arguments], cwd=tmp_path, check=True, capture_output=True, env=environment)

    git("init", "-q", f"--object-format={layout}")
    for name, content in (("same", b"s" * 3_000_000), ("other", b"one"), ("empty", b"")):
        (tmp_path / name).write_bytes(content)
    (tmp_path / "link").symlink_to("same")
    git("add", ".")
    git("commit", "-q", "-m", "one")
    (tmp_path / "other").write_bytes(b"two")
    (tmp_path / "link").unlink()
    (tmp_path / "link").symlink_to("same")
    for name in ("same", "other", "empty", "link"):
        os.utime(tmp_path / name, (1, 1), follow_symlinks=False)
    commit = source_commit(tmp_path, SubprocessRunner())
    assert commit is not None
    assert commit.differing == ("other",)


@pytest.mark.parametrize(
    ("change", "differing"),
    [
        (lambda at: None, ()),
        (lambda at: (at / "file").write_text("other\n"), ("file",)),
        (lambda at: (at / "new \u00e9").touch(), ("new \u00e9",)),
        (lambda at: (at / "file").unlink(), ("file",)),
        (lambda at: (at / "file").chmod(0o755), ("file",)),
        (lambda at: os.utime(at / "file", (1, 1)), ()),
        (
            lambda at: [(at / name).touch() for name in ("release.digest", "release.cpu.digest", "no.digest")],
            ("no.digest",),
        ),
        (lambda at: _linked(at / "file"), ("file",)),
        (lambda at: (at.rename(at.parent / "old"), shutil.copytree(at.parent / "old", at)), ()),
        (lambda at: (at.parent / "beside").touch(), ()),
    ],
    ids=[
        "nothing",
        "changed",
        "new",
        "gone",
        "mode",
        "touched",
        "digests of releases",
        "a link to it",
        "copied",
        "beside the project",
    ],
)
def test_which_files_differ(
    repository: Repository, change: Callable[[Path], object], differing: tuple[str, ...]
) -> None:
    """Files of the project alone, known to git or not, by their paths there."""
    change(repository.project)
    commit = source_commit(repository.project, SubprocessRunner())
    assert commit is not None
    assert (commit.differing, commit.modified) == (differing, bool(differing))

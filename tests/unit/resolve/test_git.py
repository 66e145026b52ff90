"""The commit is read from repositories of anybody, and nothing that their configuration names is started."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

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


@pytest.mark.parametrize(
    ("change", "differing"),
    [
        (lambda at: None, ()),
        (lambda at: (at / "file").write_text("other\n"), ("file",)),
        (lambda at: (at / "new \u00e9").touch(), ("new \u00e9",)),
        (lambda at: (at / "file").unlink(), ("file",)),
        (lambda at: (at / "file").chmod(0o755), ("file",)),
        (lambda at: (at.parent / "beside").touch(), ()),
    ],
    ids=["nothing", "changed", "new", "gone", "mode", "beside the project"],
)
def test_which_files_differ(
    repository: Repository, change: Callable[[Path], object], differing: tuple[str, ...]
) -> None:
    """Files of the project alone, known to git or not, by their paths there."""
    change(repository.project)
    commit = source_commit(repository.project, SubprocessRunner())
    assert commit is not None
    assert (commit.differing, commit.modified) == (differing, bool(differing))

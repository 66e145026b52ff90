"""The pages for whoever gets a release and for whoever is woken by one, followed word by word in clean directories."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from fakes.transcripts import Shell, steps
from twinbuild.build.clock import fixed_clock
from twinbuild.model.settings import store_place

ROOT: Final = Path(__file__).resolve().parents[2]
DOCS: Final = ROOT / "docs"
_POLICY: Final = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LATER: Final = "## Keys come and go"
_WEDNESDAY: Final = 1_795_608_000  # 2026-11-25T12:00:00Z: no freeze, and no exception has expired
_YEARS: Final = 5 * 365 * 86_400
_DEAD: Final = "http://127.0.0.1:9/simple/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Where somebody works: ``twinbuild`` is a command, and ``kubectl`` knows one pod."""

    place: Path
    clocks: Path  # without a blank in its path: LD_PRELOAD cannot have one

    @property
    def archive(self) -> Path:
        """What pages call /srv/archive."""
        return self.place / "archive"

    def shell(self, name: str, *, clock: int = _WEDNESDAY, **more: str) -> Shell:
        """A shell in a directory of the desk, on a day on which the examples of pages hold."""
        directory = self.place / name
        directory.mkdir(exist_ok=True)
        library = self.clocks / f"{clock}.so"
        library.write_bytes(fixed_clock(os.uname().machine, clock))
        places = {"/srv/archive": self.archive, "/tmp/again": directory / "again", "/tmp/released": directory / "old"}
        environment = {
            "PATH": f"{self.place / 'bin'}:{os.environ['PATH']}",
            "HOME": str(self.place / "home"),
            "TWINBUILD_STORE": os.environ.get("TWINBUILD_STORE") or store_place(os.environ, os.environ["HOME"]),
            "TWINBUILD_KEY_PASSPHRASE": "a passphrase for this test",
            "TMPDIR": os.environ.get("TMPDIR", "/tmp"),
            "LD_PRELOAD": str(library),
        }
        return Shell(directory=directory, environment={**environment, **more}, places=places)

    def program(self, name: str, text: str) -> None:
        """A program that is on the path."""
        path = self.place / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)


def _twinbuild(shell: Shell, *words: str) -> str:
    """What a command prints that no page has."""
    done = subprocess.run(
        ["twinbuild", *words],
        cwd=shell.directory,
        env=dict(shell.environment),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Two releases of the example in ``project/dist``, the second with another default of a knob."""
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="twinbuild-clock-") as clocks:
        yield _desk(Desk(place=tmp_path_factory.mktemp("desk"), clocks=Path(clocks)))


def _desk(made: Desk) -> Desk:
    made.program(
        "twinbuild", f"export PYTHONPATH='{ROOT / 'generator'}'\nexec '{sys.executable}' -m twinbuild.cli \"$@\""
    )
    shutil.copytree(
        ROOT / "examples" / "fraud-scorer", made.place / "project", ignore=shutil.ignore_patterns("dist", "__pycache__")
    )
    shell = made.shell("project")
    environment = {name: value for name, value in shell.environment.items() if name != "LD_PRELOAD"}
    builder = Shell(directory=shell.directory, environment={**os.environ, **environment, "HOME": os.environ["HOME"]})
    _twinbuild(builder, "release", "--locked", "-q")
    _twinbuild(builder, "tool", "pack", "-q")  # a new machine's store has not what `archive add` takes of it
    spec = made.place / "project" / "release.yaml"
    first = spec.read_text()
    second = first.replace("  version: 1.0.0\n", "  version: 1.1.0\n", 1).replace("default: 64\n", "default: 128\n", 1)
    spec.write_text(second)
    printed = _twinbuild(builder, "release", "--locked", "-q")
    image = re.findall(r"^image .* (sha256:[0-9a-f]{64}) ", printed, re.MULTILINE)[0]
    made.program("kubectl", f"printf %s registry.example/production/fraud-scorer@{image}")
    spec.with_name("second.yaml").write_text(second)
    spec.write_text(first)
    return made


def _archive(desk: Desk, dist: Path) -> None:
    """Archive a release as it is now, with the spec that it was made of."""
    spec = desk.place / "specs" / dist.name / "project"
    if not spec.exists():
        shutil.copytree(desk.place / "project", spec, ignore=shutil.ignore_patterns("dist"))
        if dist.name.endswith("1.1.0"):
            (spec / "second.yaml").replace(spec / "release.yaml")
    _twinbuild(
        desk.shell("home"), "archive", "add", str(dist), "--spec", str(spec), "--archive", str(desk.archive), "-q"
    )


@contextmanager
def _gone(path: Path) -> Iterator[None]:
    hidden = path.rename(path.with_name("gone"))
    yield
    hidden.rename(path)


def _organisation(desk: Desk) -> Shell:
    """signing.md, trust.md and policy.md, as far as they make what other pages begin with."""
    shell = desk.shell("organisation")
    shutil.copytree(desk.place / "project" / "dist", shell.directory / "dist")
    match = _POLICY.search((DOCS / "policy.md").read_text("utf-8"))
    assert match
    text = match[1]
    again = text[text.index("  - rule: ") :].replace("@1.0.0", "@1.1.0")  # the exception, for the second release, too
    (shell.directory / "policy.yaml").write_text(text + again)
    shell.follow(steps(DOCS / "trust.md", until=_LATER))
    copy = desk.shell("copy", XDG_STATE_HOME=str(desk.place / "copy" / "state"))  # where version 3 may be seen
    shutil.copytree(shell.directory, copy.directory, dirs_exist_ok=True)
    copy.follow(steps(DOCS / "trust.md", since=_LATER))
    shell.follow(steps(DOCS / "signing.md", until="## Keys"))
    shell.follow(steps(DOCS / "policy.md"))
    return shell


@pytest.mark.slow
@pytest.mark.network
@pytest.mark.sandbox
def test_pages(desk: Desk) -> None:
    """Each command works as it is printed, in that order, with that output: from signing to going back."""
    shell = _organisation(desk)
    dist = shell.directory / "dist"
    shutil.copytree(dist / "fraud-scorer-1.0.0", shell.directory / "fraud-scorer-1.0.0")
    shell.follow(steps(DOCS / "verifying.md"))
    _archive(desk, dist / "fraud-scorer-1.0.0")
    shell.follow(steps(DOCS / "vulnerabilities.md"))
    log = desk.shell("log")
    (log.directory / "dist").symlink_to(dist)
    log.follow(steps(DOCS / "audit.md"))

    words = ("--trust", "trust", "--key")
    _twinbuild(shell, "sign", "dist/fraud-scorer-1.1.0", "--key", "ada")
    _twinbuild(shell, "approve", "dist/fraud-scorer-1.1.0", "--stage", "production", *words, "grace")
    to = ("--to", "production", *words, "linus", "--record", "record", "--output", "out")
    _twinbuild(shell, "promote", "dist/fraud-scorer-1.1.0", *to, "--audit", "log", "--audit-key", "bot")
    _archive(desk, dist / "fraud-scorer-1.1.0")
    with _gone(desk.place / "project"), _gone(dist):
        _at_night(desk, shell)


def _at_night(desk: Desk, shell: Shell) -> None:
    """The rot drill: index, mirror, store and project gone, years later, somebody else's machine; the same release."""
    page = DOCS / "reproduce-later.md"
    elsewhere = {
        "HOME": str(desk.place / "elsewhere"),
        "TWINBUILD_STORE": str(desk.place / "elsewhere" / "store"),
        "PIP_INDEX_URL": _DEAD,
        "TWINBUILD_DEBIAN_MIRROR": _DEAD,
        "TZ": "Pacific/Kiritimati",
    }
    later = desk.shell("elsewhere", clock=int(time.time()) + _YEARS, **elsewhere)
    Shell(directory=later.directory, environment=later.environment, places=later.places, umask=0o077).follow(
        steps(page, until="## 3. What is other than before?")
    )
    _twinbuild(shell, "verify-release", str(later.directory / "again"), "--key", "ada.pub")
    there = Shell(directory=shell.directory, environment=shell.environment, places=later.places)
    there.follow(steps(page, since="## 3. What is other than before?", until="## How it is built"))


def test_a_page_that_is_wrong_is_found(tmp_path: Path) -> None:
    """Another output, another status, and output where none is shown."""
    page = tmp_path / "page.md"
    shell = Shell(directory=tmp_path, environment=dict(os.environ), places={"/srv/archive": tmp_path / "a b"})
    page.write_text(
        "# A\n```\n$ echo one && \\\n    echo 2026-11-26 two\none\n2025-01-01 t…\n$ cat <<END\n$(echo x)\nEND\nx\n"
        "$ mkdir /srv/archive && ls -d /srv/archive\n/srv/archive\n$ seq 9\n1\n…\n9\n```\n"
        "\n# B\n```\n$ false\nerror[X]\n```\n"
    )
    shell.follow(steps(page, until="# B"))
    for text in ("$ echo a\nb", "$ echo a", "$ false", "$ echo 'error[X]'\nerror[X]", "$ seq 3\n1\n2", "$ true\n1"):
        page.write_text(f"```\n{text}\n```\n")
        with pytest.raises(AssertionError, match="line 2"):
            shell.follow(steps(page))

"""Releases side by side, and releases that are killed: on an empty store all come to the digest of one left alone."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from fakes.tool import EXAMPLES, process

pytestmark = [pytest.mark.slow, pytest.mark.network]

EXAMPLE = EXAMPLES / "fraud-scorer"
EXPECTED = (EXAMPLE / "release.digest").read_text().strip()
OVERRIDDEN = re.compile(r"TWINBUILD_STORE|TMPDIR|XDG_\w+|HOME|PYTHON\w+")


class Bench:
    """Copies of the example, one empty store and one temporary directory."""

    def __init__(self, base: Path) -> None:
        self.base, self.temporary, self.store = base, base / "tmp", base / "store"
        self.temporary.mkdir()
        (base / "home").mkdir()
        kept = {name: value for name, value in os.environ.items() if not OVERRIDDEN.fullmatch(name)}
        self._environment = kept | {
            "HOME": os.environ.get("HOME", "/"),  # pip's configuration may lie there
            "PYTHONPATH": str(EXAMPLES.parent / "generator"),
            "TMPDIR": str(self.temporary),
            "TWINBUILD_STORE": str(self.store),
        }

    def project(self, name: str, of: Path = EXAMPLE) -> Path:
        """A copy of a project: of the example."""
        ignored = shutil.ignore_patterns("dist", "__pycache__")
        return shutil.copytree(of, self.base / name, ignore=ignored)

    def started(self, *arguments: str) -> subprocess.Popen[str]:
        """The command line in a process group of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "twinbuild.cli", *arguments],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            process_group=0,
        )

    def released(self, process: subprocess.Popen[str]) -> str:
        """The digest that a release prints, which must succeed."""
        out, err = process.communicate(timeout=900)
        assert process.returncode == 0, err
        return str(json.loads(out)["release"])

    def sound(self) -> bool:
        """Whether every file of the store is what its name says."""
        process = self.started("store", "verify")
        process.communicate(timeout=120)
        return process.returncode == 0

    def running(self) -> list[str]:
        """Processes that still work for a command: those that know our temporary directory."""
        found = []
        for directory in Path("/proc").glob("[0-9]*"):
            try:
                environment, state = (directory / "environ").read_bytes(), (directory / "stat").read_text()
            except OSError:
                continue
            if f"TMPDIR={self.temporary}".encode() in environment and state.rpartition(")")[2].split()[0] != "Z":
                found.append(directory.name)
        return found


def test_two_releases_at_once(tmp_path: Path) -> None:
    """Two processes that share nothing but an empty store, and two that also share the project, agree."""
    bench = Bench(tmp_path)
    both = [bench.started("release", "--locked", "--json", str(bench.project(name))) for name in ("one", "two")]
    assert [bench.released(process) for process in both] == [EXPECTED, EXPECTED]
    one = str(tmp_path / "one")
    shutil.rmtree(tmp_path / "one" / "dist")
    again = [bench.started("release", "--locked", "--json", one) for _ in range(2)]
    assert [bench.released(process) for process in again] == [EXPECTED, EXPECTED]
    assert sorted(path.name for path in (tmp_path / "one" / "dist").iterdir()) == ["fraud-scorer-1.0.0"]
    assert bench.sound()


def _blobs(count: int) -> Callable[[Bench], bool]:
    return lambda bench: len(list(bench.store.glob("v1/blobs/sha256/*/*"))) >= count


def _below(pattern: str) -> Callable[[Bench], bool]:
    return lambda bench: any(bench.base.glob(pattern))


# In the order in which one release reaches them, so each next run begins with what the last one left.
MOMENTS: tuple[tuple[str, Callable[[Bench], bool]], ...] = (
    ("a download has begun", _below("store/v1/tmp/*")),
    ("some files are stored", _blobs(40)),
    ("the interpreter is unpacked", _below("tmp/twinbuild-*/build-*")),
    ("a layer is built", _below("store/v1/records/*layer*/*/*")),
    ("the second build has begun", _below("tmp/twinbuild-*/second-*/*/*/store/v1/blobs/sha256/*/*")),
    ("the release is being written", _below("project/dist/.project-0.1.0.*/image/blobs/sha256/*")),
)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The first project that `init` writes, locked, with a wheel; and the digest of its release."""
    directory = tmp_path_factory.mktemp("undisturbed") / "project"
    for command in (("init",), ("lock", "-q"), ("release", "--locked", "--json")):
        done = process(*command, str(directory))
        assert done.returncode == 0, done.stderr
        if command == ("init",):
            spec = directory / "release.yaml"
            assert "runtime: []" in spec.read_text()
            spec.write_text(spec.read_text().replace("runtime: []", "runtime: [click==8.5.1]"))
    return directory, str(json.loads(done.stdout)["release"])


@pytest.mark.parametrize("alone", [False, True], ids=["with its children", "alone"])
def test_killed_at_several_moments_and_started_again(
    undisturbed: tuple[Path, str], tmp_path: Path, *, alone: bool
) -> None:
    """After SIGKILL at each moment of a release, to it or to its whole family, the next run goes on and succeeds."""
    bench = Bench(tmp_path)
    first, expected = undisturbed
    project = bench.project("project", first)
    met = []
    for moment, reached in MOMENTS:
        process = bench.started("release", "--locked", "--quiet", str(project))
        while process.poll() is None and not reached(bench):
            time.sleep(0.002)
        if process.poll() is None:
            met.append(moment)
        os.kill(process.pid, signal.SIGKILL) if alone else kill_family(process.pid)
        process.communicate(timeout=60)
        assert process.returncode in (-signal.SIGKILL, 0), moment
        end = time.monotonic() + 30
        while bench.running() and time.monotonic() < end:
            time.sleep(0.05)
        assert not bench.running(), f"{moment}: what it started goes on without it"
        output = project / "dist" / "project-0.1.0"
        assert not output.exists() or process.returncode == 0, moment
    assert met == [moment for moment, _ in MOMENTS]
    assert bench.released(bench.started("release", "--locked", "--json", str(project))) == expected
    assert [path.name for path in (project / "dist").iterdir()] == [output.name]
    assert [path.name for path in bench.temporary.glob("twinbuild-*/*")] in ([], [".lock"])
    assert bench.sound()


def kill_family(pid: int) -> None:
    """SIGKILL to a process and all its descendants, whatever sessions they are in; the process goes first."""
    family, found = {pid}, True
    while found:
        found = False
        for file in Path("/proc").glob("[0-9]*/stat"):
            try:
                parent = int(file.read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            child = int(file.parent.name)
            if parent in family and child not in family:
                family.add(child)
                found = True
    for member in sorted(family):
        try:
            os.kill(member, signal.SIGKILL)
        except ProcessLookupError:
            continue

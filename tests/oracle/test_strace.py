"""What the kernel saw: a release writes below its store, TMPDIR and its output; a build asks nobody for anything."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from pathlib import Path

import pytest

from fakes.straced import Traced, straced
from fakes.tool import EXAMPLES, process

pytestmark = [pytest.mark.slow, pytest.mark.network]

# Nothing is kept there: a process pool's semaphores (memory, unlinked as soon as they are made), and the files by which
# the second build names its user in a namespace of its own.
HARMLESS = re.compile(r"/dev/null|/dev/shm/sem\.[\w-]+|/proc/\d+/(uid_map|gid_map|setgroups)")
SETTINGS = re.compile(r"(PIP|TWINBUILD|SSL|REQUESTS)_\w+|\w+_proxy", re.IGNORECASE)


class Place:
    """A small project without a lock, and beside it an empty store, a home and a temporary directory."""

    def __init__(self, base: Path) -> None:
        self.base, self.project = base, base / "project"
        self._begin()
        for name in ("home", "tmp"):
            (base / name).mkdir()
        self._environment = {name: value for name, value in os.environ.items() if SETTINGS.fullmatch(name)} | {
            "HOME": str(base / "home"),
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(EXAMPLES.parent / "generator"),
            "PYTHONDONTWRITEBYTECODE": "1",
            "TMPDIR": str(base / "tmp"),
            "TWINBUILD_STORE": str(base / "store"),
        }
        self._runs = 0

    def _begin(self) -> None:
        """The first project, with a wheel and an artifact.

        No tests: a service runs in a mount namespace, where `/etc` is another one than strace means.
        """
        begun = process("init", self.project)
        assert begun.returncode == 0, begun.stderr
        (self.project / "weights.onnx").write_bytes(b"weights")
        spec = self.project / "release.yaml"
        artifact = "{name: weights, uri: weights.onnx, format: onnx, licence: Apache-2.0, target: /models/weights.onnx}"
        text = spec.read_text("utf-8").replace("artifacts: []", f"artifacts: [{artifact}]")
        spec.write_text(text.replace("runtime: []", "runtime: [click==8.5.1]"), "utf-8")

    def traced(self, *arguments: str) -> Traced:
        """The command line under strace; it must succeed."""
        self._runs += 1
        traced = straced(
            (sys.executable, "-m", "twinbuild.cli", *arguments),
            directory=self.project,
            environment=self._environment,
            notes=self.base / f"strace-{self._runs}",
        )
        assert traced.status == 0, traced.err
        return traced

    def elsewhere(self, traced: Traced) -> list[str]:
        """What was written neither in the store, nor in TMPDIR, nor where the lock and the release belong."""
        ours = re.compile(
            f"{re.escape(str(self.base))}/(store|tmp|project/(dist|lockfiles|release\\.lock|\\.release\\.lock\\.\\w+))(/.*)?"
        )
        return sorted(path for path in traced.written if not (ours.fullmatch(path) or HARMLESS.fullmatch(path)))

    def forget(self) -> None:
        """Take away the store's memory of what was built and verified."""
        shutil.rmtree(self.base / "store" / "v1" / "records")


def test_where_a_release_writes_and_whom_it_asks(tmp_path: Path) -> None:
    """From nothing to a release, then a build and an offline release with the store full: writes and connections."""
    place = Place(tmp_path)
    first = place.traced("release", "--json")
    assert not place.elsewhere(first)
    assert first.internet  # so addresses are seen where there are any
    for name in ("store", "tmp", "project"):
        assert any(path.startswith(f"{tmp_path}/{name}/") for path in first.written), name

    place.forget()
    built = place.traced("build", "--json")
    assert any("/store/v1/blobs/" in path or "/store/v1/tmp/" in path for path in built.written)
    assert not place.elsewhere(built)
    assert not built.internet

    again = place.traced("release", "--offline", "--json")  # its second build builds every layer
    assert not place.elsewhere(again)
    assert not again.internet
    released, repeated = json.loads(first.out), json.loads(again.out)
    assert (released["release"], released["images"]) == (repeated["release"], repeated["images"])
    assert json.loads(built.out)["images"][0]["digest"] == released["images"][0]["digest"]
    assert not list((tmp_path / "home").iterdir())
    left = {path.name for path in (tmp_path / "tmp").rglob("*") if not path.is_dir()}
    assert left <= {".lock"}  # by which the next run knows whether this one still works there


def test_a_write_and_a_connection_are_seen(tmp_path: Path) -> None:
    """Each way to change a file, by name, by descriptor and relative to one, is noticed, and so is each address."""
    program = """if True:
        import os, socket
        os.mkdir("d"); os.open("a", os.O_WRONLY | os.O_CREAT); os.rename("a", "b"); os.symlink("x/y", "s")
        os.link("b", "h"); os.truncate("b", 1); os.chmod("h", 0o600); os.utime("b", (1, 1)); os.unlink("s")
        at = os.open("d", os.O_RDONLY); os.mkdir("e", dir_fd=at); os.rename("b", "f", dst_dir_fd=at)
        os.fchmod(os.open("h", os.O_RDONLY), 0o644); os.setxattr("h", "user.x", b"1"); os.mkfifo("p")
        socket.socket(socket.AF_UNIX).bind("u"); os.rmdir("d/e"); open("h").read(); os.stat("h")
        try: socket.create_connection(("127.0.0.1", 9), timeout=1)
        except OSError: pass
    """
    work = tmp_path / "work"
    work.mkdir()
    traced = straced((sys.executable, "-I", "-c", program), directory=work, environment={}, notes=tmp_path / "notes")
    assert traced.status == 0, traced.err
    names = {"a", "b", "d", "d/e", "d/f", "h", "p", "s", "u"}
    assert {os.path.relpath(work / path, work) for path in traced.written} == names
    assert {str(work / name) for name in ("a", "h", "d/e", "d/f")} <= traced.written  # by descriptor, so absolute
    assert any("127.0.0.1" in line for line in traced.internet)

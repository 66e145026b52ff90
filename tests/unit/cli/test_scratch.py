"""The temporary directory: what killed runs left goes, what living ones use stays."""

from __future__ import annotations

import fcntl
import os
import signal
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from fakes.tool import EXAMPLES
from twinbuild.cli.scratch import scratch_in_use, spread

WAITING = """
import sys, time
from twinbuild.cli import outcome
from twinbuild.cli.__main__ import cli
from twinbuild.cli.session import session
from pathlib import Path
import click

@cli.command("wait")
def wait():
    with session(beside=Path(), quiet=True) as machine:
        directory = machine.scratch / "mine"
        directory.mkdir()
        try:
            print("ready", flush=True)
            time.sleep(600)
        finally:
            directory.rmdir()

type(cli).get_command = lambda self, context, name: wait
type(cli).resolve_command = lambda self, context, arguments: ("wait", wait, [])
outcome.end_in_order()
sys.exit(outcome.run(cli, ["wait"]))
"""


def test_what_is_left_goes(tmp_path: Path) -> None:
    """Files, read-only directories and links are removed; what a link leads to stays."""
    environment = {"TMPDIR": str(tmp_path)}
    with scratch_in_use(environment) as path:
        (path / "root-1/usr/bin").mkdir(parents=True)
        (path / "root-1/usr").chmod(0o500)
        (path / "file").touch()
        (tmp_path / "else").mkdir()
        (path / "link").symlink_to(tmp_path / "else")
        with scratch_in_use(environment):  # a second run, while the first one lives
            assert (path / "root-1").is_dir()
    with scratch_in_use(environment) as path:
        assert [entry.name for entry in path.iterdir()] == [".lock"]
    assert (tmp_path / "else").is_dir()


@pytest.mark.parametrize(
    ("number", "status", "left"),
    [(signal.SIGINT, 130, []), (signal.SIGTERM, 143, []), (signal.SIGHUP, 129, []), (signal.SIGKILL, -9, ["mine"])],
)
def test_signals(tmp_path: Path, number: signal.Signals, status: int, left: list[str]) -> None:
    """CL-12: who is told to end clears up and says so by its status; the next run clears up after `kill -9`."""
    environment = {
        "PYTHONPATH": str(EXAMPLES.parent / "generator"),
        "PATH": os.environ["PATH"],
        "TMPDIR": str(tmp_path),
        "TWINBUILD_STORE": str(tmp_path / "store"),
    }
    process = subprocess.Popen(
        [sys.executable, "-c", WAITING], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, cwd=tmp_path
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    time.sleep(0.05)
    process.send_signal(number)
    _, said = process.communicate(timeout=30)
    assert process.returncode == status
    assert b"Traceback" not in said
    scratch = tmp_path / f"twinbuild-{os.getuid()}"
    assert [entry.name for entry in scratch.iterdir() if entry.name != ".lock"] == left
    with scratch_in_use(environment) as path:
        assert [entry.name for entry in path.iterdir()] == [".lock"]


def test_what_is_made_lies_apart(tmp_path: Path) -> None:
    """Where a file system has the flag for it, it is set, and no other goes; what is no directory is let be."""
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path)
    (tmp_path / "other").mkdir()
    for name in ("file", "link", "none"):
        spread(tmp_path / name)
    assert not _flag(tmp_path / "other")
    before = _flag(tmp_path / "other", among=~0)
    for _ in range(2):
        spread(tmp_path / "other")
    kind = subprocess.run(("stat", "--file-system", "--format=%T", tmp_path), stdout=-1, text=True, check=True).stdout
    assert _flag(tmp_path / "other") or kind.strip() != "ext2/ext3"
    assert before is None or _flag(tmp_path / "other", among=~0x20000) == before


def _flag(path: Path, *, among: int = 0x20000) -> int | None:
    """Flags of an inode as ``lsattr`` shows them; None where the file system has none."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        (flags,) = struct.unpack_from("i", fcntl.ioctl(descriptor, 0x80086601, bytes(8)))
    except OSError:
        return None
    finally:
        os.close(descriptor)
    return int(flags) & among


def test_what_has_no_place_of_its_own(tmp_path: Path) -> None:
    """It is made there too, where it goes once nobody uses it; afterwards such things lie where they did."""
    before = tempfile.gettempdir()
    with scratch_in_use({"TMPDIR": str(tmp_path)}) as path:
        assert tempfile.gettempdir() == str(path)
        left = Path(tempfile.mkdtemp())
    assert (tempfile.gettempdir(), left.exists()) == (before, True)
    with scratch_in_use({"TMPDIR": str(tmp_path)}):
        assert not left.exists()

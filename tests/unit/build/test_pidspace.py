"""``build.pidspace``: who goes on as the worker sees nobody else, ends as it would, and outlives nobody."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

GENERATOR = Path(__file__).resolve().parents[3] / "generator"
# A program that goes on as a worker, in namespaces as an island has them, and then does what its argument says.
_PROGRAM = """
import os, subprocess, sys, time
from twinbuild.build.kernel import call, libc
from twinbuild.build.pidspace import NEW_PIDS, become_worker
uid, parent = os.getuid(), os.getppid()
print("once", end="")  # is not written by three processes
call("unshare", libc.unshare(0x10000000 | NEW_PIDS))
with open("/proc/self/uid_map", "w") as file:
    file.write(f"54321 {uid} 1")
become_worker(parent)
exec(sys.argv[1])
"""
_SLEEPER = "mark = 'twinbuild-{}'; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)', mark])"
pytestmark = pytest.mark.sandbox


def _started(code: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, code], stdout=subprocess.PIPE, env={"PYTHONPATH": str(GENERATOR)}
    )


def _alive(mark: str) -> list[int]:
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            if f"\0{mark}\0".encode() in (place / "cmdline").read_bytes():
                found.append(int(place.name))
        except OSError:
            continue
    return found


def _until_gone(mark: str) -> list[int]:
    end = time.monotonic() + 20
    while (left := _alive(mark)) and time.monotonic() < end:
        time.sleep(0.02)
    for number in left:
        os.kill(number, signal.SIGKILL)
    return left


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("print(os.getpid(), flush=True)", 0),
        ("print(os.getpid(), flush=True); sys.exit(7)", 7),
        ("print(os.getpid(), flush=True); os.kill(os.getpid(), 9)", 137),
        ("print(os.getpid(), flush=True); raise ValueError", 1),
    ],
)
def test_ends_as_the_worker(code: str, status: int) -> None:
    """Whoever waits gets the worker's status, and what it printed, once."""
    process = _started(code)
    assert (process.communicate()[0], process.returncode) == (b"once2\n", status)


def test_nothing_outlives_it() -> None:
    """What the worker leaves running ends with it."""
    mark = f"twinbuild-{os.getpid()}-left"
    code = _SLEEPER.format(f"{os.getpid()}-left")
    process = _started(code)
    assert (process.communicate()[0], process.returncode) == (b"once", 0)
    assert _until_gone(mark) == []


def test_it_outlives_nobody() -> None:
    """`kill -9` of the one who started it ends the worker, and what that started."""
    mark = f"twinbuild-{os.getpid()}-killed"
    inner = _SLEEPER.format(f"{os.getpid()}-killed") + "; print(flush=True); time.sleep(600)"
    outer = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {_PROGRAM!r}, {inner!r}])"
    process = subprocess.Popen(
        [sys.executable, "-c", outer], stdout=subprocess.PIPE, env={"PYTHONPATH": str(GENERATOR)}
    )
    assert process.stdout is not None
    process.stdout.readline()
    end = time.monotonic() + 20
    while not _alive(mark) and time.monotonic() < end:
        time.sleep(0.02)  # /proc has no arguments yet of a program that just starts
    assert _alive(mark)
    process.kill()
    process.wait()
    process.stdout.close()
    assert _until_gone(mark) == []

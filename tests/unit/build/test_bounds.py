"""Bounds of memory and processes that the launcher watches, beside the real sandboxes of test_steps."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from twinbuild.build.bounds import Watch, limit, peak
from twinbuild.build.sandbox import Confinement, Sandbox
from twinbuild.errors import BuildError
from unit.build.test_sandbox import CONFINED, PYTHON, root, sandbox

__all__ = ["root", "sandbox"]

NOTHING: dict[str, Any] = {
    "memory": 0,
    "disk": 0,
    "resident": 0,
    "shared": 0,
    "processes": 0,
    "space": 0,
    "writable": False,
    "binds": [],
    "root": "/",
}


def test_nothing_to_watch() -> None:
    """Without limits nothing is looked at, and nothing is limited but core dumps."""
    watch = Watch(NOTHING, os.getpid())
    assert (watch.interval, watch.exceeded()) == (None, None)
    program = (
        "import resource, sys; sys.path.insert(0, sys.argv[1]); import bounds;"
        "bounds.limit({'memory': 0, 'resident': 1, 'processes': 0, 'space': 0, 'shared': 0, 'cpus': 0});"
        "print(resource.getrlimit(resource.RLIMIT_CORE), resource.getrlimit(resource.RLIMIT_DATA)[0] < 0);"
        "bounds.limit({'memory': 0, 'resident': 1, 'processes': 0, 'space': 9, 'shared': 99, 'cpus': 0});"
        "print(resource.getrlimit(resource.RLIMIT_FSIZE))"
    )
    place = str(Path(sys.modules[limit.__module__].__file__ or "").parent)
    ended = subprocess.run([sys.executable, "-c", program, place], check=True, capture_output=True, text=True)
    assert ended.stdout == "(0, 0) True\n(99, 99)\n"


def test_processes_below_another() -> None:
    """Children and grandchildren count, and what they have in memory; those of others do not."""
    program = "import os, time; x = b'x' * (64 << 20); os.fork(); os.write(1, b'1\\n'); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, start_new_session=True) as child:
        assert child.stdout is not None
        try:
            assert child.stdout.readline() == child.stdout.readline() == b"1\n"
            few = Watch({**NOTHING, "processes": 1}, os.getpid())
            much = Watch({**NOTHING, "memory": 32 << 20}, os.getpid())
            container = Watch({**NOTHING, "resident": 32 << 20}, os.getpid())
            assert (container.exceeded() or {})["memory"] > 32 << 20  # type: ignore[operator]
            assert peak(os.getpid()) > 64 << 20
            assert (few.interval, much.interval) == (0.02, 0.1)
            assert (few.exceeded() or {})["processes"] >= 2  # type: ignore[operator]
            assert (much.exceeded() or {})["memory"] > 32 << 20  # type: ignore[operator]
            assert Watch({**NOTHING, "processes": 1}, child.pid).exceeded() is None  # its own child alone
        finally:
            os.killpg(child.pid, signal.SIGKILL)


@pytest.mark.parametrize(
    ("memory", "exceeded"),
    [("b'x' * (64 << 20)", False), ("shared(64)", False), ("b'x' * (120 << 20)", True), ("shared(120)", True)],
)
def test_memory_in_common(memory: str, exceeded: bool) -> None:
    """Of four processes: pages that they have in common count, and count once."""
    program = (
        "import mmap, os, time\n"
        "def shared(size):\n"
        "    area = mmap.mmap(-1, size << 20)\n"
        "    for at in range(0, size << 20, 4096): area[at] = 1\n"
        "    return area\n"
        f"x = {memory}\n"
        "os.fork(); os.fork()\n"
        "touched = sum(x[at] for at in range(0, len(x), 4096))\n"
        "os.write(1, b'1\\n'); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, start_new_session=True) as child:
        assert child.stdout is not None
        try:
            assert [child.stdout.readline() for _ in range(4)] == [b"1\n"] * 4
            found = Watch({**NOTHING, "memory": 110 << 20}, os.getpid()).exceeded()
            assert (found is not None) is exceeded, found
        finally:
            os.killpg(child.pid, signal.SIGKILL)


def test_space_of_places_that_may_be_written(tmp_path: Path) -> None:
    """Those are looked at, and no read-only one; not at every look."""
    binds = [(str(tmp_path), "/work", True), ("/usr", "/usr", False)]
    watch = Watch({**NOTHING, "space": 1 << 20, "binds": binds}, os.getpid())
    assert (watch.interval, watch.exceeded()) == (0.5, None)
    (tmp_path / "x").write_bytes(b"x" * (2 << 20))
    assert watch.exceeded() is None
    time.sleep(0.6)
    assert watch.exceeded() == {"full": True}


@pytest.mark.sandbox
@pytest.mark.parametrize(
    ("program", "confinement", "code"),
    [
        pytest.param(
            "import os, time; [os.fork() for _ in range(5)]; time.sleep(60)",
            Confinement(processes=8),
            "TB5916",
            marks=pytest.mark.skipif(os.getuid() != 0, reason="the kernel itself keeps others than root to the number"),
        ),
        (
            "import os, time; x = os.fork(); y = b'x' * (90 << 20); time.sleep(60)",
            Confinement(memory=128 << 20),
            "TB5915",
        ),
    ],
)
def test_a_command_that_exceeds_them(
    program: str, confinement: Confinement, code: str, sandbox: Sandbox, root: Path
) -> None:
    """It is ended with all that it started."""
    confined = Confinement(
        binds=CONFINED.binds,
        environment=CONFINED.environment,
        processes=confinement.processes,
        memory=confinement.memory,
    )
    with pytest.raises(BuildError) as caught:
        sandbox.run(root, (PYTHON, "-S", "-c", program), confinement=confined, timeout=60)
    assert caught.value.findings[0].code == code


@pytest.mark.sandbox
@pytest.mark.parametrize(("size", "ends"), [(24, "0"), (90, "No space"), (48, "TB5915")])
def test_files_in_memory(size: int, ends: str, sandbox: Sandbox, root: Path) -> None:
    """What lies in /dev/shm counts as memory, whether or not it is mapped; more than its size does not fit."""
    program = (
        "import sys, time\n"
        "try:\n"
        f"    with open('/dev/shm/a', 'wb') as file: [file.write(bytes(1 << 20)) for _ in range({size})]\n"
        "    time.sleep(2)\n"
        "except OSError as error:\n"
        "    print(error)\n"
    )
    confined = Confinement(
        binds=CONFINED.binds, environment=CONFINED.environment, resident=40 << 20, shared=64 << 20, space=128 << 20
    )
    try:
        done = sandbox.run(root, (PYTHON, "-S", "-c", program), confinement=confined, timeout=60)
        said = done.stdout.decode() or str(done.status)
    except BuildError as error:
        said = error.findings[0].code
    assert ends in said or (size == 90 and said == "TB5915")

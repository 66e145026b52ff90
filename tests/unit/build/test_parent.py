"""Workers end with the process that made them, however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
# A pool of forked workers as the builder makes it; each says its number, then waits for ever.
POOL = """
import os, sys, time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from twinbuild.build.parent import die_with_parent

def work(_):
    os.write(1, f"{os.getpid()}\\n".encode())
    time.sleep(600)

adopt = (lambda parent: None) if sys.argv[1] == "control" else die_with_parent
with ProcessPoolExecutor(2, mp_context=get_context("fork"), initializer=adopt, initargs=(os.getpid(),)) as pool:
    list(pool.map(work, range(2)))
"""


def _alive(number: int) -> bool:
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize(("kind", "survive"), [("ours", False), ("control", True)])
def test_workers_of_a_killed_process(kind: str, *, survive: bool) -> None:
    """KL-13: `kill -9` of the parent alone leaves no worker behind (the control shows that it else would)."""
    process = subprocess.Popen(
        [sys.executable, "-c", POOL, kind], stdout=subprocess.PIPE, env={"PYTHONPATH": str(ROOT / "generator")}
    )
    assert process.stdout is not None
    workers = [int(process.stdout.readline()) for _ in range(2)]
    process.kill()
    process.wait()
    try:
        end = time.monotonic() + (0.5 if survive else 20)
        while any(map(_alive, workers)) and time.monotonic() < end:
            time.sleep(0.02)
        assert all(map(_alive, workers)) if survive else not any(map(_alive, workers))
    finally:
        process.stdout.close()
        for worker in workers:
            if _alive(worker):
                os.kill(worker, signal.SIGKILL)


def test_a_parent_that_is_gone_already() -> None:
    """Who asks too late ends at once."""
    code = "from twinbuild.build.parent import die_with_parent; die_with_parent(1); print('alive')"
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=False, env={"PYTHONPATH": str(ROOT / "generator")}
    )
    assert (ended.returncode, ended.stdout) == (-signal.SIGKILL, b"")

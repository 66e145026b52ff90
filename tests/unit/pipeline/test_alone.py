"""``pipeline.alone``: one at a time in a directory, the one that lies there, and nobody waits for ever."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from twinbuild.errors import EnvironmentFault
from twinbuild.pipeline.alone import alone_if_there, alone_in, alone_with

_HOLD = "import fcntl, os, sys; fcntl.flock(os.open(sys.argv[1], 0), 2); print(flush=True); sys.stdin.read()"


def test_alone_in_a_directory(tmp_path: Path) -> None:
    """Whoever asks while another is there waits; it is free afterwards."""
    with alone_in(tmp_path):
        descriptor = os.open(tmp_path, os.O_RDONLY)
        with pytest.raises(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(descriptor)
    with pytest.raises(FileNotFoundError), alone_in(tmp_path / "gone"):
        pass
    with alone_if_there(tmp_path / "gone"), alone_if_there(tmp_path):
        pass


def test_who_never_lets_go(tmp_path: Path) -> None:
    """A reader who keeps the lock is named, where the kernel names it, and the wait has an end."""
    (tmp_path / "file").touch()
    for place, alone in ((tmp_path, alone_in), (tmp_path / "file", alone_with)):
        command = [sys.executable, "-S", "-c", _HOLD, str(place)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as reader:
            assert reader.stdout is not None
            reader.stdout.readline()
            with pytest.raises(EnvironmentFault, match="TB8023") as raised, alone(place, wait=0.05):
                pass
            message = raised.value.findings[0].message
            assert message.startswith((f"process {reader.pid} (python", "another process")), message
            reader.communicate()
        with alone(place, wait=0):
            pass


def test_the_directory_that_lies_there(tmp_path: Path) -> None:
    """Who waited while another directory took the place is alone in that one, and not in the one that went."""
    place, new = tmp_path / "place", tmp_path / "new"
    place.mkdir()
    new.mkdir()
    come: list[bool] = []

    def wait() -> None:
        with alone_in(place):
            descriptor = os.open(place, os.O_RDONLY)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                come.append(True)
            finally:
                os.close(descriptor)

    with alone_in(place):
        waiting = threading.Thread(target=wait)
        waiting.start()
        place.rename(tmp_path / "old")
        new.rename(place)
    waiting.join(10)
    assert come == [True]

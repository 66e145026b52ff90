"""Who may use a store while another deletes."""

from __future__ import annotations

import errno
import os
import threading
import time
from pathlib import Path

import pytest

from twinbuild.errors import EnvironmentFault
from twinbuild.store.disk import DiskStore


def test_opening_waits_for_a_deletion(tmp_path: Path) -> None:
    """Who comes while another deletes waits, and goes on afterwards; who won't wait is told."""
    with DiskStore(tmp_path, durable=False) as store:
        opened: list[float] = []

        def later() -> None:
            DiskStore(tmp_path, durable=False).close()
            opened.append(time.monotonic())

        with store.area.locks.exclusive(wait=1):
            thread = threading.Thread(target=later)
            thread.start()
            with pytest.raises(EnvironmentFault) as caught:
                DiskStore(tmp_path, wait=0.05)
            time.sleep(0.2)
            released = time.monotonic()
        thread.join()
    assert caught.value.findings[0].code == "TB3111"
    assert opened[0] >= released


def test_two_who_want_to_delete(tmp_path: Path) -> None:
    """Of two that use the store and want it alone neither gets it, and both still use it afterwards."""
    with DiskStore(tmp_path, durable=False) as one, DiskStore(tmp_path, durable=False) as two:
        for store in (one, two, one):
            with pytest.raises(EnvironmentFault), store.area.locks.exclusive(wait=0.05):
                pass
            with store.area.locks.alone() as alone:
                assert not alone
        two.close()
        with one.area.locks.exclusive(wait=1):
            assert one.read(one.put(b"x")) == b"x"


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP])
def test_file_system_without_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """Where flock isn't supported the store is refused before any work."""

    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("twinbuild.store.locks.fcntl.flock", refuse)
    with pytest.raises(EnvironmentFault) as caught:
        DiskStore(tmp_path / "store")
    assert caught.value.findings[0].code == "TB3114"


def test_refused_start_leaks_nothing(tmp_path: Path) -> None:
    """A store that couldn't be opened leaves no descriptor and no lock behind."""
    with DiskStore(tmp_path, durable=False) as store, store.area.locks.exclusive(wait=1):
        before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
        for _ in range(3):
            with pytest.raises(EnvironmentFault):
                DiskStore(tmp_path, wait=0)
        assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208

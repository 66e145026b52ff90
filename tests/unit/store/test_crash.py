"""Processes that are killed at every single change on disk, and many that use one store at once."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from twinbuild.errors import TwinbuildError
from twinbuild.model.digest import Digest
from twinbuild.store.collection import delete, plan
from twinbuild.store.disk import DiskStore
from twinbuild.store.layout import blob_name
from twinbuild.store.verification import verify

BIG = bytes(range(256)) * 4000
KEPT = Digest.of(b"kept")


class Killer:
    """Ends this process by SIGKILL before its n-th change on disk."""

    def __init__(self, step: int) -> None:
        self.left = step

    def __call__(self, operation: str, name: str) -> None:
        """Called before each change."""
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def _puts(store: DiskStore, acknowledge: Callable[[str], None]) -> None:
    acknowledge(store.put(b"small").hex)
    with store.writer() as writer:
        writer.write(BIG)
        acknowledge(writer.commit()[0].hex)


def _records(store: DiskStore, acknowledge: Callable[[str], None]) -> None:
    store.put_record("layer", KEPT, b"new")
    acknowledge(KEPT.hex)
    store.roots.put("release", [KEPT])


def _gc(store: DiskStore, acknowledge: Callable[[str], None]) -> None:
    delete(store, plan(store))
    acknowledge(KEPT.hex)


def _repair(store: DiskStore, acknowledge: Callable[[str], None]) -> None:
    assert verify(store, repair=True).findings
    acknowledge(KEPT.hex)


def _heal(store: DiskStore, acknowledge: Callable[[str], None]) -> None:
    acknowledge(store.put(b"damaged").hex)


ACTIONS = {"put": _puts, "record": _records, "gc": _gc, "repair": _repair, "heal": _heal}
LEAST = {"put": 12, "record": 10, "gc": 8, "repair": 2, "heal": 6}  # changes on disk that the sweep must have met


def _prepare(root: Path) -> None:
    """A store with something to keep, something to delete, and something damaged."""
    with DiskStore(root, durable=False) as store:
        store.roots.put("base", [store.put(b"kept")])
        store.put_record("layer", KEPT, b"old")
        for number in range(3):
            store.put_record("image", Digest.of(b"%d" % number), store.put(b"garbage %d" % number).hex.encode())
        damaged = store.area.path / blob_name(store.put(b"damaged"))
        damaged.unlink()
        damaged.write_bytes(b"DAMAGED")


def _killed(root: Path, action: Callable[[DiskStore, Callable[[str], None]], None], step: int) -> tuple[bool, set[str]]:
    """Whether a process that does something was killed at a step, and what it had acknowledged by then."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            with DiskStore(root, before=Killer(step)) as store:
                action(store, lambda name: (os.write(writer, name.encode() + b"\n"), None)[1])
            os._exit(0)
        except BaseException:  # noqa: BLE001  a forked child must not go on as pytest
            os._exit(1)
    os.close(writer)
    with open(reader) as stream:  # noqa: PTH123
        acknowledged = set(stream.read().split())
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in (0, -signal.SIGKILL)
    return status != 0, acknowledged


@pytest.mark.usefixtures("quick_sync")
@pytest.mark.parametrize("name", ACTIONS)
def test_killed_at_every_step(tmp_path: Path, name: str) -> None:
    """Killed before any change on disk, the next process finds a whole store with all that was acknowledged."""
    step, killed = 0, True
    while killed:
        step += 1
        root = tmp_path / str(step)
        _prepare(root)
        killed, acknowledged = _killed(root, ACTIONS[name], step)
        with DiskStore(root, durable=False) as store:
            assert os.listdir(root / "v1/tmp") == []  # noqa: PTH208
            assert store.read(KEPT) == b"kept"
            assert store.record("layer", KEPT) in (b"old", b"new")
            for digest in map(Digest, acknowledged):
                store.read(digest)
            for number in range(3):  # no record names a blob that is gone
                if (found := store.record("image", Digest.of(b"%d" % number))) is not None:
                    assert store.has(Digest(found.decode()))
            wrong = {finding.code for finding in verify(store).findings}
            assert wrong <= {"TB3103"}
            verify(store, repair=True)
            assert not verify(store).findings
            store.put(b"damaged")
            delete(store, plan(store))
    assert step > LEAST[name]


WORKER = """
import random, sys
from pathlib import Path
from twinbuild.errors import LockError, TwinbuildError
from twinbuild.model.digest import Digest
from twinbuild.store.collection import delete, plan
from twinbuild.store.disk import DiskStore
choice = random.Random(int(sys.argv[2]))
with DiskStore(Path(sys.argv[1])) as store:
    for turn in range(int(sys.argv[3])):
        number = choice.randrange(40)
        content = b"%d " % number * (number * 500 + 1)
        match choice.randrange(6):
            case 0 | 1:
                print(store.put(content).hex, flush=True)
            case 2:
                with store.writer() as writer:
                    for start in range(0, len(content), 777):
                        writer.write(content[start : start + 777])
                    print(writer.commit()[0].hex, flush=True)
            case 3:
                store.put_record("layer", Digest.of(b"%d" % number), content)
            case 4:
                found = store.record("layer", Digest.of(b"%d" % number))
                assert found in (None, content)
            case 5:
                if store.has(Digest.of(content)):
                    assert store.read(Digest.of(content)) == content
"""


def test_many_processes_half_of_them_killed(tmp_path: Path) -> None:
    """Sixteen processes on one store, every other one killed at a random moment: whole, and nothing lost."""
    choice = random.Random(7)
    root = tmp_path / "store"
    script = tmp_path / "worker.py"
    script.write_text(WORKER)
    workers = []
    for number in range(16):
        output = (tmp_path / f"out{number}").open("wb")
        with output:
            workers.append(
                subprocess.Popen(
                    [sys.executable, script, root, str(number), "60"], stdout=output, stderr=subprocess.PIPE
                )
            )
    for worker in workers[::2]:
        try:
            worker.wait(timeout=0.5 + choice.random())
        except subprocess.TimeoutExpired:
            worker.kill()
    for number, worker in enumerate(workers):
        _, said = worker.communicate(timeout=120)
        assert worker.returncode in ((0, -9) if number % 2 == 0 else (0,)), said.decode()
    with DiskStore(root) as store:
        verified = verify(store)
        assert not verified.findings
        assert not verified.foreign
        for number in range(16):
            for line in (tmp_path / f"out{number}").read_text().splitlines():
                if len(line) == 64:
                    store.read(Digest(line))
        assert os.listdir(root / "v1/tmp") == []  # noqa: PTH208


COLLECTOR = """
import sys, time
from pathlib import Path
from twinbuild.errors import EnvironmentFault
from twinbuild.store.collection import delete, plan
from twinbuild.store.disk import DiskStore
deleted = 0
end = time.monotonic() + float(sys.argv[2])
while time.monotonic() < (end if deleted else end + 60):  # on a busy machine it may be long before it is its turn
    with DiskStore(Path(sys.argv[1]), durable=False) as store:
        try:
            deleted += delete(store, plan(store), wait=0.5).blobs
        except EnvironmentFault as error:
            assert error.findings[0].code == "TB3111"
print(deleted)
"""


def test_collection_against_builds(tmp_path: Path) -> None:
    """While others delete as fast as they can, a process never loses what it stored or found while it lives."""
    root = tmp_path / "store"
    script = tmp_path / "collector.py"
    script.write_text(COLLECTOR)
    collectors = [
        subprocess.Popen([sys.executable, script, root, "6"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    rounds = 0
    while any(collector.poll() is None for collector in collectors):
        with DiskStore(root, durable=False) as store:
            digests = [store.put(b"%d %d" % (rounds, number)) for number in range(5)]
            assert [store.read(digest) for digest in digests] == [b"%d %d" % (rounds, number) for number in range(5)]
        rounds += 1
        time.sleep(0.02)  # a moment in which nobody holds the store, or collectors would starve
    deleted = 0
    for collector in collectors:
        output, said = collector.communicate()
        assert collector.returncode == 0, said.decode()
        deleted += int(output)
    assert rounds > 20
    assert deleted > 0


def test_crash_tests_can_fail(tmp_path: Path) -> None:
    """A control: bytes that are under their name before they are whole are found by the same verification."""
    with DiskStore(tmp_path / "store") as store:
        digest = Digest.of(b"whole")
        path = store.area.path / blob_name(digest)
        path.parent.mkdir()
        path.write_bytes(b"who")
        assert [finding.code for finding in verify(store).findings] == ["TB3103"]
        with pytest.raises(TwinbuildError):
            store.read(digest)

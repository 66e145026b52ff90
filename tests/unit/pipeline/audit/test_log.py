"""Appending: files as they have to be, one writer at a time, and nothing lost when it is killed."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from fakes.auditlogs import ORIGIN, kept_log, note_entry, write_log
from fakes.signed import key_file
from twinbuild.codec.auditentry import encode_entry
from twinbuild.codec.merkle import leaf_hash, tree_root
from twinbuild.codec.tiles import tile_path, tiles_of
from twinbuild.errors import TwinbuildError
from twinbuild.govern.keys import Kind, new_key
from twinbuild.govern.signer import KeySigner
from twinbuild.pipeline.audit import log as auditlog
from twinbuild.pipeline.audit.log import add_entries, new_log, read_bytes, read_checkpoint
from twinbuild.pipeline.audit.read import read_entries, verify_log

ROOT: Final = Path(__file__).resolve().parents[4]


def _code(error: pytest.ExceptionInfo[TwinbuildError]) -> str:
    return error.value.findings[0].code


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa"])
def test_appending(tmp_path: Path, kind: Kind) -> None:
    """A log of 600 entries, in steps over the borders of tiles, is the log written at once."""
    log = kept_log(tmp_path, 600, kind=kind, steps=(0, 1, 3, 255, 256, 257, 300, 511))
    checkpoint, _, entries = read_entries(log.directory)
    assert entries == log.entries
    assert checkpoint.root == tree_root([leaf_hash(encode_entry(entry)) for entry in log.entries])
    verify_log(log.directory, log.signer.public, (log.checkpoint,))
    for tile in tiles_of(600):
        assert (log.directory / tile_path(tile)).is_file()
    partial = {path.name for path in (log.directory / "tile" / "0").glob("*.p")}
    assert partial == {"002.p"}  # narrower ones go when the full one is there
    write_log(tmp_path / "other", log.entries, log.signer)
    for tile in tiles_of(600):
        assert (tmp_path / "other" / tile_path(tile)).read_bytes() == (log.directory / tile_path(tile)).read_bytes()


def test_where_no_log_may_be(tmp_path: Path) -> None:
    """Not over files, not with a name that is none; nothing is appended where there is none."""
    signer = KeySigner(new_key("ed25519"))
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    for directory, origin in (
        (tmp_path / "full", ORIGIN),
        (tmp_path / "full" / "file", ORIGIN),
        (tmp_path / "n", "a b"),
        (tmp_path / "n", "a\u202eb"),
    ):
        with pytest.raises(TwinbuildError) as caught:
            new_log(directory, origin, signer)
        assert _code(caught) == "TB8630"
    with pytest.raises(TwinbuildError) as caught:
        add_entries(tmp_path / "full", (note_entry(1),), signer, wait=0)
    assert _code(caught) == "TB8630"
    assert {path.name for path in (tmp_path / "full").iterdir()} == {"file"}


def test_by_another_key(tmp_path: Path) -> None:
    """Only the log's key appends."""
    log = kept_log(tmp_path, 3)
    before = (log.directory / "checkpoint").read_bytes()
    with pytest.raises(TwinbuildError) as caught:
        add_entries(log.directory, (note_entry(4),), KeySigner(new_key("ed25519")), wait=0)
    assert _code(caught) == "TB8634"
    assert (log.directory / "checkpoint").read_bytes() == before


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("tile/0/001.p/44", "TB8642"),
        ("tile/1/000.p/1", "TB8642"),
        ("tile/entries/001.p/44", "TB8642"),
        ("checkpoint", "TB8635"),
    ],
)
def test_nothing_is_appended_to_what_was_tampered_with(tmp_path: Path, path: str, code: str) -> None:
    """A larger tree that is signed would hide it. Missing files likewise."""
    log = kept_log(tmp_path, 300)
    file = log.directory / path
    content = file.read_bytes()
    changed = content.replace(b"\n300\n", b"\n301\n") if path == "checkpoint" else content[:-1] + b"}"[:1]
    if changed == content:
        changed = content[:-2] + b"x}"
    file.write_bytes(changed)
    with pytest.raises(TwinbuildError) as caught:
        add_entries(log.directory, (note_entry(301),), log.signer, wait=0)
    assert _code(caught) == code
    file.unlink()
    with pytest.raises(TwinbuildError) as caught:
        add_entries(log.directory, (note_entry(301),), log.signer, wait=0)
    assert _code(caught) in {"TB8641", "TB8642", "TB8630"}


def test_one_at_a_time(tmp_path: Path) -> None:
    """Who waits too long is told."""
    log = kept_log(tmp_path, 1)
    with auditlog._alone(log.directory, 0), pytest.raises(TwinbuildError) as caught:
        add_entries(log.directory, (note_entry(2),), log.signer, wait=0)
    assert _code(caught) == "TB8632"
    assert add_entries(log.directory, (note_entry(2),), log.signer, wait=0).size == 2


@pytest.mark.parametrize("kind", ["hard link", "link", "pipe"])
def test_odd_files_where_it_writes(tmp_path: Path, kind: str) -> None:
    """Who may write to the log's directory does not make an append write elsewhere, or wait for ever."""
    log = kept_log(tmp_path, 1)
    victim, new = tmp_path / "victim", log.directory / ".new"
    victim.write_text("mine")
    match kind:
        case "hard link":
            new.hardlink_to(victim)
        case "link":
            new.symlink_to(victim)
        case _:
            os.mkfifo(new)
    assert add_entries(log.directory, (note_entry(1),), log.signer, wait=0).size == 2
    assert victim.read_text() == "mine"
    verify_log(log.directory, log.signer.public, (log.checkpoint,))


def test_what_cannot_be_taken_away(tmp_path: Path) -> None:
    """An append that is signed has happened, even if its narrower tiles are in the way."""
    log = kept_log(tmp_path, 255)
    (log.directory / "tile" / "0" / "000.p" / "mine").mkdir()
    assert add_entries(log.directory, (note_entry(255),), log.signer, wait=0).size == 256
    verify_log(log.directory, log.signer.public, (log.checkpoint,))


def test_unfit(tmp_path: Path) -> None:
    """What a log must not keep is refused before it has it (TB8631)."""
    log = kept_log(tmp_path, 1)
    with pytest.raises(TwinbuildError) as caught:
        add_entries(log.directory, (replace(note_entry(1), by="https://me:hunter22@example.com"),), log.signer, wait=0)
    assert _code(caught) == "TB8631"
    assert read_checkpoint(log.directory)[0].size == 1


def test_odd_files(tmp_path: Path) -> None:
    """Links, directories and pipes in the place of a file are not read."""
    (tmp_path / "link").symlink_to("/etc/passwd")
    (tmp_path / "directory").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for name in ("link", "directory", "pipe"):
        with pytest.raises(TwinbuildError) as caught:
            read_bytes(tmp_path / name)
        assert _code(caught) == "TB8633"
    assert read_bytes(tmp_path / "nothing") is None
    assert read_bytes(tmp_path / "pipe" / "below") is None


class _Killed(BaseException):
    pass


class _Death:
    """Ends an append before its step of a number; ``came`` says whether there were that many."""

    def __init__(self, patch: pytest.MonkeyPatch, steps: int) -> None:
        self.left, self.came = steps, False
        for where, name in ((os, "fsync"), (Path, "replace"), (Path, "mkdir"), (Path, "unlink"), (Path, "rmdir")):
            patch.setattr(where, name, self._step(getattr(where, name)))

    def _step(self, real: Callable[..., object]) -> Callable[..., object]:
        def step(*arguments: object, **options: object) -> object:
            self.came = self.came or not self.left
            if self.came:
                raise _Killed
            self.left -= 1
            return real(*arguments, **options)

        return step


def test_killed_at_every_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever an append ends, the log is as it was or has the entries, and the next append goes on from there."""
    log = kept_log(tmp_path, 255, steps=(254,))
    sizes = []
    for steps in range(100):
        directory = log.copy(tmp_path / f"copy-{steps}")
        with monkeypatch.context() as patch, contextlib.suppress(_Killed):
            death = _Death(patch, steps)
            add_entries(directory, (note_entry(1000), note_entry(1001)), log.signer, wait=0)
        sizes.append(read_checkpoint(directory)[0].size)
        verify_log(directory, log.signer.public, (log.checkpoint,))
        # The log grows past what was left, over widths at which the killed append wrote others.
        add_entries(directory, (note_entry(2000),), log.signer, wait=0)
        add_entries(directory, tuple(note_entry(number) for number in range(2001, 2004)), log.signer, wait=0)
        found = verify_log(directory, log.signer.public, (log.checkpoint,))
        assert found.checkpoint.size == sizes[-1] + 4
        if not death.came:
            break
    assert sizes == sorted(sizes)
    assert (set(sizes), sizes.count(255) > 10, sizes.count(257) > 3) == ({255, 257}, True, True)


WRITERS: Final = """
import itertools, os, random, signal, sys, time
from pathlib import Path
from twinbuild.codec.auditentry import Entry
from twinbuild.govern.keys import read_private
from twinbuild.govern.signer import KeySigner
from twinbuild.pipeline.audit.log import add_entries
log, key = Path(sys.argv[1]), Path(sys.argv[2])
signer = KeySigner(read_private(key.read_bytes(), name="k", passphrase=None))
children = []
for writer in range(50):
    child = os.fork()
    if child == 0:
        for turn in range(3) if writer % 2 else itertools.count():  # half of them write until they are killed
            entry = Entry(action="note", by=f"writer {writer}", time=turn, details=f"{writer} {turn}")
            signed = add_entries(log, (entry,), signer, wait=100)
            os.write(1, f"{signed.size - 1} {writer} {turn}\\n".encode())
        os._exit(0)
    children.append(child)
chance = random.Random(7)
for child in children[::2]:
    time.sleep(chance.random() * 0.03)
    os.kill(child, signal.SIGKILL)
statuses = [os.waitpid(child, 0)[1] for child in children]
assert statuses == [signal.SIGKILL, 0] * 25, statuses
"""


def test_many_writers_half_of_them_killed(tmp_path: Path) -> None:
    """50 writers, 25 of them killed at any moment: every entry that was acknowledged is there, once, at its index."""
    signer = KeySigner(new_key("ed25519"))
    key = tmp_path / "key"
    key_file(key, signer._key)
    new_log(tmp_path / "log", ORIGIN, signer)
    verified = 0
    with subprocess.Popen(
        [sys.executable, "-c", WRITERS, str(tmp_path / "log"), str(key)],
        env={**os.environ, "PYTHONPATH": str(ROOT / "generator")},
        stdout=subprocess.PIPE,
        text=True,
    ) as writers:
        while writers.poll() is None:
            verify_log(tmp_path / "log", signer.public, ())  # who reads meanwhile sees a whole log
            verified += 1
            time.sleep(0.05)
        assert writers.stdout is not None
        acknowledged = [tuple(map(int, line.split())) for line in writers.stdout]
    assert (writers.returncode, verified > 0) == (0, True)
    assert sum(writer % 2 for _, writer, _ in acknowledged) == 75
    found = verify_log(tmp_path / "log", signer.public, ())
    entries = read_entries(tmp_path / "log")[2]
    assert len(acknowledged) <= len(entries) <= len(acknowledged) + 25
    assert len(entries) == found.checkpoint.size
    for index, writer, turn in acknowledged:
        assert entries[index].details == f"{writer} {turn}"
    assert len({entry.details for entry in entries}) == len(entries)

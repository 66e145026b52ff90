"""The store on disk: damage, strange files, rights, full disks."""

from __future__ import annotations

import errno
import os
import pickle
import socket
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from twinbuild.errors import EnvironmentFault, IntegrityError, LockError, TwinbuildError
from twinbuild.model.digest import Digest
from twinbuild.store.disk import DiskStore
from twinbuild.store.layout import blob_name, record_name

CONTENT = b"the bytes of a blob" * 100
DIGEST = Digest.of(CONTENT)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DiskStore]:
    """A store with one blob."""
    with DiskStore(tmp_path / "store", durable=False) as made:
        made.put(CONTENT)
        yield made


def place(store: DiskStore, digest: Digest = DIGEST) -> Path:
    """Where a blob lies, without asking the store."""
    return store.area.path / blob_name(digest)


def replace(store: DiskStore, content: bytes) -> None:
    """Put other bytes under the blob's name, as a failing disk or a clumsy person does."""
    path = place(store)
    path.unlink()
    path.write_bytes(content)


def code(error: pytest.ExceptionInfo[TwinbuildError]) -> str:
    """The code of the first finding."""
    return error.value.findings[0].code


DAMAGE: dict[str, bytes] = {
    "flipped": CONTENT[:-1] + bytes([CONTENT[-1] ^ 1]),
    "truncated": CONTENT[:-1],
    "emptied": b"",
    "grown": CONTENT + b"\0",
}


@pytest.mark.parametrize("bad", DAMAGE.values(), ids=DAMAGE)
def test_damage_is_found_by_every_reader(store: DiskStore, bad: bytes) -> None:
    """Damaged bytes are never given to anybody who reads to the end, and check finds them."""
    replace(store, bad)

    def stream() -> None:
        with store.open(DIGEST) as opened:
            while opened.read(100):
                pass

    for attempt in (stream, lambda: store.read(DIGEST), lambda: store.check(DIGEST)):
        with pytest.raises(IntegrityError) as caught:
            attempt()
        assert code(caught) == "TB3103"
        assert str(DIGEST) in str(caught.value)


@pytest.mark.parametrize("bad", DAMAGE.values(), ids=DAMAGE)
def test_put_heals(store: DiskStore, bad: bytes) -> None:
    """Storing the good bytes again replaces damaged ones."""
    replace(store, bad)
    assert store.put(CONTENT) == DIGEST
    assert store.read(DIGEST) == CONTENT


def test_writer_heals_damage_of_the_same_size_and_times(store: DiskStore) -> None:
    """A flipped byte is found on storing again even if size and modification time are those of the good file."""
    path = place(store)
    before = path.stat()
    path.chmod(0o644)
    path.write_bytes(DAMAGE["flipped"])
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    with store.writer() as writer:
        writer.write(CONTENT)
        writer.commit(DIGEST)
    assert store.read(DIGEST) == CONTENT


def _link(path: Path) -> None:
    path.with_name("elsewhere").write_bytes(CONTENT)
    path.symlink_to("elsewhere")


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(f"/proc/self/fd/{os.open(path.parent, os.O_RDONLY)}/{path.name}")


STRANGE: dict[str, Callable[[Path], object]] = {
    "symbolic link": _link,
    "FIFO": os.mkfifo,
    "directory": Path.mkdir,
    "socket": _socket,
}


@pytest.mark.parametrize("kind", STRANGE)
def test_strange_file_in_the_place_of_a_blob(store: DiskStore, kind: str) -> None:
    """What isn't a regular file counts as absent, is never followed or opened, and is named; storing again heals."""
    place(store).unlink()
    STRANGE[kind](place(store))
    assert not store.has(DIGEST)
    for read in (store.size, store.open, store.read, store.check, store.path):
        with pytest.raises(IntegrityError, match=kind) as caught:
            read(DIGEST)
        assert code(caught) == "TB3104"
    store.put(CONTENT)
    assert store.read(DIGEST) == CONTENT


def test_unreadable_blob(store: DiskStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the operating system refuses to read is TB3105 with its reason."""

    def refuse(*_: object) -> int:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(store.area, "open", refuse)
    with pytest.raises(EnvironmentFault, match="Input/output error") as caught:
        store.read(DIGEST)
    assert code(caught) == "TB3105"


def test_blobs_are_read_only(store: DiskStore) -> None:
    """Nobody may write a stored file by accident."""
    assert stat.S_IMODE(place(store).stat().st_mode) == 0o444


def test_check_asks_only_for_the_status_of_a_known_file(store: DiskStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that was hashed, by whatever process, isn't read again; a paranoid store reads it once."""
    root = store.area.path

    def refuse(*_: object) -> None:
        raise AssertionError("read")

    with DiskStore(root) as warm:
        monkeypatch.setattr("twinbuild.store.disk.hash_file", refuse)
        warm.check(DIGEST)
    with DiskStore(root, paranoid=True) as paranoid, pytest.raises(AssertionError, match="read"):
        paranoid.check(DIGEST)


def test_check_sees_a_change_that_kept_size_and_mtime(store: DiskStore) -> None:
    """A file changed in place is hashed again, even if its size and modification time were put back."""
    store.check(DIGEST)
    path = place(store)
    before = path.stat()
    time.sleep(0.02)  # the kernel's clock for files ticks every 4 ms
    path.chmod(0o644)
    path.write_bytes(DAMAGE["flipped"])
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    for again in (store, DiskStore(store.area.path)):
        with pytest.raises(IntegrityError) as caught:
            again.check(DIGEST)
        assert code(caught) == "TB3103"
        again.close()


@pytest.mark.parametrize(
    "stored", [b"", b"x", b"0" * 64 + b"\nvalue", b"\xff" * 200, None], ids=["empty", "short", "wrong", "binary", "dir"]
)
def test_damaged_record_counts_as_none(store: DiskStore, stored: bytes | None) -> None:
    """A record that doesn't begin with the digest of its content is none, and can be written again."""
    store.put_record("layer", DIGEST, b"value")
    path = store.area.path / record_name("layer", DIGEST)
    path.unlink()
    if stored is None:
        path.mkdir()
        assert store.record("layer", DIGEST) is None
        return
    path.write_bytes(stored)
    assert store.record("layer", DIGEST) is None
    store.put_record("layer", DIGEST, b"value")
    assert store.record("layer", DIGEST) == b"value"


def test_damaged_note_of_a_check_is_no_proof(store: DiskStore) -> None:
    """A malformed note about a hashed file leads to hashing, not to a crash."""
    store.put_record("verified", DIGEST, b"1 2 three")
    with DiskStore(store.area.path) as again:
        again.check(DIGEST)


def test_foreign_files_are_ignored(store: DiskStore) -> None:
    """Editors' backups, NFS leftovers and lost+found don't disturb."""
    blobs = store.area.path / "v1/blobs/sha256"
    (blobs / "lost+found").mkdir()
    (blobs / "zz").mkdir()
    (blobs / "00~").write_bytes(b"")
    (place(store).parent / ".nfs000").write_bytes(b"")
    assert list(store.blobs()) == [DIGEST]


def test_store_survives_pickling(store: DiskStore) -> None:
    """A worker process gets a store of its own on the same directory."""
    with pickle.loads(pickle.dumps(store)) as again:
        assert again.read(DIGEST) == CONTENT


def test_close_twice(store: DiskStore) -> None:
    """Closing again is nothing."""
    store.close()
    store.close()


# Before any work


def refusal(root: Path, **options: float) -> tuple[str, str]:
    """Code and message of the error with which a root is refused."""
    with pytest.raises(EnvironmentFault) as caught:
        DiskStore(root, **options)  # type: ignore[arg-type]
    return code(caught), str(caught.value)


def test_root_is_made_with_its_parents(tmp_path: Path) -> None:
    """A store is made where there is nothing yet."""
    with DiskStore(tmp_path / "a/b/store") as made:
        assert made.read(made.put(b"x")) == b"x"


def test_root_is_a_file(tmp_path: Path) -> None:
    """A file in the place of the store is refused."""
    (tmp_path / "store").write_bytes(b"")
    assert refusal(tmp_path / "store")[0] == "TB3108"


def test_root_below_a_file(tmp_path: Path) -> None:
    """A store below a file is refused."""
    (tmp_path / "file").write_bytes(b"")
    assert refusal(tmp_path / "file/store")[0] == "TB3108"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory away")
@pytest.mark.parametrize("name", ["", "v1"])
def test_a_store_of_somebody_else_is_refused(tmp_path: Path, name: str) -> None:
    """TB3109: who owns it could say of anything that it was built twice, also to root (ST-04)."""
    DiskStore(tmp_path / "store").close()
    os.chown(tmp_path / "store" / name, 65534, 65534)
    found, message = refusal(tmp_path / "store")
    assert (found, "65534" in message) == ("TB3109", True)


@pytest.mark.parametrize("inside", ["", "v1"])
def test_root_writable_by_everybody(tmp_path: Path, inside: str) -> None:
    """A store that anybody may change is refused."""
    DiskStore(tmp_path / "store").close()
    (tmp_path / "store" / inside).chmod(0o1777)
    found, message = refusal(tmp_path / "store")
    assert (found, "1777" in message) == ("TB3109", True)


@pytest.mark.parametrize("version", [b"twinbuild store 2\n", b"", b"\0" * 5000], ids=["newer", "empty", "large"])
def test_another_version(tmp_path: Path, version: bytes) -> None:
    """A store of a version that we don't know is left alone."""
    DiskStore(tmp_path / "store").close()
    path = tmp_path / "store/version"
    path.chmod(0o644)
    path.write_bytes(version)
    assert refusal(tmp_path / "store")[0] == "TB3110"


def test_root_behind_a_symbolic_link(tmp_path: Path) -> None:
    """A link to the store is followed once, at the beginning; swapping it later changes nothing."""
    (tmp_path / "real").mkdir()
    (tmp_path / "other").mkdir()
    (tmp_path / "store").symlink_to("real")
    with DiskStore(tmp_path / "store") as made:
        (tmp_path / "store").unlink()
        (tmp_path / "store").symlink_to("other")
        digest = made.put(b"x")
        assert made.path(digest).is_relative_to(tmp_path / "real")
        assert list((tmp_path / "other").iterdir()) == []


def test_swapped_root_is_not_followed(tmp_path: Path) -> None:
    """If the directory itself is swapped, the store goes on in the one that it opened."""
    with DiskStore(tmp_path / "store") as made:
        (tmp_path / "store").rename(tmp_path / "moved")
        (tmp_path / "store").mkdir()
        digest = made.put(b"x")
        assert made.read(digest) == b"x"
        assert (tmp_path / "moved" / blob_name(digest)).read_bytes() == b"x"
        assert list((tmp_path / "store").iterdir()) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_root_without_permission(tmp_path: Path) -> None:
    """A directory that we may not write is refused before any work."""
    (tmp_path / "store").mkdir(mode=0o555)
    assert refusal(tmp_path / "store")[0] == "TB3108"


# Errors of the disk at every step


class Fault:
    """The given error at the n-th change on disk, once or from then on."""

    def __init__(self, number: int, step: int, *, forever: bool) -> None:
        self.number, self.left, self.forever = number, step, forever
        self.hit = False

    def __call__(self, operation: str, name: str) -> None:
        """Called before each change."""
        self.left -= 1
        if self.left == 0 or (self.forever and self.left < 0):
            self.hit = True
            raise OSError(self.number, os.strerror(self.number), name)


def _work(root: Path, fault: Fault, done: list[Digest]) -> str:
    """Some work of every sort; the code of the error that ended it, and what was acknowledged before."""
    try:
        with DiskStore(root, before=fault) as store:
            done.append(store.put(b"one"))
            store.put_record("layer", done[0], b"first")
            done.append(store.put(CONTENT * 400))
            store.put_record("layer", done[0], b"second")
            store.roots.put("release", done)
    except EnvironmentFault as error:
        return error.findings[0].code
    return ""


@pytest.mark.usefixtures("quick_sync")
@pytest.mark.parametrize("forever", [False, True], ids=["once", "forever"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EROFS, errno.EDQUOT])
def test_error_at_every_step(tmp_path: Path, number: int, *, forever: bool) -> None:
    """Whatever change on disk fails: our own error or success, nothing acknowledged is lost, and all goes on after."""
    expected = {errno.ENOSPC: "TB3107", errno.EDQUOT: "TB3107", errno.EIO: "TB3108", errno.EROFS: "TB3108"}[number]
    step = hits = 0
    while True:
        step += 1
        fault = Fault(number, step, forever=forever)
        root = tmp_path / str(step)
        done: list[Digest] = []
        problem = _work(root, fault, done)
        assert problem in ("", expected)
        hits += fault.hit
        with DiskStore(root, durable=False) as store:
            assert all(len(store.read(digest)) for digest in done)
            assert store.record("layer", Digest.of(b"one")) in (None, b"first", b"second")
            assert os.listdir(root / "v1/tmp") == []  # noqa: PTH208
            assert store.read(store.put(CONTENT)) == CONTENT
        if not fault.hit:
            break
    assert hits > 40


def test_absent_after_removal_by_hand(store: DiskStore) -> None:
    """A blob that somebody deleted is absent, not a crash."""
    store.check(DIGEST)
    place(store).unlink()
    with pytest.raises(LockError):
        store.check(DIGEST)

"""Disks that are full, read-only, odd or somebody else's: the code says which, and nothing half-written stays."""

from __future__ import annotations

import ctypes
import errno
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fakes.tool import EXAMPLES
from twinbuild.errors import EnvironmentFault, TwinbuildError
from twinbuild.model.digest import Digest
from twinbuild.pipeline.output import Output, copy_blob, replace_directory, write_file
from twinbuild.store.disk import DiskStore
from twinbuild.store.verification import verify

OLD = f"sha256:{'0' * 64}\n".encode()
ROOT_ONLY = pytest.mark.skipif(os.getuid() != 0, reason="only root may mount")


@contextmanager
def _mounted(target: Path, options: str, kind: str = "tmpfs") -> Iterator[Path]:
    """A file system of its own at ``target``; skipped where the machine forbids mounting."""
    target.mkdir(exist_ok=True)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(b"none", os.fsencode(target), kind.encode(), 0, options.encode()) != 0:
        pytest.skip(f"cannot mount: {os.strerror(ctypes.get_errno())}")
    try:
        yield target
    finally:
        libc.umount2(os.fsencode(target), 2)


def _fill(path: Path) -> None:
    """Write until nothing more goes in."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT)
    try:
        while True:
            os.write(descriptor, b"x" * 4096)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
    finally:
        os.close(descriptor)


def _put_many(store: DiskStore) -> None:
    for number in range(100):
        store.put(f"{number}".encode())


def _write_output(store: DiskStore, digest: Digest, target: Path) -> None:
    with replace_directory(target, Output.RELEASE) as fresh:
        write_file(fresh / "release.digest", f"sha256:{'1' * 64}\n".encode())
        copy_blob(store, digest, fresh / "blob")


def _code(error: pytest.ExceptionInfo[TwinbuildError]) -> str:
    return error.value.findings[0].code


@ROOT_ONLY
def test_a_full_disk(tmp_path: Path) -> None:
    """DF-01: TB3107; what was whole stays whole, and with room again the same call succeeds."""
    with _mounted(tmp_path / "small", "size=1m") as small:
        with DiskStore(small / "store") as store:
            kept = store.put(b"kept")
            filler = small / "filler"
            _fill(filler)
            for _ in range(2):
                with pytest.raises(EnvironmentFault) as caught:
                    store.put(os.urandom(100_000))
                assert _code(caught) == "TB3107"
            assert store.read(kept) == b"kept"
            filler.unlink()
            late = store.put(b"late" * 1000)
            found = verify(store)
            assert (found.blobs, found.findings) == (2, ())
            assert set(store.blobs()) == {kept, late}
        assert list((small / "store/v1/tmp").iterdir()) == []


@ROOT_ONLY
def test_no_inodes(tmp_path: Path) -> None:
    """DF-05: inodes may run out while there is room; that is TB3107 too."""
    with _mounted(tmp_path / "few", "size=10m,nr_inodes=25") as few, DiskStore(few / "store") as store:
        with pytest.raises(EnvironmentFault) as caught:
            _put_many(store)
        assert _code(caught) == "TB3107"
        assert verify(store).findings == ()


@ROOT_ONLY
def test_a_full_disk_below_an_output(tmp_path: Path) -> None:
    """DF-01: an output that does not fit leaves the old one as it was, and no part of the new one."""
    with _mounted(tmp_path / "small", "size=1m") as small, DiskStore(tmp_path / "store") as store:
        big = store.put(os.urandom(2_000_000))
        with replace_directory(small / "dist", Output.RELEASE) as fresh:
            write_file(fresh / "release.digest", OLD)
        with pytest.raises(OSError, match="No space"):
            _write_output(store, big, small / "dist")
        assert [entry.name for entry in small.iterdir()] == ["dist"]
        assert (small / "dist/release.digest").read_bytes() == OLD


@ROOT_ONLY
@pytest.mark.parametrize(("options", "code"), [("ro", "TB3108"), ("noexec,nosuid,nodev", "")], ids=str)
def test_a_store_on_a_file_system_with_limits(tmp_path: Path, options: str, code: str) -> None:
    """ST-10: read-only is TB3108 before any work; a store needs neither execution nor devices."""
    with _mounted(tmp_path / "place", "size=10m"):
        (tmp_path / "place/store").mkdir()
        subprocess.run(["mount", "-o", f"remount,{options}", str(tmp_path / "place")], check=True)
        if not code:
            with DiskStore(tmp_path / "place/store") as store:
                assert store.read(store.put(b"x")) == b"x"
            return
        with pytest.raises(EnvironmentFault) as caught:
            DiskStore(tmp_path / "place/store")
        assert _code(caught) == code


@ROOT_ONLY
def test_store_and_output_on_different_file_systems(tmp_path: Path) -> None:
    """An output is a copy, wherever it lies; its bytes are checked on the way."""
    with _mounted(tmp_path / "other", "size=10m") as other, DiskStore(tmp_path / "store") as store:
        digest = store.put(b"bytes" * 1000)
        copy_blob(store, digest, other / "copy")
        assert Digest.of((other / "copy").read_bytes()) == digest
        assert (other / "copy").stat().st_nlink == 1


def test_a_limit_on_the_size_of_files(tmp_path: Path) -> None:
    """DF-06: RLIMIT_FSIZE is TB3107, at the first file and at a large one."""
    code = (
        "import resource, sys; from pathlib import Path; from twinbuild.store.disk import DiskStore\n"
        "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "from twinbuild.errors import EnvironmentFault\n"
        "with DiskStore(Path(sys.argv[1])) as store:\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))\n"
        "    store.put(b'x' * 1000)\n"
        "    try: store.put(b'x' * 1_000_000)\n"
        "    except EnvironmentFault as error: print(error.findings[0].code, len(list(store.blobs())))\n"
    )
    environment = {"PYTHONPATH": str(EXAMPLES.parent / "generator")}
    argv = [sys.executable, "-c", code, str(tmp_path / "store")]
    ended = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)
    assert (ended.stdout, ended.stderr) == ("TB3107 1\n", "")


@pytest.mark.parametrize("limit", [16, 24])
def test_few_open_files(tmp_path: Path, limit: int) -> None:
    """CL-11: a small limit on open files is enough, or refused with a code; never a traceback."""
    environment = {
        "PYTHONPATH": str(EXAMPLES.parent / "generator"), "PATH": os.environ["PATH"], "TMPDIR": str(tmp_path),
        "TWINBUILD_STORE": str(tmp_path / "store"),
    }  # fmt: skip
    ended = subprocess.run(
        [sys.executable, "-m", "twinbuild.cli", "store", "info", "--json"],
        env=environment,
        capture_output=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit)),
    )
    assert b"Traceback" not in ended.stderr
    assert ended.returncode in (0, 4)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can be two users")
def test_two_users() -> None:
    """ST-04: another user's store is TB3108, another's temporary directory TB8003: nobody is trusted by a name."""
    code = (
        "import os, sys; from pathlib import Path; from twinbuild.errors import EnvironmentFault\n"
        "from twinbuild.store.disk import DiskStore; from twinbuild.cli.scratch import scratch_directory\n"
        "os.setgid(65534); os.setuid(65534)\n"
        "for call in (lambda: DiskStore(Path(sys.argv[1])), lambda: scratch_directory({'TMPDIR': sys.argv[2]})):\n"
        "    try: call()\n"
        "    except EnvironmentFault as error: print(error.findings[0].code)\n"
    )
    with tempfile.TemporaryDirectory() as directory:
        Path(directory).chmod(0o755)
        store, temporary = Path(directory, "store"), Path(directory, "tmp")
        with DiskStore(store) as opened:
            opened.put(b"ours")
        temporary.mkdir()
        temporary.chmod(0o1777)
        (temporary / "twinbuild-65534").mkdir()  # made by somebody else before the user came
        ended = subprocess.run(
            [sys.executable, "-c", code, str(store), str(temporary)],
            env={"PYTHONPATH": str(EXAMPLES.parent / "generator")},
            capture_output=True,
            text=True,
            check=False,
        )
    assert ended.stdout.split() == ["TB3108", "TB8003"], ended.stderr

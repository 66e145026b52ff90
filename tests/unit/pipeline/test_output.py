"""A directory of results takes the place of an older one at once, and of nothing that is not ours."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from twinbuild.errors import IntegrityError, UsageError
from twinbuild.pipeline import output
from twinbuild.pipeline.output import (
    CONTEXT_MARK,
    SITE_MARK,
    Output,
    clear_leftovers,
    copy_blob,
    copy_checked,
    replace_directory,
    replace_file,
    write_file,
)
from twinbuild.store.area import stamp
from twinbuild.store.disk import DiskStore

OLD = f"sha256:{'0' * 64}\n"
NEW = f"sha256:{'1' * 64}\n"


def write(target: Path, digest: str) -> None:
    """A release of one file."""
    with replace_directory(target, Output.RELEASE) as fresh:
        (fresh / "release.digest").write_text(digest)


# What lies in a directory that somebody might name as the output by mistake.
FOREIGN: dict[str, Callable[[Path], object]] = {
    "a web application": lambda at: (at / "manifest.json").write_text('{"short_name": "shop", "start_url": "/"}'),
    "a manifest of docker's": lambda at: (at / "manifest.json").write_text('[{"Config": "x.json", "Layers": []}]'),
    "a version in a file": lambda at: (at / "release.digest").write_text("1.0.0\n"),
    "notes": lambda at: (at / CONTEXT_MARK).write_text("remember the milk\n"),
    "a layout beside other files": lambda at: (at / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}'),
    "a link to a release's file": lambda at: (at / "release.digest").symlink_to(at.parent / "release.digest"),
    "a directory of that name": lambda at: (at / "oci-layout").mkdir(),
    "a FIFO of that name": lambda at: os.mkfifo(at / "release.digest"),
}


@pytest.mark.parametrize("plant", FOREIGN.values(), ids=FOREIGN.keys())
def test_what_only_looks_like_ours_stays(tmp_path: Path, plant: Callable[[Path], object]) -> None:
    """A file that is named like one of ours does not make somebody's directory ours to delete (CL-13)."""
    (tmp_path / "release.digest").write_text(OLD)
    target = tmp_path / "public"
    target.mkdir()
    (target / "precious").write_text("years of work")
    plant(target)
    with pytest.raises(UsageError) as caught:
        write(target, NEW)
    assert caught.value.findings[0].code == "TB8020"
    assert (target / "precious").read_text() == "years of work"


OURS = {
    "a release": (Output.RELEASE, "manifest.json", '{"apiVersion":"twinbuild/manifest/v1"'),
    "a release whose manifest was damaged": (Output.RELEASE, "release.digest", OLD),
    "a layout": (Output.LAYOUT, "oci-layout", '{"imageLayoutVersion":"1.0.0"}'),
    "a build context": (Output.CONTEXT, CONTEXT_MARK, "The context of a Dockerfile, written by us.\n"),
    "a catalogue": (Output.SITE, SITE_MARK, "A catalogue of releases: `twinbuild site`\n"),
    "a promotion": (Output.PROMOTION, "promotion.dsse.json", '{"payload": "e30="}'),
}


@pytest.mark.parametrize(("kind", "name", "content"), OURS.values(), ids=OURS.keys())
def test_a_result_takes_the_place_of_its_own_kind(tmp_path: Path, kind: Output, name: str, content: str) -> None:
    """An older result goes, all of it, where the new one is of its kind; a result of any other kind is refused."""
    target = tmp_path / "out"
    (target / "blobs").mkdir(parents=True)
    (target / name).write_text(content)
    for other in Output:
        if other is not kind:
            with pytest.raises(UsageError, match="which would be lost"), replace_directory(target, other):
                raise AssertionError("it must not begin")
    with replace_directory(target, kind) as fresh:
        (fresh / "new").touch()
    assert [path.name for path in target.iterdir()] == ["new"]


def test_neighbours_with_similar_names_stay(tmp_path: Path) -> None:
    """Directories beside the output are no leftovers of ours, whatever they are named."""
    neighbours = (".out.d", ".out.old", ".out.twinbuild-", ".out.twinbuild-12345678.older", ".outs.twinbuild-12345678")
    for name in neighbours:
        (tmp_path / name).mkdir()
    for name in (".out.twinbuild-ab_34678", ".out.twinbuild-ab_34678.old"):
        (tmp_path / name).mkdir()
    write(tmp_path / "out", NEW)
    assert {path.name for path in tmp_path.iterdir()} == {*neighbours, "out"}


@pytest.mark.parametrize("at_once", [True, False], ids=["exchange", "two steps"])
@pytest.mark.parametrize("step", [1, 2])
def test_an_interruption_leaves_one_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int, *, at_once: bool
) -> None:
    """A signal that arrives while names change costs neither the old release nor the new one's completeness."""
    target = tmp_path / "out"
    write(target, OLD)
    if not at_once:
        monkeypatch.setattr(output, "_exchange", lambda *_: False)
    real, count = Path.rename, 0

    def rename(path: Path, to: Path) -> Path:
        nonlocal count
        count += 1
        if count == step:
            raise KeyboardInterrupt
        return real(path, to)

    monkeypatch.setattr(Path, "rename", rename)
    try:
        write(target, NEW)
    except KeyboardInterrupt:
        assert not at_once
    assert (target / "release.digest").read_text() == (NEW if at_once else OLD)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_lock_that_somebody_holds_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who may read the directory above may lock it, and does not keep a release from being written."""
    monkeypatch.setattr(output, "_PATIENCE", 0.1)
    descriptor = os.open(tmp_path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        write(tmp_path / "out", NEW)
    finally:
        os.close(descriptor)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


KILLED = textwrap.dedent(
    """
    import sys
    from pathlib import Path
    from twinbuild.pipeline.output import Output, replace_directory
    for round in range(1_000_000):
        with replace_directory(Path(sys.argv[1]), Output.RELEASE) as fresh:
            (fresh / "release.digest").write_text(f"sha256:{round:064x}\\n")
        print(flush=True)
    """
)


def test_killed_while_it_replaces(tmp_path: Path) -> None:
    """Whenever a process that replaces a release is killed, one whole release lies there."""
    target = tmp_path / "out"
    write(target, OLD)
    for round_ in range(8):
        with subprocess.Popen([sys.executable, "-c", KILLED, str(target)], stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            for _ in range(1 + 3 * round_):
                process.stdout.readline()
            process.send_signal(signal.SIGKILL)
        assert len((target / "release.digest").read_text()) == len(OLD)
    write(target, NEW)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def _refuses(source: int, sink: int, count: int) -> int:
    raise OSError(errno.EXDEV, "across devices")


def _copies_some(source: int, sink: int, count: int) -> int:
    if os.lseek(source, 0, os.SEEK_CUR):
        raise OSError(errno.EIO, "no more")
    return os.write(sink, os.read(source, 1000))


@pytest.mark.parametrize("copy", [os.copy_file_range, _refuses, _copies_some, lambda *_: 0])
def test_a_blob_is_copied_with_the_kernels_help_and_without(
    copy: Callable[[int, int, int], int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the kernel does, and however far it gets, the copy has all the bytes once."""
    content = bytes(range(256)) * 9000
    monkeypatch.setattr(os, "copy_file_range", copy)
    with DiskStore(tmp_path / "store", durable=False) as store:
        status = copy_blob(store, store.put(content), tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == content
    assert status.st_size == len(content)


def test_copied_as_it_is_hashed(tmp_path: Path) -> None:
    """A blob that changes after it was hashed is not copied as if it were the same."""
    with DiskStore(tmp_path / "store") as store:
        digest = store.put(b"content")
        copy_checked(store, digest, tmp_path / "copy")
        assert (tmp_path / "copy").read_bytes() == b"content"
        assert (tmp_path / "copy").stat().st_mode & 0o777 == 0o644
        blob = store.path(digest)
        before = os.stat(blob)  # noqa: PTH116
        store.check(digest)
        blob.chmod(0o644)
        blob.write_bytes(b"CONTENT")
        os.utime(blob, ns=(before.st_atime_ns, before.st_mtime_ns))
        store.put_record("verified", digest, " ".join(map(str, stamp(blob.stat()))).encode())
        with pytest.raises(IntegrityError, match="TB3103"):
            copy_checked(store, digest, tmp_path / "other")


def test_a_file_that_is_not_finished(tmp_path: Path) -> None:
    """What was there stays, and nothing lies beside it."""
    target = tmp_path / "file"
    target.write_bytes(b"old")
    with pytest.raises(ValueError, match="half"), replace_file(target) as stream:  # noqa: PT012
        stream.write(b"new")
        raise ValueError("half")
    assert (target.read_bytes(), list(tmp_path.iterdir())) == (b"old", [target])
    with replace_file(target) as stream:
        stream.write(b"new")
    assert (target.read_bytes(), list(tmp_path.iterdir())) == (b"new", [target])


def test_what_a_killed_run_was_writing(tmp_path: Path) -> None:
    """It goes by the name of its file; those of others, links and directories stay, whatever they are called."""
    for name in (".b.json.a_b1c2d3", ".a.json.short", "a.json"):
        (tmp_path / name).touch()
    (tmp_path / ".a.json.abcdefgh").mkdir()
    (tmp_path / ".a.json.a_linked").symlink_to("a.json")
    names: list[set[str]] = []

    def cleared_while_it_is_written() -> None:
        with replace_file(tmp_path / "a.json"):
            names.append({path.name for path in tmp_path.iterdir()})
            clear_leftovers(tmp_path, lambda name: name == "a.json")
            names.append({path.name for path in tmp_path.iterdir()})

    with pytest.raises(FileNotFoundError):
        cleared_while_it_is_written()
    assert (len(names[0] - names[1]), len(names[1])) == (1, 5)
    clear_leftovers(tmp_path / "none", lambda _: True)


def test_a_device_is_never_replaced(tmp_path: Path) -> None:
    """Whoever names /dev/null, even as root, finds it there again; a pipe gets what is written."""
    (tmp_path / "null").symlink_to("/dev/null")
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    for name in ("null", "pipe"):
        write_file(tmp_path / name, b"page")
    assert os.read(reader, 9) == b"page"
    os.close(reader)
    assert (tmp_path / "null").is_symlink()
    assert (tmp_path / "pipe").is_fifo()


PRINTS = """
from pathlib import Path
from twinbuild.pipeline.output import write_file
print("first", flush=True)
write_file(Path("/dev/stdout"), b"page\\n")
print("last")
"""


def test_an_open_file_is_added_to(tmp_path: Path) -> None:
    """`--output /dev/stdout >> FILE` keeps what is there; a link that somebody made where anybody may is none such."""
    (tmp_path / "log").write_bytes(b"before ")
    with (tmp_path / "log").open("ab") as log:
        write_file(Path(f"/proc/self/fd/{log.fileno()}"), b"page")
    assert (tmp_path / "log").read_bytes() == b"before page"
    with (tmp_path / "new").open("wb") as new:
        subprocess.run([sys.executable, "-c", PRINTS], check=True, stdout=new, env={"PYTHONPATH": ":".join(sys.path)})
    assert (tmp_path / "new").read_bytes() == b"first\npage\nlast\n"
    with tempfile.TemporaryDirectory(dir="/dev/shm") as shared:
        link = Path(shared, "link")
        link.symlink_to(tmp_path / "log")
        write_file(link, b"mine")
        assert (link.is_symlink(), link.read_bytes()) == (False, b"mine")
    assert (tmp_path / "log").read_bytes() == b"before page"


@pytest.mark.parametrize("free", [0, 1 << 30])
def test_a_full_disk_has_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int) -> None:
    """The system does not say which disk is full; what was written is named where it is that one."""
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=free))
    full = OSError(errno.ENOSPC, "No space left on device")
    for entered in (replace_file(tmp_path / "out"), replace_directory(tmp_path / "out", Output.RELEASE)):
        full.filename = None
        with pytest.raises(OSError, match="No space left") as caught, entered:
            raise full
        assert caught.value.filename == (str(tmp_path / "out") if not free else None)
    assert list(tmp_path.iterdir()) == []

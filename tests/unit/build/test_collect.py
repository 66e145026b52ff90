"""What a step left behind, as entries."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from twinbuild.build.collect import changes, collect, snapshot
from twinbuild.build.rootfs import materialise
from twinbuild.errors import BuildError
from twinbuild.model.tree import BytesContent, Directory, Entry, File, Hardlink, Symlink

TREE: list[Entry] = [
    Directory(path="bin", mode=0o755),
    File(path="bin/a", content=BytesContent(b"tool"), mode=0o4755),
    Hardlink(path="bin/b", target="bin/a"),
    Directory(path="closed", mode=0),
    File(path="closed/secret", content=BytesContent(b"secret"), mode=0),
    Symlink(path="link", target="/etc/passwd"),
]


def simple(entry: Entry) -> tuple[object, ...]:
    """An entry without its content's identity."""
    match entry:
        case File():
            with entry.content.open() as stream:
                return (entry.path, oct(entry.mode), stream.read(), entry.content.size)
        case Directory():
            return (entry.path, oct(entry.mode))
        case _:
            return (entry.path, entry.target)


def test_there_and_back(tmp_path: Path) -> None:
    """A tree that was materialised is collected as it was, modes included, and each content can be read twice."""
    noted = materialise(TREE, tmp_path)
    for _ in range(2):
        assert [simple(entry) for entry in collect(tmp_path, noted=noted)] == [simple(entry) for entry in TREE]


def test_mode_that_a_step_changed(tmp_path: Path) -> None:
    """The note counts only where the step left the mode alone."""
    noted = materialise(TREE, tmp_path)
    (tmp_path / "closed").chmod(0o750)
    assert ("closed", "0o750") in [simple(entry) for entry in collect(tmp_path, noted=noted)]


def test_order_is_that_of_the_names(tmp_path: Path) -> None:
    """Names are sorted as bytes, whatever the order on disk."""
    for name in ("b", "a", "é", "Z", "a-", "a.b"):
        (tmp_path / name).write_bytes(b"")
    assert [entry.path for entry in collect(tmp_path)] == ["Z", "a", "a-", "a.b", "b", "é"]


def test_below_and_skip(tmp_path: Path) -> None:
    """A part of a tree, and a tree without a part."""
    materialise(TREE, tmp_path)
    assert [entry.path for entry in collect(tmp_path, below="bin")] == ["bin/a", "bin/b"]
    assert [entry.path for entry in collect(tmp_path, skip=frozenset({"bin", "link"}))] == ["closed", "closed/secret"]


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(os.path.relpath(path))


def _deep(path: Path) -> None:
    for _ in range(300):
        path = path / "d"
    path.mkdir(parents=True)


BAD: dict[str, Callable[[Path], object]] = {
    "FIFO": os.mkfifo,
    "socket": _socket,
    "newline": lambda path: path.with_name("a\nb").write_bytes(b""),
    "bytes that are no text": lambda path: Path(os.fsdecode(os.fsencode(path) + b"\xff")).write_bytes(b""),
    "link with a newline": lambda path: path.symlink_to("a\nb"),
    "depth": _deep,
}


@pytest.mark.parametrize("make", BAD.values(), ids=BAD)
def test_what_cannot_enter_an_image(tmp_path: Path, make: Callable[[Path], object]) -> None:
    """Special files and names that no archive can hold are refused with their path, not skipped."""
    make(tmp_path / "odd")
    with pytest.raises(BuildError) as caught:
        list(collect(tmp_path))
    assert caught.value.findings[0].code == "TB5921"
    assert str(caught.value.findings[0].where).isprintable()


def test_links_are_not_followed(tmp_path: Path) -> None:
    """A planted link is an entry, and a linked directory isn't entered (SB-05)."""
    (tmp_path / "host").mkdir()
    (tmp_path / "host/secret").write_bytes(b"secret")
    (tmp_path / "root").mkdir()
    (tmp_path / "root/out").symlink_to(tmp_path / "host")
    (tmp_path / "root/file").symlink_to(tmp_path / "host/secret")
    assert [simple(entry) for entry in collect(tmp_path / "root")] == [
        ("file", str(tmp_path / "host/secret")),
        ("out", str(tmp_path / "host")),
    ]
    with pytest.raises(BuildError):
        list(collect(tmp_path / "root", below="out"))


@pytest.mark.parametrize("swap", ["link", "parent", "content", "gone"])
def test_file_that_changed_after_it_was_collected(tmp_path: Path, swap: str) -> None:
    """When its content is wanted, a file must be the one that was found; nothing is followed."""
    (tmp_path / "host").mkdir()
    (tmp_path / "host/out").write_bytes(b"secret")
    (tmp_path / "root/dir").mkdir(parents=True)
    path = tmp_path / "root/dir/out"
    path.write_bytes(b"output")
    (_, entry) = collect(tmp_path / "root")
    assert isinstance(entry, File)
    match swap:
        case "link":
            path.unlink()
            path.symlink_to(tmp_path / "host/out")
        case "parent":
            (tmp_path / "root/dir").rename(tmp_path / "moved")
            (tmp_path / "root/dir").symlink_to(tmp_path / "host")
        case "content":
            path.unlink()
            path.write_bytes(b"OUTPUT")
        case _:
            path.unlink()
    with pytest.raises(BuildError) as caught:
        entry.content.open()
    assert caught.value.findings[0].code in ("TB5920", "TB5921")


def test_changes(tmp_path: Path) -> None:
    """New, changed and removed paths of a step, and nothing that it left alone."""
    noted = materialise([*TREE, File(path="gone", content=BytesContent(b"")), Directory(path="etc")], tmp_path)
    before = snapshot(tmp_path)
    (tmp_path / "gone").unlink()
    (tmp_path / "etc/new").write_bytes(b"new")
    (tmp_path / "link").unlink()
    (tmp_path / "link").symlink_to("elsewhere")
    (tmp_path / "made").mkdir()
    stat = (tmp_path / "closed/secret").stat()
    (tmp_path / "closed/secret").chmod(0o600)
    (tmp_path / "closed/secret").write_bytes(b"SECRET")
    os.utime(tmp_path / "closed/secret", ns=(stat.st_atime_ns, stat.st_mtime_ns))
    found = changes(tmp_path, before, noted=noted)
    assert [entry.path for entry in found.entries] == ["closed/secret", "etc/new", "link", "made"]
    assert found.removed == ("gone",)


def test_no_changes(tmp_path: Path) -> None:
    """A step that does nothing changes nothing."""
    materialise(TREE, tmp_path)
    found = changes(tmp_path, snapshot(tmp_path))
    assert (found.entries, found.removed) == ((), ())


def test_unreadable_directory_of_a_step(tmp_path: Path) -> None:
    """A root that isn't there is an error, not an empty tree."""
    with pytest.raises(BuildError):
        list(collect(tmp_path / "absent"))

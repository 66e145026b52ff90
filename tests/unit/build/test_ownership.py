"""Owners that are noted instead of set: the filter, and how a call's path is found."""

from __future__ import annotations

import ctypes
import os
import struct
from pathlib import Path

import pytest

from twinbuild.build.ownership import ALLOW, AT_FDCWD, CALLS, EQUAL, KEEP, LOAD, NOTIFY, opened, program, text


def verdict(machine: str, number: int, arguments: tuple[int, ...]) -> int:
    """What the filter answers to a call, by running it."""
    lines = [struct.unpack("<HBBI", program(machine)[at : at + 8]) for at in range(0, len(program(machine)), 8)]
    words = struct.pack("<iIQ6Q", number, 0, 0, *(*arguments, 0, 0, 0, 0, 0, 0)[:6])
    at = accumulator = 0
    while True:
        code, true, false, value = lines[at]
        at += 1
        if code == LOAD:
            (accumulator,) = struct.unpack_from("<I", words, value)
        elif code == EQUAL:
            at += true if accumulator == value else false
        else:
            return int(value)


@pytest.mark.parametrize("machine", sorted(CALLS))
def test_the_filter(machine: str) -> None:
    """Root and -1 go to the kernel; any other user or group is to be noted; other calls are nobody's business."""
    for number, (_, first) in CALLS[machine].items():
        for ids, expected in (
            ((0, 0), ALLOW),
            ((KEEP, 0), ALLOW),
            ((KEEP, KEEP), ALLOW),
            ((1, 0), NOTIFY),
            ((0, 1), NOTIFY),
            ((KEEP, 5), NOTIFY),
            ((5, KEEP), NOTIFY),
        ):
            assert verdict(machine, number, (*[7] * first, *ids)) == expected
    assert verdict(machine, 1, (1, 2, 3, 4)) == ALLOW


def test_what_a_call_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths from the working directory, from a descriptor, and absolute; links followed or not; as the kernel would."""
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("file")
    monkeypatch.chdir(tmp_path)
    me = os.getpid()
    keep = []

    def address(path: bytes) -> int:
        keep.append(ctypes.create_string_buffer(path))
        return ctypes.addressof(keep[-1])

    def inode(name: str, *arguments: int) -> int:
        descriptor = opened(me, name, arguments)
        try:
            return os.fstat(descriptor).st_ino
        finally:
            os.close(descriptor)

    file, link = (tmp_path / "file").stat().st_ino, (tmp_path / "link").lstat().st_ino
    directory = os.open(tmp_path, os.O_RDONLY)
    try:
        assert inode("chown", address(b"link"), 1, 1) == file
        assert inode("lchown", address(b"link"), 1, 1) == link
        assert inode("chown", address(os.fsencode(tmp_path / "file")), 1, 1) == file
        assert inode("fchown", directory, 1, 1) == tmp_path.stat().st_ino
        assert inode("fchownat", directory, address(b"link"), 1, 1, 0x100) == link
        assert inode("fchownat", AT_FDCWD & KEEP, address(b"file"), 1, 1, 0) == file
        assert inode("fchownat", directory, address(b""), 1, 1, 0x1000) == tmp_path.stat().st_ino
        with pytest.raises(FileNotFoundError):
            opened(me, "chown", (address(b""), 1, 1))
        with pytest.raises(FileNotFoundError):
            opened(me, "chown", (address(b"nothing"), 1, 1))
    finally:
        os.close(directory)


def test_text_of_a_process() -> None:
    """Up to its end, over the end of a page, and no further than a path is long."""
    for length in (1, 4000, 4096):
        buffer = ctypes.create_string_buffer(b"x" * length)
        assert text(os.getpid(), ctypes.addressof(buffer)) == b"x" * length
    buffer = ctypes.create_string_buffer(b"x" * 20000)
    with pytest.raises(OSError, match="36"):
        text(os.getpid(), ctypes.addressof(buffer))
    with pytest.raises(OSError, match="5"):
        text(os.getpid(), 0)

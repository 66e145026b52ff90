"""Commands: the stubs of entry points, and scripts of a wheel whose first line names the interpreter to be."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from typing import BinaryIO, Final, cast

from twinbuild.wheel.contents import Wheel, WheelFile
from twinbuild.wheel.entrypoints import EntryPoint
from twinbuild.wheel.faults import fault
from twinbuild.wheel.layout import Layout
from twinbuild.wheel.record import encode_hash

__all__ = ["PatchedScript", "commands", "patch", "stub"]

_LINE: Final = 1 << 12  # bytes: no first line of a script is longer
_SHEBANG: Final = 127  # bytes that every Linux kernel reads of a first line


def commands(wheel: Wheel, layout: Layout) -> tuple[tuple[str, EntryPoint], ...]:
    """The commands that the wheel's entry points become: file name and what it calls, console scripts first.

    As pip does it, ``pip`` and ``easy_install`` get the names that suit the target's Python, whatever versions the
    wheel was built with.
    """
    console = {point.name: point for point in wheel.entry_points if not point.gui}
    major = layout.python.partition(".")[0]
    found: list[tuple[str, EntryPoint]] = []
    for name, versions in (("pip", ("", major, layout.python)), ("easy_install", ("", f"-{layout.python}"))):
        point = console.pop(name, None)
        if point is not None:
            found += [(name + version, point) for version in versions]
            console = {key: value for key, value in console.items() if not _is_versioned(key, name)}
    found += console.items()
    found += [(point.name, point) for point in wheel.entry_points if point.gui]
    return tuple(found)


def _is_versioned(name: str, base: str) -> bool:
    rest = name.removeprefix(base)
    if base == "easy_install":
        rest = rest.removeprefix("-")
    return name.startswith(base) and all(part.isdigit() for part in rest.split("."))


def stub(point: EntryPoint, executable: str) -> bytes:
    """The text of a command, byte for byte as pip 26 leaves it."""
    imported = point.attribute.partition(".")[0]
    text = (
        f"{_shebang(executable)}\n"
        "import sys\n"
        f"from {point.module} import {imported}\n"
        "if __name__ == '__main__':\n"
        "    sys.argv[0] = sys.argv[0].removesuffix('.exe')\n"
        f"    sys.exit({point.attribute}())\n"
    )
    return text.encode()


def _shebang(executable: str) -> str:
    if " " not in executable and len(executable.encode()) + 3 <= _SHEBANG:
        return f"#!{executable}"
    quoted = f'"{executable}"' if " " in executable else executable
    return f"#!/bin/sh\n'''exec' {quoted} \"$0\" \"$@\"\n' '''"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PatchedScript:
    """A script of a wheel with its first line replaced; the original is checked whole while this is read."""

    file: WheelFile
    old: int  # bytes of the first line of the original, with its line end
    new: bytes
    hash: str  # as RECORD has it

    @property
    def size(self) -> int:
        """Length in bytes."""
        return self.file.size - self.old + len(self.new)

    def open(self) -> BinaryIO:
        """A stream of the script as installed."""
        stream = self.file.open()
        stream.read(self.old)
        return cast("BinaryIO", io.BufferedReader(_Joined(self.new, stream)))


class _Joined(io.RawIOBase):
    """Some bytes, and then those of a stream."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        super().__init__()
        self._head = head
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]
        chunk = self._head[: len(buffer)] or self._rest.read(len(buffer))
        self._head = self._head[len(chunk) :]
        buffer[: len(chunk)] = chunk
        return len(chunk)

    def close(self) -> None:
        self._rest.close()
        super().close()


def patch(file: WheelFile, executable: str) -> PatchedScript | None:
    """The script with ``#!python…`` replaced by the interpreter, None if its first line is another (PEP 427)."""
    with file.open() as stream:
        head = stream.read(_LINE)
    if not head.startswith(b"#!python"):
        return None
    line, end, _ = head.partition(b"\n")
    if not end and file.size > len(head):
        raise fault(
            "TB4109",
            f"script has a first line of more than {_LINE} bytes",
            archive=file.archive.name,
            member=file.path,
        )
    script = PatchedScript(file=file, old=len(line) + len(end), new=f"#!{executable}\n".encode(), hash="")
    digest = hashlib.sha256()
    with script.open() as stream:
        while chunk := stream.read(1 << 20):
            digest.update(chunk)
    return PatchedScript(file=file, old=script.old, new=script.new, hash=encode_hash(digest.digest()))

"""What the shared objects and programs of a wheel are called and need, read without unpacking it."""

from __future__ import annotations

from functools import partial
from typing import BinaryIO, Final, cast

from twinbuild.codec.dynamic import Dynamic, read_dynamic
from twinbuild.codec.rewind import Rewindable
from twinbuild.wheel.archive import Archive

__all__ = ["is_linked", "wheel_binaries"]

_ELF: Final = b"\x7fELF"
_SHARED: Final = 3  # e_type: ET_DYN
_NARROW, _BIG = 1, 2  # EI_CLASS of 32 bits, EI_DATA of the other byte order
_DYNAMIC: Final = 2  # p_type: PT_DYNAMIC
_ENTRY: Final = 56  # bytes of a program header
_HEAD: Final = 64  # bytes: the header, and the least that is looked at
# Never loaded, whatever is in them; wheels of frameworks have ten thousand of these.
_TEXTS: Final = (".py", ".pyi", ".pyc", ".h", ".hpp", ".cuh", ".txt", ".json", ".html", ".js", ".cmake")


def wheel_binaries(archive: Archive) -> tuple[tuple[str, Dynamic], ...]:
    """Path in the archive and dynamic section of each, in the archive's order.

    Of a file for a machine of 32 bits or of the other byte order, only the machine is told. What is inflated is the
    head of each file, and of each ELF file what lies before its dynamic section, at most a few times. Raises
    IntegrityError TB4014 where a member does not inflate.
    """
    found = []
    for member in archive.members:
        if member.size < _HEAD or member.name.endswith(_TEXTS) or member.directory:
            continue
        opened = partial(archive.open, member)
        with Rewindable(cast("partial[BinaryIO]", opened)) as stream:
            head = stream.read(_HEAD)
            if not head.startswith(_ELF):
                continue
            stream.seek(0)
            foreign = _foreign(head)
            elf = foreign if foreign is not None else read_dynamic(cast("BinaryIO", stream))
            if elf is not None:
                found.append((member.name, elf))
    return tuple(found)


def is_linked(head: bytes) -> bool:
    """Whether a file that begins so is a shared object that a loader links; ``head`` has its program headers.

    What was split off for debuggers has a dynamic section of no bytes.
    """
    if len(head) < _HEAD or not head.startswith(_ELF):
        return False
    if _foreign(head) is not None:
        return True
    kind, size, count = (int.from_bytes(head[at : at + 2], "little") for at in (16, 54, 56))
    start = int.from_bytes(head[32:40], "little")
    entries = (head[start + number * size :][:_ENTRY] for number in range(count))
    return kind == _SHARED and any(
        int.from_bytes(each[:4], "little") == _DYNAMIC and int.from_bytes(each[32:40], "little") > 0
        for each in entries
        if len(each) == _ENTRY
    )


def _foreign(head: bytes) -> Dynamic | None:
    """A shared object that no machine here loads: 32 bits, or the other byte order."""
    if head[4] != _NARROW and head[5] != _BIG:
        return None
    order = "big" if head[5] == _BIG else "little"
    kind, machine = (int.from_bytes(head[at : at + 2], order) for at in (16, 18))  # type: ignore[arg-type]
    if kind != _SHARED:
        return None
    return Dynamic(machine=machine, shared=True, soname="", needed=(), rpath=(), runpath=())

"""The system calls that a sandboxed command may not make, as a seccomp filter for the kernel (classic BPF).

Namespaces isolate most of the network and of the kernel; this is what they don't: sockets of other families (a vsock
reaches the hypervisor from any network namespace), kernel keyrings, BPF, performance events, and io_uring, whose
requests a filter doesn't see. Refused calls fail as if the kernel had been built without them.
"""

from __future__ import annotations

import errno
import struct
from dataclasses import dataclass
from typing import Final

__all__ = ["program"]

_LOAD, _JUMP_EQUAL, _JUMP_GREATER_EQUAL, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW: Final = 0x7FFF0000
_ERRNO: Final = 0x00050000
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16  # offsets in struct seccomp_data (low half: both are little-endian)
_FAMILIES: Final = (1, 2, 10, 16)  # AF_UNIX, AF_INET, AF_INET6, AF_NETLINK
_X32: Final = 0x40000000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Machine:
    """Numbers of a machine's kernel interface."""

    audit: int
    socket: tuple[int, ...]  # socket, socketpair
    others: tuple[int, ...]  # kill, tkill, tgkill, pidfd_*, ptrace, process_vm_*, shm, msg, sem, and of namespaces
    refused: tuple[int, ...]  # add_key, request_key, keyctl, bpf, perf_event_open, userfaultfd, io_uring_*, and others


_MACHINES: Final = {
    "x86_64": _Machine(
        audit=0xC000003E,
        socket=(41, 53),
        others=(62, 200, 234, 424, 434, 438, 101, 310, 311, 29, 30, 68, 64, 272, 308, 165, 166, 155, 161),
        refused=(248, 249, 250, 321, 298, 323, 425, 426, 427, 246, 320, 175, 313),
    ),
    "aarch64": _Machine(
        audit=0xC00000B7,
        socket=(198, 199),
        others=(129, 130, 131, 424, 434, 438, 117, 270, 271, 194, 196, 186, 190, 97, 268, 40, 39, 41, 51),
        refused=(217, 218, 219, 280, 241, 282, 425, 426, 427, 104, 294, 105, 273),
    ),
}


def program(machine: str, *, alone: bool = False) -> bytes:
    """The filter for a machine as ``uname -m`` names it: struct sock_filter, 8 bytes each; empty for an unknown one.

    ``alone`` is for a program that needs nobody: no socket of any family, no signal, nothing shared with others.
    """
    numbers = _MACHINES.get(machine)
    if numbers is None:
        return b""
    lines: list[tuple[int, int, int, int]] = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_JUMP_EQUAL, 1, 0, numbers.audit),
        (_RETURN, 0, 0, _ERRNO | errno.ENOSYS),  # the calls of another architecture (32 bits)
        (_LOAD, 0, 0, _NUMBER),
        (_JUMP_GREATER_EQUAL, 0, 1, _X32),
        (_RETURN, 0, 0, _ERRNO | errno.ENOSYS),
    ]
    families = () if alone else _FAMILIES
    for number in numbers.refused + (numbers.others if alone else ()):
        lines += [(_JUMP_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ERRNO | errno.ENOSYS)]
    for number in numbers.socket:
        # Not this call: skip the load, the comparisons and both returns.
        lines += [(_JUMP_EQUAL, 0, len(families) + 3, number), (_LOAD, 0, 0, _FIRST_ARGUMENT)]
        lines += [(_JUMP_EQUAL, len(families) - index, 0, family) for index, family in enumerate(families)]
        lines += [(_RETURN, 0, 0, _ERRNO | errno.EAFNOSUPPORT), (_RETURN, 0, 0, _ALLOW)]
    lines.append((_RETURN, 0, 0, _ALLOW))
    return b"".join(struct.pack("<HBBI", *line) for line in lines)

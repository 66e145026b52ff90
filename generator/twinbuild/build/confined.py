"""The program that starts the image's interpreter where it may only read its own files. Standard library only.

That interpreter comes from packages that the lock names. Whoever can write a lock and point at a mirror decides what
it does, and it runs on this machine, not in the sandbox: byte code must be made where there are no namespaces, too.
So it gets what it needs and no more: the files below its own root, for reading (Landlock), and no socket, no signal to
others, no look into another process (seccomp). Neither needs root or a namespace. A kernel without Landlock (before
5.13) leaves that half away.

Arguments: the root, the seccomp filter (base64, "-" for none), then the command.
"""

from __future__ import annotations

import base64
import ctypes
import os
import sys
from typing import Final

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446  # landlock_*(2), the same number on every architecture
VERSION, BENEATH = 1, 1  # LANDLOCK_CREATE_RULESET_VERSION, LANDLOCK_RULE_PATH_BENEATH
READ: Final = 1 << 0 | 1 << 2 | 1 << 3  # execute, read files, list directories
WRITE: Final = READ | 1 << 1 | 1 << 7 | 1 << 8  # write files, make directories and files: rights of every version
# Version of Landlock → all rights of files and of the network that it knows, and what it can shut off.
RIGHTS: Final = {1: (13, 0, 0), 2: (14, 0, 0), 3: (15, 0, 0), 4: (15, 3, 0), 5: (16, 3, 0), 6: (16, 3, 3)}
SIZES: Final = {1: 8, 2: 8, 3: 8, 4: 16, 5: 16, 6: 24}  # bytes of struct landlock_ruleset_attr
PR_SET_SECCOMP, SECCOMP_MODE_FILTER, PR_SET_NO_NEW_PRIVS = 22, 2, 38

libc = ctypes.CDLL(None, use_errno=True)


class Ruleset(ctypes.Structure):
    """struct landlock_ruleset_attr."""

    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class PathBeneath(ctypes.Structure):
    """struct landlock_path_beneath_attr."""

    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


class Program(ctypes.Structure):
    """struct sock_fprog."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def call(number: int, *arguments: object) -> int:
    """A system call that has no function in the C library."""
    return int(libc.syscall(ctypes.c_long(number), *arguments))


def checked(result: int) -> int:
    """The result of a call. Raises OSError."""
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def version() -> int:
    """The version of Landlock that this kernel has and we know; 0 for none."""
    return max(0, min(max(RIGHTS), call(CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint(VERSION))))


def confine(root: str, program: bytes, *, rights: int = READ) -> None:
    """From now on this process, and what it becomes, only reads below ``root``. Raises OSError.

    ``rights``: others than reading.
    """
    checked(libc.prctl(PR_SET_NO_NEW_PRIVS, *map(ctypes.c_ulong, (1, 0, 0, 0))))
    if found := version():
        bits, network, scoped = RIGHTS[found]
        rules = Ruleset((1 << bits) - 1, network, scoped)
        ruleset = checked(call(CREATE_RULESET, ctypes.byref(rules), ctypes.c_size_t(SIZES[found]), ctypes.c_uint(0)))
        beneath = PathBeneath(rights, os.open(root, os.O_PATH | os.O_CLOEXEC))
        checked(call(ADD_RULE, ctypes.c_int(ruleset), ctypes.c_int(BENEATH), ctypes.byref(beneath), ctypes.c_uint(0)))
        checked(call(RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint(0)))
        os.close(ruleset)
        os.close(beneath.parent)
    if program:
        text = Program(len(program) // 8, program)
        mode, zero = ctypes.c_ulong(SECCOMP_MODE_FILTER), ctypes.c_ulong(0)
        checked(libc.prctl(PR_SET_SECCOMP, mode, ctypes.byref(text), zero, zero))


def main() -> None:
    """Confine, then become the command."""
    root, encoded, *command = sys.argv[1:]
    confine(root, b"" if encoded == "-" else base64.b64decode(encoded))
    os.execv(command[0], command)  # noqa: S606  no shell is wanted


if __name__ == "__main__":
    main()

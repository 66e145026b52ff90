"""Changes of owner inside a sandbox, remembered instead of made. Standard library only: part of the launcher's program.

A user namespace that needs no privilege has one user, so ``chown`` to another fails there. A second filter therefore
hands such calls to process 1 of the sandbox (seccomp_unotify(2)), which notes inode, user and group and answers that
it was done. A call that names nobody but root, or keeps what is, goes to the kernel. What ``stat`` says inside does not
change. Every inode noted is held open, so that its number cannot become another file's.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import os
import resource
import socket
import stat
import struct
import threading
from typing import Final

LOAD, EQUAL, RETURN = 0x20, 0x15, 0x06
ALLOW, NOTIFY = 0x7FFF0000, 0x7FC00000
NUMBER, ARGUMENTS = 0, 16  # offsets in struct seccomp_data
SET_MODE_FILTER, NEW_LISTENER = 1, 8
RECEIVE, SEND, VALID = 0xC0502100, 0xC0182101, 0x40082102  # SECCOMP_IOCTL_NOTIF_*
AT_FDCWD, AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH = -100, 0x100, 0x1000
KEEP: Final = 0xFFFFFFFF  # (uid_t) -1
HIGHEST: Final = 65535
KINDS: Final = (stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK)
SECCOMP: Final = {"x86_64": 317, "aarch64": 277}
# Call number → name, and where its two ids stand among the arguments.
CALLS: Final = {
    "x86_64": {92: ("chown", 1), 93: ("fchown", 1), 94: ("lchown", 1), 260: ("fchownat", 2)},
    "aarch64": {54: ("fchownat", 2), 55: ("fchown", 1)},
}


def program(machine: str) -> bytes:
    """The filter: notify for a chown whose user or group is neither 0 nor kept; struct sock_filter, 8 bytes each."""
    lines: list[tuple[int, int, int, int]] = [(LOAD, 0, 0, NUMBER)]
    for number, (_, first) in CALLS[machine].items():
        lines.append((EQUAL, 0, 9, number))
        for index in (first, first + 1):
            lines += [(LOAD, 0, 0, ARGUMENTS + 8 * index), (EQUAL, 2, 0, 0), (EQUAL, 1, 0, KEEP)]
            lines.append((RETURN, 0, 0, NOTIFY))
        lines.append((RETURN, 0, 0, ALLOW))
    lines.append((RETURN, 0, 0, ALLOW))
    return b"".join(struct.pack("<HBBI", *line) for line in lines)


def announce(channel: socket.socket) -> int:
    """Put this process under the filter, and send the listener to process 1; 0, or -1 with errno set."""

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))

    machine = os.uname().machine
    text = program(machine)
    libc = ctypes.CDLL(None, use_errno=True)
    listener = libc.syscall(
        ctypes.c_long(SECCOMP[machine]),
        ctypes.c_ulong(SET_MODE_FILTER),
        ctypes.c_ulong(NEW_LISTENER),
        ctypes.byref(Program(len(text) // 8, text)),
    )
    if listener < 0:
        return -1
    socket.send_fds(channel, [b"+"], [listener])
    os.close(listener)
    channel.close()
    return 0


class Registrar:
    """The side of process 1: a thread that answers, and the owners that it noted, by inode of one file system."""

    def __init__(self, channel: socket.socket, device: int) -> None:
        self._channel = channel
        self._device = device
        self._held: dict[int, int] = {}  # inode → descriptor
        self._owners: dict[int, tuple[int, int]] = {}
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        threading.Thread(target=self._attend, daemon=True).start()

    def noted(self) -> list[tuple[int, int, int]]:
        """Inode, user and group of what still has a name, sorted."""
        owners = sorted(self._owners.copy().items())
        return [(inode, *ids) for inode, ids in owners if os.fstat(self._held[inode]).st_nlink]

    def _attend(self) -> None:
        with contextlib.suppress(OSError):
            _, descriptors, _, _ = socket.recv_fds(self._channel, 1, 1)
            self._channel.close()
            while descriptors:
                request = bytearray(80)
                try:
                    fcntl.ioctl(descriptors[0], RECEIVE, request)
                except OSError as error:
                    if error.errno in (errno.ENOENT, errno.EINTR):  # the caller died before it was heard
                        continue
                    return
                identity, pid, _, number = struct.unpack_from("<QIIi", request)
                arguments = struct.unpack_from("<6Q", request, 32)
                result = self._answer(descriptors[0], identity, pid, number, arguments)
                with contextlib.suppress(OSError):
                    fcntl.ioctl(descriptors[0], SEND, bytearray(struct.pack("<QqiI", identity, 0, -result, 0)))

    def _answer(self, listener: int, identity: int, pid: int, number: int, arguments: tuple[int, ...]) -> int:
        """Note one call; its errno, or 0."""
        name, first = CALLS[os.uname().machine][number]
        user, group = (argument & KEEP for argument in arguments[first : first + 2])
        if any(each > HIGHEST and each != KEEP for each in (user, group)):
            return errno.EINVAL
        try:
            descriptor = opened(pid, name, arguments)
            try:
                fcntl.ioctl(listener, VALID, struct.pack("<Q", identity))  # still the process that asked
            except OSError:
                os.close(descriptor)
                raise
        except OSError as error:
            return error.errno or errno.EIO
        status = os.fstat(descriptor)
        if status.st_dev != self._device or stat.S_IFMT(status.st_mode) not in KINDS:
            os.close(descriptor)
            return 0  # nothing that could become part of an image
        before = self._owners.get(status.st_ino, (0, 0))
        if status.st_ino in self._held:
            os.close(descriptor)
        else:
            self._held[status.st_ino] = descriptor
        self._owners[status.st_ino] = (before[0] if user == KEEP else user, before[1] if group == KEEP else group)
        return 0


def opened(pid: int, name: str, arguments: tuple[int, ...]) -> int:
    """A descriptor of what a call of a process names, which gives no access to it. Raises OSError as the call would."""
    if name == "fchown":
        return os.open(f"/proc/{pid}/fd/{_signed(arguments[0])}", os.O_PATH | os.O_CLOEXEC)
    at = _signed(arguments[0]) if name == "fchownat" else AT_FDCWD
    flags = arguments[4] if name == "fchownat" else AT_SYMLINK_NOFOLLOW if name == "lchown" else 0
    path = text(pid, arguments[1] if name == "fchownat" else arguments[0])
    place = f"/proc/{pid}/cwd" if at == AT_FDCWD else f"/proc/{pid}/fd/{at}"
    if not path:
        if flags & AT_EMPTY_PATH:
            return os.open(place, os.O_PATH | os.O_CLOEXEC)
        raise OSError(errno.ENOENT, "")
    follow = 0 if flags & AT_SYMLINK_NOFOLLOW else 1
    if path.startswith(b"/"):
        return os.open(path, os.O_PATH | os.O_CLOEXEC | (0 if follow else os.O_NOFOLLOW))
    base = os.open(place, os.O_PATH | os.O_CLOEXEC)
    try:
        return os.open(path, os.O_PATH | os.O_CLOEXEC | (0 if follow else os.O_NOFOLLOW), dir_fd=base)
    finally:
        os.close(base)


def text(pid: int, address: int) -> bytes:
    """The zero-terminated text at an address of a process. Raises OSError."""
    found = b""
    memory = os.open(f"/proc/{pid}/mem", os.O_RDONLY | os.O_CLOEXEC)
    try:
        while b"\0" not in found:
            if len(found) > 4096:
                raise OSError(errno.ENAMETOOLONG, "")
            here = address + len(found)
            chunk = os.pread(memory, 4096 - here % 4096, here)  # never over the end of a page
            if not chunk:
                raise OSError(errno.EFAULT, "")
            found += chunk
    finally:
        os.close(memory)
    return found[: found.index(b"\0")]


def _signed(argument: int) -> int:
    """A C int of a register."""
    return int(ctypes.c_int(argument & KEEP).value)

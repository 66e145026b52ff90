"""The loopback interface of a new network namespace. Standard library only: part of the sandbox's launcher."""

from __future__ import annotations

import errno
import fcntl
import os
import select
import socket
import struct

SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1
MOMENT = 0.05  # seconds


def bring_up() -> None:
    """Bring up ``lo``, so that 127.0.0.1 and ::1 can be reached from inside. Raises OSError."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        request = struct.pack("16sH14x", b"lo", 0)
        (flags,) = struct.unpack_from("16xH", fcntl.ioctl(control, SIOCGIFFLAGS, request))
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", flags | IFF_UP))


def connected(port: int) -> socket.socket:
    """A connection to a server inside, by IPv4 or IPv6. Raises OSError, within a moment.

    The launcher has limits to enforce: it waits for no server whose queue is full. Whoever asked may ask again.
    """
    try:
        return _at_once(socket.AF_INET, ("127.0.0.1", port))
    except OSError:
        try:
            return _at_once(socket.AF_INET6, ("::1", port))
        except OSError:
            pass
        raise


def _at_once(family: socket.AddressFamily, address: tuple[str, int]) -> socket.socket:
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.settimeout(0)
        number = made.connect_ex(address)
        if number == errno.EINPROGRESS:
            poll = select.poll()
            poll.register(made, select.POLLOUT)
            ready = poll.poll(MOMENT * 1000)
            number = made.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) if ready else errno.ETIMEDOUT
    except OSError:
        made.close()
        raise
    if number:
        made.close()
        raise OSError(number, os.strerror(number))
    made.settimeout(None)
    return made


def listening(port: int) -> socket.socket:
    """A socket that listens at 127.0.0.1 inside, for whoever holds it. Raises OSError."""
    return socket.create_server(("127.0.0.1", port), backlog=64)

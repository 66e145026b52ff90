"""The loopback interface of a new network namespace. Standard library only: part of the sandbox's launcher."""

from __future__ import annotations

import fcntl
import socket
import struct

SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1


def bring_up() -> None:
    """Bring up ``lo``, so that 127.0.0.1 and ::1 can be reached from inside. Raises OSError."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        request = struct.pack("16sH14x", b"lo", 0)
        (flags,) = struct.unpack_from("16xH", fcntl.ioctl(control, SIOCGIFFLAGS, request))
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", flags | IFF_UP))


def connected(port: int) -> socket.socket:
    """A connection to a server inside, by IPv4 or IPv6. Raises OSError."""
    try:
        return socket.create_connection(("127.0.0.1", port), timeout=1)
    except OSError:
        try:
            return socket.create_connection(("::1", port), timeout=1)
        except OSError:
            pass
        raise


def listening(port: int) -> socket.socket:
    """A socket that listens at 127.0.0.1 inside, for whoever holds it. Raises OSError."""
    return socket.create_server(("127.0.0.1", port), backlog=64)

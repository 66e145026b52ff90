"""The filter of system calls, run here by an interpreter of the few instructions that it uses."""

from __future__ import annotations

import errno
import struct

import pytest

from twinbuild.build.seccomp import program

ALLOW, ERRNO = 0x7FFF0000, 0x00050000
AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
NAMES = ("read", "clone", "socket", "socketpair", "keyctl", "bpf", "io_uring_setup")
CALLS = {
    "x86_64": dict(zip(NAMES, (0, 56, 41, 53, 250, 321, 425), strict=True)),
    "aarch64": dict(zip(NAMES, (63, 220, 198, 199, 219, 280, 425), strict=True)),
}


def verdict(filter_: bytes, audit: int, number: int, first: int = 0) -> int:
    """What the kernel would decide (classic BPF over struct seccomp_data)."""
    packet = struct.pack("<IIQQ", number, audit, 0, first)
    lines = list(struct.iter_unpack("<HBBI", filter_))
    accumulator = position = 0
    while True:
        operation, taken, other, value = lines[position]
        position += 1
        match operation:
            case 0x20:
                (accumulator,) = struct.unpack_from("<I", packet, value)
            case 0x15:
                position += taken if accumulator == value else other
            case 0x35:
                position += taken if accumulator >= value else other
            case 0x06:
                return value
            case _:
                raise AssertionError(operation)


@pytest.mark.parametrize("machine", CALLS)
def test_ordinary_calls_are_allowed(machine: str) -> None:
    """What programs need passes."""
    for name in ("read", "clone"):
        assert verdict(program(machine), AUDIT[machine], CALLS[machine][name]) == ALLOW


@pytest.mark.parametrize("machine", CALLS)
def test_dangerous_calls_are_refused(machine: str) -> None:
    """What namespaces don't isolate fails as if the kernel lacked it."""
    for name in ("keyctl", "bpf", "io_uring_setup"):
        assert verdict(program(machine), AUDIT[machine], CALLS[machine][name]) == ERRNO | errno.ENOSYS


@pytest.mark.parametrize("machine", CALLS)
@pytest.mark.parametrize("call", ["socket", "socketpair"])
def test_families_of_sockets(machine: str, call: str) -> None:
    """Only UNIX, IPv4, IPv6 and netlink sockets can be made: none for packets, vsock or the kernel's crypto."""
    allowed = {
        family
        for family in range(64)
        if verdict(program(machine), AUDIT[machine], CALLS[machine][call], family) == ALLOW
    }
    assert allowed == {1, 2, 10, 16}
    assert verdict(program(machine), AUDIT[machine], CALLS[machine][call], 40) == ERRNO | errno.EAFNOSUPPORT


@pytest.mark.parametrize("machine", CALLS)
def test_other_architectures(machine: str) -> None:
    """Calls by the 32-bit and x32 interfaces, whose numbers differ, are refused whole."""
    assert verdict(program(machine), 0x40000003, 3) == ERRNO | errno.ENOSYS
    assert verdict(program(machine), AUDIT[machine], 0x40000000) == ERRNO | errno.ENOSYS


def test_unknown_machine() -> None:
    """For a machine whose numbers aren't known there is no filter; the namespaces stay."""
    assert program("riscv64") == b""

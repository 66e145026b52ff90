"""``codec.elf``: processor, loader and libraries of real and of crafted files."""

from __future__ import annotations

import os
import struct
import sys
from pathlib import Path

import pytest

from fakes.bases import elf
from twinbuild.codec.elf import Elf, read_elf


def test_this_interpreter() -> None:
    """The program that runs this test is for this machine, names a loader that is there, and asks for the C library."""
    found = read_elf(Path(os.path.realpath(sys.executable)).read_bytes())
    assert found is not None
    assert found.machine == os.uname().machine
    assert Path(found.loader).exists()
    assert any(name.startswith(("libc.so", "libpython")) for name in found.needed)


def test_crafted() -> None:
    """Machine, loader and libraries as they stand in the file."""
    content = elf(b"text", machine=183, loader="/lib/ld-linux-aarch64.so.1", needed=("libb.so.1", "liba.so"))
    assert read_elf(content) == Elf(
        machine="aarch64", loader="/lib/ld-linux-aarch64.so.1", needed=("libb.so.1", "liba.so")
    )
    assert read_elf(elf(machine=243)) == Elf(machine="243", loader="/lib64/ld-linux-x86-64.so.2")


@pytest.mark.parametrize("cut", [0, 6, 40, 63, 70, 200, 240, 270])
def test_cut_off(cut: int) -> None:
    """A file that ends anywhere before its facts is not read, and nothing else goes wrong."""
    assert read_elf(elf(needed=("libc.so.6",))[:cut]) is None


def test_what_is_none() -> None:
    """Scripts, 32-bit files, and offsets that lead out of the file or to no text."""
    whole = elf(needed=("libc.so.6",))
    far = whole[:72] + struct.pack("<Q", 1 << 63) + whole[80:]
    endless = whole[:72] + struct.pack("<Q", len(whole) - 3) + whole[80:-3] + b"abc"
    nowhere = whole.replace(struct.pack("<QQ", 5, 0x1000 + whole.index(b"\0libc.so.6")), struct.pack("<QQ", 5, 7))
    for content in (b"#!/bin/sh\n", b"\x7fELF\x01\x01" + whole[6:], far, endless, nowhere):
        assert content != whole
        assert read_elf(content) is None

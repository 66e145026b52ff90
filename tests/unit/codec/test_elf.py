"""``codec.elf``: processor and loader of real and of crafted files."""

from __future__ import annotations

import os
import struct
import sys
from pathlib import Path

from fakes.bases import elf
from twinbuild.codec.elf import Elf, read_elf


def test_this_interpreter() -> None:
    """The program that runs this test is for this machine, and names a loader that is there."""
    found = read_elf(Path(os.path.realpath(sys.executable)).read_bytes())
    assert found is not None
    assert found.machine == os.uname().machine
    assert Path(found.loader).exists()


def test_crafted() -> None:
    """Machine and loader as they stand in the header."""
    assert read_elf(elf(machine=183, loader="/lib/ld-linux-aarch64.so.1")) == Elf(
        machine="aarch64", loader="/lib/ld-linux-aarch64.so.1"
    )
    assert read_elf(elf(machine=243)) == Elf(machine="243", loader="/lib64/ld-linux-x86-64.so.2")


def test_what_is_none() -> None:
    """Scripts, 32-bit files, cut-off headers and names that lie outside of the file are not read."""
    whole = elf()
    far = whole[:72] + struct.pack("<Q", 1 << 40) + whole[80:]
    for content in (b"", b"#!/bin/sh\n", b"\x7fELF\x01\x01" + whole[6:], whole[:70], whole[:110], far):
        assert read_elf(content) is None

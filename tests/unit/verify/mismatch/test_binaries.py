from __future__ import annotations

import pickle
import random
import struct

from fakes.faults import _elf
from twinbuild.verify.mismatch.binaries import elf_parts, of_binary, of_damage, of_turned_bit


def test_byte_code() -> None:
    """The header says which of them it is (PEP 552)."""
    plain = b"\xa7\r\r\n" + struct.pack("<III", 0, 1, 9) + b"code"
    for other, name in (
        (plain[:8] + b"\2" + plain[9:], "bytecode-timestamp"),
        (plain[:4] + b"\1" + plain[5:], "bytecode-mode"),
        (b"\xcb" + plain[1:], "python-version"),
    ):
        found = of_binary((plain, other))
        assert found is not None
        assert found.name == name
    text = plain.replace(b"code", b"text")
    assert of_binary((text, text[:8] + b"\2" + text[9:])) is None


def test_pickles_are_read_and_never_run() -> None:
    """The same opcodes in another order; a pickle that would call something is only looked at."""
    found = of_binary((pickle.dumps(["a", "b"]), pickle.dumps(["b", "a"])))
    assert found is not None
    assert found.name == "pickle-order"
    hostile = b"\x80\x02cos\nabort\n)R."
    assert of_binary((hostile, hostile.replace(b"abort", b"getpid"))) is None


def test_damage() -> None:
    """Cut off, never written, a single bit; a text that goes on at the end of a line is none of these."""
    noise = random.Random(1).randbytes(4000)
    cut = of_damage((noise, noise[:3000]))
    hole = of_damage((noise, noise[:1000] + bytes(3000)))
    assert cut is not None
    assert hole is not None
    assert (cut.name, hole.name) == ("truncated", "truncated")
    assert of_damage((b"a\n", b"a\nb\n")) is None
    turned = noise[:500] + bytes([noise[500] ^ 4]) + noise[501:]
    assert of_turned_bit((noise, turned)) is not None
    assert of_turned_bit((b"text " * 40, b"text " * 39 + b"uext ")) is None


def test_floats() -> None:
    """The last bits of two numbers; other numbers are no sums in another order."""
    values = [1.1, -2.2, 3.3, 4.4]
    near = [value * (1 + 2e-7) for value in values]
    found = of_binary((struct.pack("<4f", *values), struct.pack("<4f", *near)))
    assert found is not None
    assert found.name == "floating-point"
    assert of_binary((struct.pack("<4f", *values), struct.pack("<4f", *reversed(values)))) is None


def test_sections() -> None:
    """The sections that differ by name; a table that leads nowhere is no ELF file."""
    one, other = _elf({".text": b"a" * 8, ".data": b"b"}), _elf({".text": b"c" * 8, ".data": b"b"})
    parts = elf_parts((one, other))
    assert parts is not None
    assert [part.name for part in parts] == [".text"]
    assert elf_parts((one, other[:80])) is None
    assert elf_parts((b"\x7fELF", one)) is None

from __future__ import annotations

import time

import pytest

from twinbuild.verify.mismatch.found import first_unequal
from twinbuild.verify.mismatch.patterns import of_pattern, textual


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("pid=314", "pid=2718", "process-id"),
        ("hostname: a1", "hostname: b2", "host-name"),
        ('"builder": "ada"', '"builder": "bob"', "user"),
        ("LANG=C", "LANG=tr_TR", "locale"),
        ("threads = 8", "threads = 16", "processor-count"),
        ("threads = few", "threads = many", "content"),
        ("-O2 -march=x86-64-v2", "-O2 -march=x86-64-v3", "cpu"),
        ("make -j4 all", "make -j16 all", "processor-count"),
        ("ninja --jobs 2", "ninja --jobs 4", "processor-count"),
        ("a-j4", "a-j5", "content"),
        ("seed: 17", "seed: 18", "random"),
        ("in /home/ada/x", "in /build/x", "absolute-path"),
        ("url: /a/b", "url: /a/c", "content"),
        ("3,14 m", "3.14 m", "locale"),
        ("0.8078123461", "0.8078123459", "floating-point"),
        ("1.0.0", "1.1.0", "content"),
        ("by ada@host1", "by ada@host2", "host-name"),
        ('"pkg:generic/app/part@1.0.0"', '"pkg:generic/app/part@1.0.1"', "content"),
        ("pkg:deb/debian/libstdc%2B%2B6@12", "pkg:deb/debian/libstdc%2B%2B6@13", "content"),
        ("pkg:pypi/app by ada@host1", "pkg:pypi/app by ada@host2", "host-name"),
        ("k 00112233445566778899", "k 99887766554433221100", "random"),
        ("<A at 0x7f0011223344>", "<A at 0x7f0011223355>", "memory-address"),
        (b"\1\2\xfa\x1e/home/ada/m.py\xda", b"\1\2\xfa\x20/build/long/m.py\xda", "absolute-path"),
        (b"\xff" * 8 + b"\1" + b"\xee" * 40, b"\xff" * 8 + b"\2" + b"\xee" * 40, "content"),
    ],
)
def test_patterns(one: str | bytes, other: str | bytes, expected: str) -> None:
    """What stands at the difference says it, and what only looks alike does not."""
    sides = [side.encode() if isinstance(side, str) else side for side in (one, other)]
    assert of_pattern((sides[0], sides[1]), first_unequal(*sides)).name == expected


@pytest.mark.parametrize("letters", [b"a", b"1", b"1.", b"1e", b"f0", b"/a", b"a@", b"a-", b"avx"])
def test_a_long_line(letters: bytes) -> None:
    """A megabyte without a word's end takes no longer than a short one: a hostile archive has many of them."""
    one = letters * ((1 << 20) // len(letters))
    other = one[: 1 << 19] + b"\n" + one[1 + (1 << 19) :]
    start = time.process_time()
    for _ in range(20):
        of_pattern((one, other), 1 << 19)
        of_pattern((one, one[:4000] + b"q" + one[4001:]), 4000)
    assert time.process_time() - start < 1.0


def test_text() -> None:
    """ASCII that prints, with ends of lines."""
    assert textual(b"a\tb\n")
    assert not textual(b"\0")

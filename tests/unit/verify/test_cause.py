"""Each cause by the traces that it leaves, and none by traces that only look alike."""

from __future__ import annotations

import struct

import pytest

from twinbuild.verify.cause import Clue, Observed, explain

_FIRST = Observed(
    time=1_795_000_000.0,
    host_name="alpha",
    user="ada",
    directories=("/home/ada/project", "/tmp/twinbuild-1000"),
    time_zones=("Europe/Berlin", "+0100"),
    locale="C",
    environment=(),
    processors=2,
)
_SECOND = Observed(
    time=1_829_000_000.0,
    host_name="another-host",
    user="somebody-else",
    directories=("/scratch/second", "/scratch/second"),
    time_zones=("Etc/GMT-14", "+1400"),
    locale="tr_TR.UTF-8",
    environment=("/nonexistent/home",),
    processors=3,
)
_CLUE = Clue(first=_FIRST, second=_SECOND)


def cause(first: bytes | str, second: bytes | str, path: str = "usr/share/x") -> str:
    """The name of the cause of two contents."""
    sides = tuple(side.encode() if isinstance(side, str) else side for side in (first, second))
    at = next((place for place, pair in enumerate(zip(*sides, strict=False)) if pair[0] != pair[1]), 0)
    return explain(path, (sides[0], sides[1]), at, base=0, clue=_CLUE).name


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("built 1795000000", "built 1829000000", "timestamp"),
        ("built 1795000000.5", "built 1829000007.25", "timestamp"),
        ("t=1795000000123", "t=1829000000123", "timestamp"),
        ("2026-11-18", "2027-12-17", "timestamp"),
        ("Nov 18 12:00:01", "Dec 17 13:00:02", "timestamp"),
        (b"\0\0" + struct.pack("<I", 1_795_000_000), b"\0\0" + struct.pack("<I", 1_829_000_000), "timestamp"),
        (b"\0\0" + struct.pack(">I", 1_795_000_009), b"\0\0" + struct.pack(">I", 1_829_000_009), "timestamp"),
        ("on alpha.", "on another-host.", "host-name"),
        ("/home/ada/project/x.c", "/scratch/second/x.c", "absolute-path"),
        ("/tmp/tmpab12/x", "/tmp/tmpcd34/x", "absolute-path"),
        ("by ada", "by somebody-else", "user"),
        ("home=/home/ada", "home=/nonexistent/home", "environment"),
        ("+0100", "+1400", "time-zone"),
        ("Europe/Berlin", "Etc/GMT-14", "time-zone"),
        ("lc=C;", "lc=tr_TR.UTF-8;", "locale"),
        ("make -j2", "make -j3", "processor-count"),
        ("4c3c1d2e-0000-4000-8000-1234567890ab", "5c3c1d2e-0000-4000-8000-1234567890ac", "uuid"),
        ("<object at 0x7f0011223344>", "<object at 0x7f0011223355>", "memory-address"),
        ("b\na\n", "a\nb\n", "line-order"),
        ("{'b', 'a'}", "{'a', 'b'}", "item-order"),
        ("salt=00112233445566778899", "salt=99887766554433221100", "random"),
        (b"\x00\xff\x81\x93", b"\x01\xfe\x82\x94", "random"),
        ("hello", "world!", "content"),
    ],
)
def test_contents(first: bytes | str, second: bytes | str, expected: str) -> None:
    """What stands near the difference, compared with what each build could observe."""
    assert cause(first, second) == expected


@pytest.mark.parametrize(
    ("path", "first", "second", "expected"),
    [
        ("a/__pycache__/b.pyc", b"MAGI\0\0\0\0" + b"AAAA", b"MAGI\0\0\0\0" + b"BBBB", "bytecode-timestamp"),
        ("usr/share/a.gz", b"\x1f\x8b\x08\0AAAA", b"\x1f\x8b\x08\0BBBB", "gzip-timestamp"),
        ("etc/machine-id", b"0" * 32, b"1" * 32, "machine-id"),
        ("var/lib/dbus/machine-id", b"0" * 32, b"1" * 32, "machine-id"),
        ("var/log/apt/history.log", b"a", b"b", "apt-log"),
        ("var/log/dpkg.log", b"a", b"b", "apt-log"),
        ("x/a-1.dist-info/RECORD", b"b,,\r\na,,\r\n", b"a,,\r\nb,,\r\n", "record-order"),
        ("x/RECORD", b"b,,\r\na,,\r\n", b"a,,\r\nb,,\r\n", "line-order"),
        ("a/__pycache__/b.pyc", b"MAGI\1\0\0\0" + b"AAAA", b"MAGI\1\0\0\0" + b"BBBB", "random"),
        ("usr/share/a.gz", b"\x1f\x8b\x08\0\0\0\0\0\0\xffA", b"\x1f\x8b\x08\0\0\0\0\0\0\xffB", "content"),
    ],
)
def test_names(path: str, first: bytes, second: bytes, expected: str) -> None:
    """What a file's name and format say, and only where the difference is in the place that they explain."""
    assert cause(first, second, path) == expected


def test_a_configuration() -> None:
    """It has no path."""
    assert cause('{"created":"2026-11-18"}', '{"created":"2027-12-17"}', path="") == "timestamp"


def test_without_a_clue() -> None:
    """What stands there says it, where nobody knows what the builds could see."""
    assert explain("x", (b"at 1795000000", b"at 1829000001"), 4, base=0, clue=None).name == "timestamp"
    assert explain("x", (b"alpha", b"beta!"), 0, base=0, clue=None).name == "content"


@pytest.mark.parametrize(
    ("first", "second", "wrong"),
    [
        ("alphabet", "alphabets", "host-name"),  # the host's name within a word
        ("version 12", "version 13", "processor-count"),
        ("id 1000000001", "id 1000000002", "timestamp"),  # a number of that length, of another time
        ("C3PO", "R2D2", "locale"),
        ("x\n", "x\nx\n", "line-order"),
    ],
)
def test_no_false_cause(first: str, second: str, wrong: str) -> None:
    """A look-alike is not taken for a cause."""
    assert cause(first, second) != wrong

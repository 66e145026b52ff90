from __future__ import annotations

import io
import os
import shutil
import struct
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.bases import elf as program_of
from twinbuild.codec.dynamic import Dynamic, read_dynamic

COMPILER = shutil.which("cc") or ""
X86_64 = 62


def elf(strings: tuple[str, ...] = (), *, tags: tuple[tuple[int, int], ...] = (), kind: int = 3) -> bytes:
    """A file with program headers, a dynamic section and strings, in which values of tags are places."""
    table = b"\0" + b"".join(text.encode() + b"\0" for text in strings)
    listed = [(5, 64 + 112 + 256), (10, len(table)), *tags, (0, 0)]
    dynamic = b"".join(struct.pack("<QQ", *tag) for tag in listed).ljust(256, b"\0")
    size = 64 + 112 + 256 + len(table)
    header = b"\x7fELF\x02\x01\x01".ljust(16, b"\0") + struct.pack(
        "<HHIQQQIHHHHHH", kind, X86_64, 1, 0, 64, 0, 0, 64, 56, 2, 0, 0, 0
    )
    segments = struct.pack("<IIQQQQQQ", 1, 5, 0, 0, 0, size, size, 4096)
    segments += struct.pack("<IIQQQQQQ", 2, 5, 176, 176, 176, 256, 256, 8)
    return header + segments + dynamic + table


def library(*needed: str, soname: str = "") -> bytes:
    """A shared object that needs others."""
    strings, tags, place = [], [], 1
    for tag, name in [*((1, each) for each in needed), *([(14, soname)] if soname else [])]:
        strings.append(name)
        tags.append((tag, place))
        place += len(name) + 1
    return elf(tuple(strings), tags=tuple(tags))


GOOD = elf(("liba.so.1", "$ORIGIN/x:/y", "libc.so.6"), tags=((14, 1), (29, 11), (1, 24), (1, 1)))


def test_all_fields() -> None:
    """Names in their order, directories one by one."""
    assert read_dynamic(io.BytesIO(GOOD)) == Dynamic(
        machine=X86_64,
        shared=True,
        soname="liba.so.1",
        needed=("libc.so.6", "liba.so.1"),
        rpath=(),
        runpath=("$ORIGIN/x", "/y"),
    )
    program = read_dynamic(io.BytesIO(elf(("/a::/b",), tags=((15, 1),), kind=2)))
    assert program is not None
    assert (program.shared, program.rpath, program.soname) == (False, ("/a", "/b"), "")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x7fELF",
        b"\x7fELF\x02\x01" + bytes(58),
        GOOD.replace(b"\x7fELF\x02\x01", b"\x7fELF\x01\x01"),  # 32 bits
        GOOD.replace(b"\x7fELF\x02\x01", b"\x7fELF\x02\x02"),  # big-endian
        elf(kind=1),  # an object file
        elf(kind=4),  # a core dump
        GOOD[:-1],  # the last string has no end
        elf(("x",), tags=((1, 3),)),  # a name beyond the strings
        elf(("x",), tags=((1, 1 << 63),)),
        elf(("x",), tags=((10, (1 << 64) - 1), (1, (1 << 64) - 9))),  # in a table that ends nowhere
        elf(("y" * 5000,), tags=((1, 1),)),  # longer than any path
        GOOD[:54] + struct.pack("<HH", 56, 65535) + GOOD[58:],  # more program headers than bytes
        GOOD[:32] + struct.pack("<Q", (1 << 64) - 1) + GOOD[40:],  # program headers far away
        GOOD[:32] + struct.pack("<Q", 1 << 62) + GOOD[40:],
    ],
)
def test_no_such_file(content: bytes) -> None:
    """What is none, or is damaged, is none: nothing is raised, and nothing large is read."""
    assert read_dynamic(io.BytesIO(content)) is None


def test_a_library_without_names() -> None:
    """It needs nothing and has no name."""
    found = read_dynamic(io.BytesIO(elf()))
    assert found is not None
    assert (found.soname, found.needed) == ("", ())


@given(st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)), max_size=8), st.integers(0, len(GOOD)))
def test_any_damage(changes: list[tuple[int, int]], size: int) -> None:
    """However a file is changed or cut off, there is a value or None."""
    content = bytearray(GOOD)
    for place, value in changes:
        content[place] = value
    assert isinstance(read_dynamic(io.BytesIO(bytes(content[:size]))), Dynamic | None)


def _readelf(path: Path) -> tuple[list[str], list[str], list[str]]:
    """NEEDED, SONAME and RUNPATH or RPATH as binutils read them."""
    text = subprocess.run(("readelf", "-dW", str(path)), capture_output=True, text=True, check=True).stdout
    rows = [
        (line.split("(", 1)[1].split(")")[0], line.rpartition("[")[2].rstrip("]"))
        for line in text.splitlines()
        if "[" in line
    ]
    return (
        [value for tag, value in rows if tag == "NEEDED"],
        [value for tag, value in rows if tag == "SONAME"],
        [each for tag, value in rows if tag in ("RPATH", "RUNPATH") for each in value.split(":")],
    )


@pytest.mark.skipif(shutil.which("readelf") is None, reason="needs readelf")
def test_real_libraries() -> None:
    """Libraries of this machine are read as binutils read them."""
    folder = Path("/usr/lib") / str(sysconfig.get_config_var("MULTIARCH") or "x86_64-linux-gnu")
    found = [path for path in sorted(folder.glob("*.so.*"))[:60] if path.is_file()]
    assert len(found) > 10
    for path in found:
        with path.open("rb") as stream:
            ours = read_dynamic(stream)
        assert ours is not None, path
        soname = [ours.soname] if ours.soname else []
        assert (list(ours.needed), soname, [*ours.rpath, *ours.runpath]) == _readelf(path), path


@pytest.mark.skipif(not COMPILER, reason="needs a C compiler")
@pytest.mark.parametrize(("tags", "kind"), [("--enable-new-dtags", "runpath"), ("--disable-new-dtags", "rpath")])
def test_what_the_linker_writes(tmp_path: Path, tags: str, kind: str) -> None:
    """SONAME and either kind of path."""
    target = tmp_path / "x.so"
    options = ("-shared", "-Wl,-soname,libx.so.3", f"-Wl,{tags}", "-Wl,-rpath,$ORIGIN/../y:/z")
    subprocess.run((COMPILER, *options, "-x", "c", "-", "-o", str(target)), input="int x;", text=True, check=True)
    with target.open("rb") as stream:
        found = read_dynamic(stream)
    assert found is not None
    assert (found.soname, found.shared) == ("libx.so.3", True)
    assert getattr(found, kind) == ("$ORIGIN/../y", "/z")


def test_the_loader_of_a_program() -> None:
    """As PT_INTERP gives it, of a crafted file and of the program that runs this test; damage makes it no such file."""
    whole = program_of(loader="/lib/ld-linux-aarch64.so.1", machine=183, needed=("libc.so.6",))
    found = read_dynamic(io.BytesIO(whole))
    assert found is not None
    assert (found.loader, found.machine, found.needed) == ("/lib/ld-linux-aarch64.so.1", 183, ("libc.so.6",))
    mine = read_dynamic(io.BytesIO(Path(os.path.realpath(sys.executable)).read_bytes()))
    assert mine is not None
    assert Path(mine.loader).exists()
    for offset in (1 << 40, 1 << 63):
        assert read_dynamic(io.BytesIO(whole[:72] + struct.pack("<Q", offset) + whole[80:])) is None

"""Shared objects in a wheel: found whatever they are called, read as far as needed, told apart from what is none."""

from __future__ import annotations

import io
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.binaries import AARCH64, X86_64, shared_object
from twinbuild.codec.dynamic import Dynamic
from twinbuild.errors import IntegrityError
from twinbuild.wheel.archive import Archive, open_archive
from twinbuild.wheel.binaries import is_linked, wheel_binaries
from twinbuild.wheel.member import Member
from twinbuild.wheel.stream import MemberStream
from unit.wheel.making import zipped

COMPILER = shutil.which("cc") or ""
LIBRARY = shared_object("libcudart.so.12", "libc.so.6", soname="libx.so.1")


def _read(content: bytes) -> dict[str, Dynamic]:
    return dict(wheel_binaries(open_archive(io.BytesIO(content), name="x-1-py3-none-any.whl")))


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_what_is_found(method: int) -> None:
    """ELF files by their first bytes: not text, no object files, no programs for a device, nothing cut off."""
    found = _read(
        zipped(
            {
                "x/libx.so.1": LIBRARY,
                "x/without_suffix": LIBRARY,
                "x/arm.so": shared_object(machine=AARCH64),
                "x/narrow.so": shared_object(machine=3, bits=32),
                "x/big.so": b"\x7fELF\x02\x02".ljust(16, b"\0") + b"\x00\x03\x00\x15".ljust(80, b"\0"),
                "x/object.o": LIBRARY[:16] + b"\x01" + LIBRARY[17:],
                "x/narrow.o": b"\x7fELF\x01\x01".ljust(16, b"\0") + b"\x01\x00\x03\x00".ljust(80, b"\0"),
                "x/kernel.cubin": LIBRARY[:16] + b"\x02\x00\xbe\x00".ljust(100, b"\0"),
                "x/cut.so": LIBRARY[:-40],
                "x/short.so": LIBRARY[:20],
                "x/module.py": LIBRARY,
                "x/data.bin": bytes(200),
                "x/": b"",
            },
            method=method,
            modes={"x/": 0o40755},
        )
    )
    assert sorted(found) == ["x/arm.so", "x/big.so", "x/libx.so.1", "x/narrow.so", "x/without_suffix"]
    assert found["x/libx.so.1"].needed == ("libcudart.so.12", "libc.so.6")
    assert found["x/libx.so.1"].soname == "libx.so.1"
    assert [found[f"x/{name}.so"].machine for name in ("arm", "narrow", "big")] == [AARCH64, 3, 21]


def test_only_what_is_needed_is_inflated() -> None:
    """Behind the dynamic section nothing is read: there may be gigabytes."""
    content = shared_object("libz.so.1", before=1 << 20) + bytes(8 << 20)

    class Counting(io.BytesIO):
        taken = 0

        def read(self, size: int | None = -1, /) -> bytes:
            piece = super().read(size)
            Counting.taken += len(piece)
            return piece

    wheel = zipped({"x.so": content, "noise.bin": bytes(1 << 20)}, method=zipfile.ZIP_STORED)
    found = dict(wheel_binaries(open_archive(Counting(wheel), name="x-1-py3-none-any.whl")))
    assert found["x.so"].needed == ("libz.so.1",)
    assert Counting.taken < 4 << 20


def test_damage() -> None:
    """TB4014 where a member does not inflate; the digest of the wheel would have told before."""
    wheel = bytearray(zipped({"x.so": shared_object("libz.so.1") + bytes(range(256)) * 9}))
    for place in range(36, 90):
        wheel[place] ^= 0xFF
    with pytest.raises(IntegrityError) as caught:
        _read(bytes(wheel))
    assert caught.value.findings[0].code == "TB4014"


@pytest.mark.skipif(not COMPILER, reason="needs a C compiler")
def test_what_a_compiler_makes(tmp_path: Path) -> None:
    """A library that is called libcudart.so.12, and one that is linked with it."""

    def compiled(text: str, *options: str) -> bytes:
        command = (COMPILER, "-shared", "-fPIC", "-x", "c", "-", "-o", "out.so", *options)
        subprocess.run(command, input=text, text=True, check=True, cwd=tmp_path)
        return (tmp_path / "out.so").read_bytes()

    runtime = compiled("int cudaMalloc(void) { return 0; }", "-Wl,-soname,libcudart.so.12")
    (tmp_path / "libcudart.so").write_bytes(runtime)
    user = compiled(
        "int cudaMalloc(void); int f(void) { return cudaMalloc(); }", "-L.", "-Wl,--no-as-needed", "-lcudart"
    )
    found = _read(zipped({"x/libcudart.so.12": runtime, "x/_core.so": user}))
    assert found["x/libcudart.so.12"].soname == "libcudart.so.12"
    assert "libcudart.so.12" in found["x/_core.so"].needed
    assert found["x/_core.so"].machine in (X86_64, AARCH64)


WHOLE = shared_object("libcudart.so.12", "libc.so.6", soname="libx.so.1", before=600_000)  # more than stays at hand


PLACES = st.one_of(st.integers(0, 300), st.integers(len(WHOLE) - 160, len(WHOLE) - 1))  # all but the zeros between


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(PLACES, st.integers(0, 255)), max_size=12),
    st.one_of(st.just(len(WHOLE)), st.integers(0, len(WHOLE))),
    st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]),
)
def test_whatever_a_file_says_of_itself(changes: list[tuple[int, int]], size: int, method: int) -> None:
    """However its tables lie, nothing is raised, and it is inflated a few times at most."""
    content = bytearray(WHOLE)
    for place, value in changes:
        content[place] = value
    archive = open_archive(
        io.BytesIO(zipped({"x.so": bytes(content[:size])}, method=method)), name="x-1-py3-none-any.whl"
    )
    opened: list[str] = []

    class Counted:
        members, name = archive.members, archive.name

        def open(self, member: Member) -> MemberStream:
            """Count it."""
            opened.append(member.name)
            return archive.open(member)

    assert len(wheel_binaries(cast("Archive", Counted()))) <= 1
    assert len(opened) <= 5


def test_what_a_loader_links() -> None:
    """By the head alone: what debuggers get has a dynamic section of no bytes; programs and text are none."""
    assert is_linked(LIBRARY)
    start = int.from_bytes(LIBRARY[32:40], "little")
    count, size = (int.from_bytes(LIBRARY[at : at + 2], "little") for at in (56, 54))
    emptied = bytearray(LIBRARY)
    for place in range(start, start + count * size, size):
        emptied[place + 32 : place + 40] = bytes(8)
    for other in (bytes(emptied), LIBRARY[:63], LIBRARY[:64], LIBRARY[:16] + b"\2\0" + LIBRARY[18:], b"GROUP", b""):
        assert not is_linked(other)
    assert is_linked(LIBRARY[:4] + b"\1" + LIBRARY[5:]), "32 bits: only that is told"

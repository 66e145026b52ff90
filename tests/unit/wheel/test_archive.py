from __future__ import annotations

import io
import struct
import tracemalloc
import zipfile
import zlib

import pytest

from twinbuild.errors import IntegrityError
from twinbuild.wheel.archive import open_archive
from twinbuild.wheel.member import Limits
from unit.wheel.making import Part, raw_zip, wheel, zipped

GOOD = wheel()
NINES = b"9" * 5000


def read_all(content: bytes, limits: Limits) -> None:
    """Open an archive and read every member to its end."""
    archive = open_archive(io.BytesIO(content), name="hostile.whl", limits=limits)
    for member in archive.members:
        with archive.open(member) as stream:
            while stream.read(1 << 16):
                pass


def refusal(content: bytes, limits: Limits | None = None) -> str:
    """The code with which opening or reading refuses an archive."""
    with pytest.raises(IntegrityError) as caught:
        read_all(content, limits or Limits())
    found = caught.value.findings[0]
    assert "hostile.whl" in found.where.subject
    assert all(character.isprintable() for character in str(found))
    return found.code


def end_record(count: int, size: int, start: int, comment: int = 0) -> bytes:
    """An end record."""
    return struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count, count, size, start, comment)


def descriptor(content: bytes, packed_size: int, *, signature: bytes = b"PK\x07\x08", wide: bool = False) -> bytes:
    """A data descriptor."""
    return signature + struct.pack("<LQQ" if wide else "<3L", zlib.crc32(content), packed_size, len(content))


def streamed(name: bytes, content: bytes = NINES, **lies: bytes) -> Part:
    """A member whose sizes follow it."""
    part = Part(name, content, flags=8, local={"crc": 0, "packed_size": 0, "size": 0})
    part.after = lies.get("after", descriptor(content, len(part.body())))
    return part


ZIP64 = struct.pack("<2HQQ", 1, 16, 5000, 5000)
HOSTILE = {
    "empty file": (b"", "TB4001"),
    "zero bytes": (bytes(1000), "TB4001"),
    "error page": (b"<!doctype html><title>404 Not Found</title>", "TB4001"),
    "trailing byte": (GOOD + b"\n", "TB4002"),
    "trailing zeros": (GOOD + bytes(512), "TB4002"),
    "comment": (raw_zip([Part(b"a")], comment=b"hello"), "TB4002"),
    "end record inside the comment": (
        raw_zip([Part(b"a")], comment=end_record(0, 0, 0)),
        "TB4004",
    ),
    "two archives": (GOOD + GOOD, "TB4004"),
    "two archives, offsets adjusted": (raw_zip([Part(b"b")], before=raw_zip([Part(b"a")])), "TB4004"),
    "prepended script": (b"#!/bin/sh\nexit\n" + GOOD, "TB4004"),
    "prepended script, offsets adjusted": (raw_zip([Part(b"a")], before=b"#!/bin/sh\n"), "TB4004"),
    "hidden bytes between members": (raw_zip([Part(b"a", after=b"hidden"), Part(b"b")]), "TB4004"),
    "hidden bytes before the directory": (raw_zip([Part(b"a", after=b"hidden")]), "TB4004"),
    "hidden bytes without members": (raw_zip([], before=b"hidden"), "TB4004"),
    "one member more than counted": (raw_zip([Part(b"a"), Part(b"b")], count=1), "TB4003"),
    "one member fewer than counted": (raw_zip([Part(b"a")], count=2), "TB4003"),
    "directory beyond the file": (raw_zip([Part(b"a")], start=1 << 30), "TB4003"),
    "zip64 end record missing": (raw_zip([Part(b"a")], count=0xFFFF), "TB4003"),
    "overlap: one body, two members": (raw_zip([Part(b"a"), Part(b"a", header=0)]), "TB4005"),
    "one header for two names": (raw_zip([Part(b"a"), Part(b"b", header=0)]), "TB4007"),
    "overlap: quoted local header": (
        raw_zip([Part(b"a", packed_size=60, size=60, content=b"x" * 60, method=0, packed=b"x" * 8), Part(b"b")]),
        "TB4005",
    ),
    "duplicate name": (raw_zip([Part(b"a"), Part(b"a")]), "TB4006"),
    "case collision": (raw_zip([Part(b"pkg/A.py"), Part(b"pkg/a.py")]), "TB4006"),
    "unicode collision": (
        raw_zip([Part("caf\u00e9".encode(), flags=0x800), Part("cafe\u0301".encode(), flags=0x800)]),
        "TB4006",
    ),
    "file and directory": (raw_zip([Part(b"a"), Part(b"a/", b"", method=0, mode=0o040755)]), "TB4006"),
    "file below a file": (raw_zip([Part(b"a"), Part(b"a/b")]), "TB4006"),
    "local name differs": (raw_zip([Part(b"a", local={"name": b"b"})]), "TB4007"),
    "local size differs": (raw_zip([Part(b"a", local={"size": 1})]), "TB4007"),
    "local packed size differs": (raw_zip([Part(b"a", local={"packed_size": 1})]), "TB4007"),
    "local method differs": (raw_zip([Part(b"a", local={"method": 0})]), "TB4007"),
    "local flags differ": (raw_zip([Part(b"a", local={"flags": 0x800})]), "TB4007"),
    "local CRC differs": (raw_zip([Part(b"a", local={"crc": 1})]), "TB4007"),
    "blank local CRC without a descriptor": (raw_zip([Part(b"a", local={"crc": 0})]), "TB4007"),
    "no local header": (raw_zip([Part(b"a", header=3)]), "TB4007"),
    "descriptor missing": (raw_zip([streamed(b"a", after=b"")]), "TB4007"),
    "descriptor lies": (raw_zip([streamed(b"a", after=descriptor(b"other", 5))]), "TB4007"),
    "descriptor with another signature": (
        raw_zip([streamed(b"a", after=b"PK\x07\x09" + descriptor(NINES, 1)[4:])]),
        "TB4007",
    ),
    "bytes after the descriptor": (
        raw_zip([streamed(b"a", after=descriptor(NINES, len(streamed(b"a").body())) + b"x")]),
        "TB4007",
    ),
    "encrypted": (raw_zip([Part(b"a", flags=1)]), "TB4008"),
    "strongly encrypted": (raw_zip([Part(b"a", flags=0x41)]), "TB4008"),
    "patched": (raw_zip([Part(b"a", flags=0x20)]), "TB4008"),
    "bzip2": (raw_zip([Part(b"a", method=12)]), "TB4009"),
    "AES": (raw_zip([Part(b"a", method=99)]), "TB4009"),
    "parent directory": (raw_zip([Part(b"../evil.py")]), "TB4010"),
    "parent directory inside": (raw_zip([Part(b"a/../../evil.py")]), "TB4010"),
    "prefix trick": (raw_zip([Part(b"../purelib-x/evil.py")]), "TB4010"),
    "absolute": (raw_zip([Part(b"/etc/passwd")]), "TB4010"),
    "drive": (raw_zip([Part(b"C:/evil.py")]), "TB4010"),
    "drive with backslash": (raw_zip([Part(b"C:\\evil.py")]), "TB4010"),
    "backslash": (raw_zip([Part(b"a\\b.py")]), "TB4010"),
    "dot": (raw_zip([Part(b"./a.py")]), "TB4010"),
    "double slash": (raw_zip([Part(b"a//b.py")]), "TB4010"),
    "empty name": (raw_zip([Part(b"")]), "TB4010"),
    "only a slash": (raw_zip([Part(b"/", b"", method=0, mode=0o040755)]), "TB4010"),
    "newline": (raw_zip([Part(b"evil\n.py")]), "TB4010"),
    "NUL": (raw_zip([Part(b"evil.py\0.txt")]), "TB4010"),
    "escape sequence": (raw_zip([Part(b"\x1b[2Jevil.py")]), "TB4010"),
    "line separator": (raw_zip([Part("a\u2028b".encode(), flags=0x800)]), "TB4010"),
    "name of 256 bytes": (raw_zip([Part(b"a" * 256)]), "TB4010"),
    "path of 4096 bytes": (raw_zip([Part(b"abcdefg/" * 512 + b"a")]), "TB4010"),
    "bytes of no encoding": (raw_zip([Part(b"caf\xe9.py")]), "TB4010"),
    "UTF-8 without its flag": (raw_zip([Part("caf\u00e9.py".encode())]), "TB4010"),
    "flag without UTF-8": (raw_zip([Part(b"caf\xe9.py", flags=0x800)]), "TB4010"),
    "symbolic link": (raw_zip([Part(b"a", b"/etc/passwd", mode=0o120777)]), "TB4011"),
    "character device": (raw_zip([Part(b"a", mode=0o020666)]), "TB4011"),
    "FIFO": (raw_zip([Part(b"a", mode=0o010644)]), "TB4011"),
    "socket": (raw_zip([Part(b"a", mode=0o140644)]), "TB4011"),
    "directory that is a file": (raw_zip([Part(b"a", mode=0o040755)]), "TB4011"),
    "set-user-ID": (raw_zip([Part(b"a", mode=0o104755)]), "TB4011"),
    "set-group-ID": (raw_zip([Part(b"a", mode=0o102755)]), "TB4011"),
    "sticky": (raw_zip([Part(b"a", mode=0o101644)]), "TB4011"),
    "extra field cut off": (raw_zip([Part(b"a", extra=b"\x99\x99\x05\x00xx")]), "TB4012"),
    "extra field with a short tail": (raw_zip([Part(b"a", extra=b"\x99\x99\x00\x00x")]), "TB4012"),
    "extra length that ends with the header": (raw_zip([Part(b"a", extra=b"\x99\x99\x05\x00")]), "TB4012"),
    "second name": (raw_zip([Part(b"a", extra=struct.pack("<2HBL", 0x7075, 6, 1, 0) + b"b")]), "TB4012"),
    "zip64 without need": (raw_zip([Part(b"a", extra=ZIP64)]), "TB4012"),
    "zip64 twice": (raw_zip([Part(b"a", extra=ZIP64 * 2)]), "TB4012"),
    "zip64 missing": (raw_zip([Part(b"a", size=0xFFFFFFFF)]), "TB4012"),
    "zip64 too short": (raw_zip([Part(b"a", size=0xFFFFFFFF, extra=b"\1\0\4\0abcd")]), "TB4012"),
    "local zip64 that contradicts": (raw_zip([Part(b"a", local={"extra": ZIP64})]), "TB4012"),
    "local zip64 too short": (raw_zip([Part(b"a", local={"extra": ZIP64[:2] + b"\x08\0" + ZIP64[4:12]})]), "TB4012"),
    "local zip64 missing": (raw_zip([Part(b"a", local={"size": 0xFFFFFFFF})]), "TB4012"),
    "size of 2**64 - 1": (
        raw_zip([Part(b"a", size=0xFFFFFFFF, extra=struct.pack("<2HQ", 1, 8, (1 << 64) - 1))]),
        "TB4013",
    ),
    "more than deflate can": (raw_zip([Part(b"a", size=1 << 20)]), "TB4014"),
    "bomb of one member": (raw_zip([Part(b"a", bytes(33 << 20))]), "TB4013"),
    "stored size differs from packed size": (raw_zip([Part(b"a", method=0, size=3)]), "TB4014"),
    "directory with content": (raw_zip([Part(b"a/", b"content", mode=0o040755)]), "TB4014"),
    "not deflate": (raw_zip([Part(b"a", NINES, packed=b"\xff" * 50)]), "TB4014"),
    "deflate cut off": (raw_zip([Part(b"a", NINES, packed=Part(b"a", NINES).body()[:-4])]), "TB4014"),
    "deflate with bytes after it": (raw_zip([Part(b"a", NINES, packed=Part(b"a", NINES).body() + b"x")]), "TB4014"),
    "inflates to more": (raw_zip([Part(b"a", NINES, packed=Part(b"a", NINES + b"9").body())]), "TB4014"),
    "inflates to fewer": (raw_zip([Part(b"a", NINES, packed=Part(b"a", NINES[1:]).body())]), "TB4014"),
    "empty, but not in the archive": (raw_zip([Part(b"a", b"", packed=Part(b"a", b"x").body())]), "TB4014"),
    "CRC wrong in both headers": (raw_zip([Part(b"a", crc=1)]), "TB4014"),
    "CRC wrong, stored": (raw_zip([Part(b"a", method=0, crc=1)]), "TB4014"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_archives_are_refused(name: str) -> None:
    """Each archive that two readers could understand differently, or that could hurt one, is refused by its code."""
    content, code = HOSTILE[name]
    assert refusal(content) == code


@pytest.mark.parametrize("tenth", range(10))
def test_truncated_archives_are_refused(tenth: int) -> None:
    """An archive that lost its end is no archive."""
    assert refusal(GOOD[: len(GOOD) * tenth // 10]) == "TB4001"


def test_a_million_members_are_refused_at_once() -> None:
    """The count is judged before the directory is read."""
    limits = Limits(members=1000)
    assert refusal(zipped({f"f{number}": b"" for number in range(1001)}), limits) == "TB4013"
    assert refusal(zip64_archive(count=1_000_000)) == "TB4013"


def test_many_small_bombs_are_refused() -> None:
    """The ratio counts for all members together too."""
    assert refusal(zipped({f"f{number}": bytes(1 << 20) for number in range(33)})) == "TB4013"


def test_total_size_is_limited() -> None:
    """The absolute limit holds whatever the ratio."""
    assert refusal(raw_zip([Part(b"a", NINES, method=0)]), Limits(total_size=4999)) == "TB4013"
    assert refusal(raw_zip([Part(b"a", NINES, method=0)]), Limits(member_size=4999)) == "TB4013"


def test_every_flipped_bit_of_a_header_is_refused_or_harmless() -> None:
    """No single bit of the archive changes a name, size or content unnoticed."""
    content = raw_zip([Part(b"pkg/a.py", NINES), streamed(b"pkg/b.py")])
    expected = {"pkg/a.py": NINES, "pkg/b.py": NINES}
    refused = 0
    for place in range(len(content) * 8):
        flipped = bytearray(content)
        flipped[place // 8] ^= 1 << place % 8
        try:
            archive = open_archive(io.BytesIO(bytes(flipped)), name="flipped.whl")
            found = {member.name: archive.read(member) for member in archive.members}
        except IntegrityError:
            refused += 1
            continue
        assert found == expected
    assert refused > len(content) * 6


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("signature", [b"", b"PK\x07\x08"])
def test_data_descriptors_are_read_in_every_legal_form(signature: bytes, wide: bool) -> None:
    """Sizes may follow a member: with or without signature, 32-bit or 64-bit."""
    part = streamed(b"a")
    part.after = descriptor(NINES, len(part.body()), signature=signature, wide=wide)
    archive = open_archive(io.BytesIO(raw_zip([part, Part(b"b")])), name="streamed.whl")
    assert [archive.read(member) for member in archive.members] == [NINES, b"content\n"]


class Unseekable(io.RawIOBase):
    """A stream to which the standard library can only append."""

    def __init__(self) -> None:
        super().__init__()
        self.content = bytearray()

    def writable(self) -> bool:
        """Yes."""
        return True

    def write(self, chunk: bytes) -> int:  # type: ignore[override]
        """Append."""
        self.content += chunk
        return len(chunk)


def test_archives_written_to_a_pipe_are_read() -> None:
    """What zipfile writes where it cannot seek, zip64 included, is legal."""
    sink = Unseekable()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:  # type: ignore[call-overload]
        archive.writestr("a", NINES)
        with archive.open("b", "w", force_zip64=True) as member:
            member.write(NINES)
    opened = open_archive(io.BytesIO(bytes(sink.content)), name="piped.whl")
    assert [opened.read(member) for member in opened.members] == [NINES, NINES]


def test_zip64_in_local_headers_only_is_read() -> None:
    """The standard library writes zip64 local headers when told that a member may become large."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("b", "w", force_zip64=True) as member:
        member.write(NINES)
    opened = open_archive(out, name="large.whl")
    assert opened.read(opened.members[0]) == NINES


def test_zip64_in_local_headers_without_need_is_read() -> None:
    """Bazel's archiver repeats the sizes of every member in a zip64 field; that says nothing new."""
    part = Part(b"a", NINES)
    part.local["extra"] = struct.pack("<2HQQ", 1, 16, len(NINES), len(part.body()))
    archive = open_archive(io.BytesIO(raw_zip([part])), name="bazel.whl")
    assert archive.read(archive.members[0]) == NINES


def zip64_archive(**lies: int) -> bytes:
    """An archive of one member whose end record is in zip64 form."""
    plain = raw_zip([Part(b"a", NINES)])
    _, _, _, _, count, size, start, _ = struct.unpack("<4s4H2LH", plain[-22:])
    values = {"count": count, "size": size, "start": start, "record": 44, "offset": len(plain) - 22, "disks": 1} | lies
    end = struct.pack(
        "<4sQ2H2L4Q",
        b"PK\x06\x06",
        values["record"],
        45,
        45,
        0,
        0,
        values["count"],
        values["count"],
        values["size"],
        values["start"],
    )
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, values["offset"], values["disks"])
    return plain[:-22] + end + locator + end_record(0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF)


def test_zip64_end_record_is_read() -> None:
    """An archive of more than 65,535 members or 4 GiB has its counts in the zip64 end record."""
    archive = open_archive(io.BytesIO(zip64_archive()), name="zip64.whl")
    assert archive.read(archive.members[0]) == NINES


@pytest.mark.parametrize("lie", [{"count": 2}, {"record": 45}, {"offset": 0}, {"disks": 2}, {"size": 40}])
def test_zip64_end_record_that_lies_is_refused(lie: dict[str, int]) -> None:
    """The zip64 end record must fit as exactly as the ordinary one."""
    assert refusal(zip64_archive(**lie)) in ("TB4003", "TB4004")


@pytest.mark.slow
def test_more_than_65535_members_are_read() -> None:
    """The standard library's own zip64 archive of many members is read."""
    content = zipped({f"{number:x}": b"" for number in range(65_536)}, method=0)
    assert len(open_archive(io.BytesIO(content), name="many.whl").members) == 65_536


def test_large_members_are_streamed_in_flat_memory() -> None:
    """Reading a member of 64 MiB needs a few MiB."""
    block = bytes(range(256)) * 256
    out = io.BytesIO()
    with (
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("big", "w") as member,
    ):
        for number in range(1024):
            member.write(number.to_bytes(2, "big") + block[2:])
    opened = open_archive(out, name="big.whl", limits=Limits(ratio=1000, total_ratio=1000))
    tracemalloc.start()
    with opened.open(opened.members[0]) as stream:
        length = sum(len(chunk) for chunk in iter(lambda: stream.read(1 << 20), b""))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert length == 64 << 20
    assert peak < 8 << 20


def test_documents_are_limited() -> None:
    """A member read whole may not be larger than the caller expects."""
    archive = open_archive(io.BytesIO(zipped({"a": NINES})), name="x.whl")
    with pytest.raises(IntegrityError, match="TB4013"):
        archive.read(archive.members[0], limit=4999)


def test_streams_may_interleave() -> None:
    """Two streams over one file do not disturb each other, in pieces of any size."""
    archive = open_archive(io.BytesIO(zipped({"a": NINES, "b": bytes(range(256)) * 20})), name="x.whl")
    with archive.open(archive.members[0]) as first, archive.open(archive.members[1]) as second:
        read = [first.read(7) + second.read(3) for _ in range(2)]
        buffer = bytearray(10_000)
        assert first.readinto(buffer) == 5000 - 14
        assert second.read() == (bytes(range(256)) * 20)[6:]
        assert first.read(5) == b""
    assert read == [b"9999999\0\1\2", b"9999999\3\4\5"]

import io
import tarfile

import pytest

from twinbuild.codec.untar import Kind, Limits, Member, untar
from twinbuild.errors import IntegrityError


def made(*members: tuple[str, bytes, dict[str, object]], layout: int = tarfile.GNU_FORMAT) -> bytes:
    """A tar with those members: name, content and TarInfo attributes."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=layout) as tar:
        for name, content, fields in members:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            for key, value in fields.items():
                setattr(member, key, value)
            tar.addfile(member, io.BytesIO(content))
    return out.getvalue()


def raw(name: bytes, *, kind: bytes = b"0", size: int = 0, link: bytes = b"", magic: bytes = b"ustar\x0000") -> bytes:
    """One header block written by hand, with a right sum."""
    block = bytearray(512)
    block[: len(name)] = name
    block[100:108] = b"0000644\0"
    block[124:136] = b"%011o\0" % size
    block[156:157] = kind
    block[157 : 157 + len(link)] = link
    block[257:265] = magic
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


END = bytes(1024)


def read(archive: bytes, limits: Limits | None = None) -> list[tuple[Member, bytes]]:
    """All members with their bytes."""
    return [(member, body.read()) for member, body in untar(io.BytesIO(archive), subject="a.tar", limits=limits)]


def code(archive: bytes, limits: Limits | None = None) -> str:
    """The code with which an archive is refused."""
    with pytest.raises(IntegrityError) as caught:
        read(archive, limits)
    assert "a.tar" in str(caught.value)
    return caught.value.findings[0].code


DIRECTORY: dict[str, object] = {"type": tarfile.DIRTYPE}


@pytest.mark.parametrize("layout", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_members_come_normalised_with_their_bytes(layout: int) -> None:
    """Paths lose their "./" and trailing slash, long names are joined, and bytes and fields come as written."""
    long = "d/" + "x" * 150
    archive = made(
        ("./", b"", DIRECTORY | {"mode": 0o755}),
        ("./d", b"", DIRECTORY | {"mode": 0o1777, "uid": 0, "gid": 42, "gname": "shadow"}),
        ("./" + long, b"hello", {"mode": 0o4755, "mtime": 12}),
        ("./d/ü", b"", {"type": tarfile.SYMTYPE, "linkname": "../" + "y" * 140}),
        ("./d/h", b"", {"type": tarfile.LNKTYPE, "linkname": "./" + long}),
        layout=layout,
    )
    (root, _), (directory, _), (file, content), (symlink, _), (hardlink, _) = read(archive)
    assert (root.path, root.kind) == ("", Kind.DIRECTORY)
    assert (directory.path, directory.mode, directory.gid, directory.group) == ("d", 0o1777, 42, "shadow")
    assert (file.path, content, file.mode, file.mtime) == (long, b"hello", 0o4755, 12)
    assert archive[file.offset : file.offset + file.size] == b"hello"
    assert (symlink.path, symlink.target) == ("d/ü", "../" + "y" * 140)
    assert (hardlink.kind, hardlink.target) == (Kind.HARDLINK, long)


def test_bodies_left_unread_are_skipped() -> None:
    """A reader that takes only some bytes still gets the next member."""
    archive = made(("a", b"x" * 5000, {}), ("b", b"y" * 700, {}))
    seen = [(member.path, body.read(3)) for member, body in untar(io.BytesIO(archive), subject="a.tar")]
    assert seen == [("a", b"xxx"), ("b", b"yyy")]


def test_a_stream_that_gives_single_bytes_is_read_right() -> None:
    """Short reads of the stream change nothing."""

    class Dribble(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return super().read(1 if size else 0)

    stream = Dribble(made(("a", b"xyz", {})))
    assert [(member.path, body.read()) for member, body in untar(stream, subject="s")] == [("a", b"xyz")]


@pytest.mark.parametrize("name", ["../x", "/x", "a/../../x", "a//b", "a/./b", ".", "a\nb", "././x"])
def test_paths_that_could_escape_are_refused(name: str) -> None:
    """An absolute, dotted or otherwise odd path of a file is TB4403."""
    assert code(made((name, b"", {}))) == "TB4403"


def test_a_name_that_is_not_utf8_is_refused() -> None:
    """Bytes that are no UTF-8 cannot be a path."""
    assert code(raw(b"\xff\xfe") + END) == "TB4403"


@pytest.mark.parametrize("kind", [tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, b"S", b"7", b"Z"])
def test_kinds_without_a_place_in_an_image_are_refused(kind: bytes) -> None:
    """Devices, FIFOs, sparse and unknown members are TB4402."""
    assert code(raw(b"x", kind=kind) + END) == "TB4402"


CLASHES: dict[str, list[tuple[str, bytes, dict[str, object]]]] = {
    "twice": [("a", b"1", {}), ("a", b"2", {})],
    "directory twice": [("a", b"", DIRECTORY), ("./a/", b"", DIRECTORY)],
    "below a symlink": [("a", b"", {"type": tarfile.SYMTYPE, "linkname": "/etc"}), ("a/b", b"", {})],
    "below a file": [("a", b"", {}), ("a/b/c", b"", {})],
    "link over a parent": [("a/b/c", b"", {}), ("a/b", b"", {"type": tarfile.SYMTYPE, "linkname": "/"})],
    "hard link to nothing": [("a", b"", {"type": tarfile.LNKTYPE, "linkname": "b"})],
    "hard link to a later file": [("a", b"", {"type": tarfile.LNKTYPE, "linkname": "b"}), ("b", b"", {})],
    "hard link to a directory": [("b", b"", DIRECTORY), ("a", b"", {"type": tarfile.LNKTYPE, "linkname": "b"})],
    "hard link that escapes": [("a", b"", {"type": tarfile.LNKTYPE, "linkname": "../b"})],
    "symlink to nothing": [("a", b"", {"type": tarfile.SYMTYPE, "linkname": ""})],
}


@pytest.mark.parametrize("name", CLASHES)
def test_members_that_clash_are_refused(name: str) -> None:
    """No member may repeat, hide or lie below another, and hard links name earlier files."""
    assert code(made(*CLASHES[name])) == "TB4403"


def pax(*records: bytes, kind: bytes = b"x") -> bytes:
    """A pax extension header with those records, then the header of an empty file ``x``."""
    content = b"".join(records)
    return raw(b"pax", kind=kind, size=len(content)) + content.ljust(512, b"\0") + raw(b"x") + END


SUMS = (
    b"%06o\0 " % (sum(raw(b"x")) - sum(raw(b"x")[148:156]) + 256),
    b"%06o\0 " % (sum(raw(b"x")) - sum(raw(b"x")[148:156]) + 259),
)
MALFORMED = {
    "empty": b"",
    "cut in a header": made(("a", b"x", {}))[:300],
    "cut in a body": made(("a", b"x" * 600, {}))[:1100],
    "no end": made(("a", b"x", {}))[:1024],
    "one zero block": made(("a", b"x", {}))[:1536],
    "glued": made(("a", b"x", {})) + made(("b", b"x", {})),
    "wrong sum": b"y" + made(("x", b"", {}))[1:],
    "not octal": raw(b"x").replace(b"0000644", b"0000944").replace(SUMS[0], SUMS[1]) + END,
    "no magic": raw(b"x", magic=bytes(8)) + END,
    "directory with content": raw(b"x", kind=b"5", size=5) + bytes(512) + END,
    "extension without member": raw(b"l", kind=b"L", size=3) + b"abc".ljust(512, b"\0") + END,
    "length of a record": pax(b"99 path=a\n"),
    "record cut short": pax(b"3 p=a\n"),
    "record twice": pax(b"10 path=a\n", b"10 path=b\n"),
    "size not digits": pax(b"11 size=-5\n"),
    "mtime not a number": pax(b"13 mtime=nan\n"),
    "two long names": (raw(b"l", kind=b"L", size=2) + b"a\0".ljust(512, b"\0")) * 2 + raw(b"x") + END,
    "GNU and pax name": raw(b"l", kind=b"L", size=2) + b"a\0".ljust(512, b"\0") + pax(b"10 path=b\n"),
    "bytes after a name": raw(b"a\0b") + END,
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_streams_are_refused(name: str) -> None:
    """Whatever two readers could understand in two ways is TB4401."""
    assert code(MALFORMED[name]) == "TB4401"


@pytest.mark.parametrize("record", [b"22 GNU.sparse.major=1\n", b"16 hdrcharset=x\n"])
def test_unknown_extensions_are_refused(record: bytes) -> None:
    """A pax keyword that is not known could change what a member is."""
    assert code(pax(record)) == "TB4402"


def test_global_headers_may_hold_comments_only() -> None:
    """A global header that would change every member is refused; git's comment is not."""
    assert [member.path for member, _ in read(pax(b"13 comment=x\n", kind=b"g"))] == ["x"]
    assert code(pax(b"10 path=b\n", kind=b"g")) == "TB4402"


def test_pax_times_round_down_and_attributes_are_sorted() -> None:
    """Fractions of a second are dropped downwards; extended attributes come sorted by name."""
    archive = pax(b"14 mtime=-1.5\n", b"20 SCHILY.xattr.b=1\n", b"20 SCHILY.xattr.a=2\n")
    (member, _), *_ = read(archive)
    assert (member.mtime, member.attributes) == (-2, (("a", b"2"), ("b", b"1")))


@pytest.mark.parametrize(
    "limits", [Limits(members=1), Limits(file_size=4), Limits(total_size=2000), Limits(header_size=100)]
)
def test_limits_stop_the_reading(limits: Limits) -> None:
    """Each limit is an error of its own before the rest is read."""
    assert code(made(("a", b"hello", {}), ("y" * 120, b"", {})), limits) == "TB4404"

import io
import tarfile
from typing import BinaryIO

import pytest

from fakes.images import EPOCH, TREE
from twinbuild.errors import BuildError, IntegrityError
from twinbuild.model.tree import BytesContent, Directory, Entry, File, Hardlink, Symlink
from twinbuild.oci.header import LATEST, encode, header_size
from twinbuild.oci.tar import archive_size, canonical_order, check_tree, write_archive


class Zeros:
    """Content of any size that is never in memory."""

    def __init__(self, size: int, real: int | None = None) -> None:
        self.size = size
        self.real = size if real is None else real

    def open(self) -> BinaryIO:
        """A stream of zeros."""
        return io.BytesIO(bytes(self.real))


def archive(entries: tuple[Entry, ...] = TREE, mtime: int = EPOCH) -> bytes:
    """The bytes of an archive."""
    return b"".join(write_archive(entries, mtime=mtime))


def codes(error: pytest.ExceptionInfo[IntegrityError]) -> list[str]:
    """The codes of all findings."""
    return [finding.code for finding in error.value.findings]


def test_standard_library_reads_the_same_entries() -> None:
    """An independent reader finds every field of every entry as it was given."""
    with tarfile.open(fileobj=io.BytesIO(archive())) as found:
        members = found.getmembers()
        assert [member.name for member in members] == [entry.path for entry in TREE]
        assert {member.mtime for member in members} == {EPOCH}
        assert {(member.uname, member.gname) for member in members} == {("", "")}
        for member, entry in zip(members, TREE, strict=True):
            match entry:
                case File():
                    assert (member.type, member.mode) == (tarfile.REGTYPE, entry.mode)
                    stream = found.extractfile(member)
                    assert stream is not None
                    assert stream.read() == entry.content.open().read()
                case Directory():
                    assert (member.type, member.mode, member.uid, member.gid) == (
                        b"5",
                        entry.mode,
                        entry.uid,
                        entry.gid,
                    )
                case Symlink():
                    assert (member.type, member.mode, member.linkname) == (b"2", 0o777, entry.target)
                case Hardlink():
                    assert (member.type, member.linkname) == (b"1", entry.target)


def test_size_is_known_before() -> None:
    """The arithmetic gives the very length, which ends with two zero blocks and nothing more."""
    made = archive()
    assert len(made) == archive_size(TREE)
    assert made[-1024:] == bytes(1024)
    assert len(archive(())) == 1024


@pytest.mark.parametrize(
    ("path", "blocks"),
    [
        ("n" * 100, 1),
        ("n" * 101, 3),
        ("d" * 155 + "/" + "n" * 100, 1),
        ("d" * 156 + "/" + "n" * 99, 3),
        ("d" * 155 + "/" + "n" * 101, 3),
        ("é", 3),
    ],
)
def test_pax_only_where_a_path_demands_it(path: str, blocks: int) -> None:
    """A path that a ustar header can hold, in one field or split, has no PAX header; any other has one."""
    entry = File(path=path, content=BytesContent(b""))
    assert header_size(entry) == len(encode(entry, 0)) == blocks * 512
    with tarfile.open(fileobj=io.BytesIO(archive((entry,)))) as found:
        assert found.getnames() == [path]


@pytest.mark.parametrize(("length", "blocks"), [(98, 1), (99, 1), (100, 3)])
def test_a_directory_needs_room_for_its_slash(length: int, blocks: int) -> None:
    """A directory's stored name ends with a slash, which counts."""
    entry = Directory(path="d" * length)
    assert header_size(entry) == len(encode(entry, 0)) == blocks * 512


@pytest.mark.parametrize(("owner", "blocks"), [(2097151, 1), (2097152, 3)])
def test_pax_for_big_owners(owner: int, blocks: int) -> None:
    """Seven octal digits hold an owner up to 2097151; a bigger one has PAX records."""
    entry = File(path="f", content=BytesContent(b""), uid=owner, gid=owner)
    assert len(encode(entry, 0)) == blocks * 512
    with tarfile.open(fileobj=io.BytesIO(archive((entry,)))) as found:
        member = found.getmember("f")
        assert (member.uid, member.gid) == (owner, owner)


@pytest.mark.parametrize(("size", "blocks"), [(8**11 - 1, 1), (8**11, 3)])
def test_pax_for_files_of_8_gib(size: int, blocks: int) -> None:
    """A size of 8 GiB has a PAX record, one byte less has none; both are read back."""
    entry = File(path="weights", content=Zeros(size, real=0))
    assert len(encode(entry, 0)) == blocks * 512
    assert archive_size((entry,)) == blocks * 512 + (size + 511) // 512 * 512 + 1024
    with tarfile.open(fileobj=io.BytesIO(encode(entry, 0) + bytes(1024)), mode="r|") as found:
        member = found.next()
        assert member is not None
        assert member.size == size


@pytest.mark.parametrize("length", range(80, 110))
def test_pax_record_counts_its_own_length(length: int) -> None:
    """A record's length counts its own digits, also where they grow from two to three."""
    entry = Symlink(path="l", target="é" + "t" * length)
    with tarfile.open(fileobj=io.BytesIO(archive((entry,)))) as found:
        assert found.getmember("l").linkname == entry.target


@pytest.mark.parametrize(
    "changed",
    [
        archive(mtime=EPOCH + 1),
        archive((TREE[1], TREE[0], *TREE[2:])),
        archive((Directory(path="opt", mode=0o700), *TREE[1:])),
        archive((Directory(path="opt", uid=1), *TREE[1:])),
        archive((Directory(path="opt", gid=1), *TREE[1:])),
        archive(TREE[:-1]),
    ],
)
def test_every_input_counts(changed: bytes) -> None:
    """Control: another time, order, mode, owner or entry gives other bytes; the same input never does."""
    assert changed != archive()
    assert archive() == archive(tuple(TREE))


def test_canonical_order() -> None:
    """Any order of a tree is sorted to one: bytewise, parents first, hard links behind their files."""
    link = Hardlink(path="a/0", target="z")
    entries: tuple[Entry, ...] = (
        link,
        File(path="z", content=BytesContent(b"")),
        Directory(path="é"),
        Directory(path="a"),
    )
    entries += (File(path="a/x", content=BytesContent(b"")), File(path="a-x", content=BytesContent(b"")))
    ordered = canonical_order(entries)
    assert [entry.path for entry in ordered] == ["a", "a-x", "a/x", "z", "é", "a/0"]
    assert canonical_order(reversed(entries)) == ordered
    check_tree(ordered)


def test_refuses_a_path_twice() -> None:
    """Two entries of one path are refused even if they are equal."""
    with pytest.raises(IntegrityError) as error:
        archive((TREE[0], TREE[0]))
    assert codes(error) == ["TB4303"]


@pytest.mark.parametrize("first", [File(path="a", content=BytesContent(b"")), Symlink(path="a", target="/etc")])
@pytest.mark.parametrize("turned", [False, True])
def test_refuses_a_file_or_link_as_parent(first: Entry, *, turned: bool) -> None:
    """Nothing lies below a file or a symbolic link, however deep and in whatever order."""
    pair = (first, File(path="a/b/c", content=BytesContent(b"")))
    with pytest.raises(IntegrityError) as error:
        archive(pair[::-1] if turned else pair)
    assert codes(error) == ["TB4304"]


@pytest.mark.parametrize(
    "entries",
    [
        (Hardlink(path="l", target="missing"),),
        (Hardlink(path="l", target="f"), File(path="f", content=BytesContent(b""))),
        (Directory(path="f"), Hardlink(path="l", target="f")),
        (Hardlink(path="l", target="l"),),
    ],
)
def test_refuses_a_hard_link_without_an_earlier_file(entries: tuple[Entry, ...]) -> None:
    """A hard link's target is a regular file that came before."""
    with pytest.raises(IntegrityError) as error:
        archive(entries)
    assert codes(error) == ["TB4305"]


def test_all_findings_come_at_once() -> None:
    """A tree with three faults is refused with three findings."""
    entries = (
        TREE[2],
        TREE[2],
        File(path=TREE[2].path + "/x", content=BytesContent(b"")),
        Hardlink(path="l", target="m"),
    )
    with pytest.raises(IntegrityError) as error:
        check_tree(entries)
    assert sorted(codes(error)) == ["TB4303", "TB4304", "TB4305"]


@pytest.mark.parametrize(("stated", "real"), [(10, 9), (10, 11), (0, 1), (1 << 20, 0), (200_000, 200_001)])
def test_refuses_content_of_another_size(stated: int, real: int) -> None:
    """A stream that is shorter or longer than stated, small or big, is noticed before the archive is whole."""
    with pytest.raises(IntegrityError) as error:
        archive((File(path="f", content=Zeros(stated, real)),))
    assert codes(error) == ["TB4308"]


@pytest.mark.parametrize("mtime", [-1, LATEST + 1])
def test_refuses_a_time_that_no_header_holds(mtime: int) -> None:
    """A time before 1970 or after 2242 is refused, not cut."""
    with pytest.raises(BuildError) as error:
        archive(mtime=mtime)
    assert error.value.findings[0].code == "TB4307"
    assert archive(mtime=LATEST)

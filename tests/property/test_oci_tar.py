"""Laws of the tar writer: an independent reader and our own strict one find the same tree, of a size known before."""

import io
import tarfile

from hypothesis import given, settings
from hypothesis import strategies as st

from twinbuild.codec.untar import Kind, untar
from twinbuild.errors import IntegrityError
from twinbuild.model.plan import Compression
from twinbuild.model.tree import BytesContent, Directory, Entry, File, Hardlink, Symlink
from twinbuild.oci.compress import compressor
from twinbuild.oci.decompress import decompress
from twinbuild.oci.header import LATEST
from twinbuild.oci.layer import write_layer
from twinbuild.oci.tar import archive_size, canonical_order, write_archive

_CHARACTERS = st.characters(exclude_categories=("Cc", "Cs"), exclude_characters="/\\")
NAMES = st.one_of(
    st.text(_CHARACTERS, min_size=1, max_size=12),
    st.text("ab", min_size=90, max_size=110),
    st.text("é", min_size=40, max_size=60),
).filter(lambda name: name not in {".", ".."})
TARGETS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\n"), min_size=1, max_size=120)
OWNERS = st.one_of(st.integers(0, 70000), st.sampled_from([2097151, 2097152, 2**31 - 1]))
MODES = st.integers(0, 0o7777)
TIMES = st.integers(0, LATEST)


@st.composite
def trees(draw: st.DrawFn) -> tuple[Entry, ...]:
    """A valid tree in canonical order: directories, and below them files, symbolic links and hard links."""
    directories = [""]
    taken: dict[str, Entry] = {}
    files: list[str] = []
    for _ in range(draw(st.integers(0, 12))):
        parent = draw(st.sampled_from(directories))
        path = f"{parent}/{draw(NAMES)}" if parent else draw(NAMES)
        if path in taken:
            continue
        kind = draw(st.sampled_from([Directory, File, Symlink, Hardlink]))
        owner = {"uid": draw(OWNERS), "gid": draw(OWNERS)}
        if kind is Directory:
            taken[path] = Directory(path=path, mode=draw(MODES), **owner)
            directories.append(path)
        elif kind is Symlink:
            taken[path] = Symlink(path=path, target=draw(TARGETS), **owner)
        elif kind is Hardlink and files:
            taken[path] = Hardlink(path=path, target=draw(st.sampled_from(files)))
        else:
            content = draw(st.one_of(st.binary(max_size=1100), st.integers(60_000, 70_000).map(bytes)))
            taken[path] = File(path=path, content=BytesContent(content), mode=draw(MODES), **owner)
            files.append(path)
    return canonical_order(taken.values())


@settings(max_examples=60, deadline=None)
@given(trees(), TIMES)
def test_computed_size_is_the_length(tree: tuple[Entry, ...], mtime: int) -> None:
    """The size is known before the first byte is written."""
    assert len(b"".join(write_archive(tree, mtime=mtime))) == archive_size(tree)


@settings(max_examples=60, deadline=None)
@given(trees(), TIMES, st.randoms(use_true_random=False))
def test_same_tree_same_bytes(tree: tuple[Entry, ...], mtime: int, chance: object) -> None:
    """In whatever order a tree is gathered, its canonical archive is one."""
    shuffled = list(tree)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    again = b"".join(write_archive(canonical_order(shuffled), mtime=mtime))
    assert again == b"".join(write_archive(tree, mtime=mtime))


@settings(max_examples=60, deadline=None)
@given(trees(), TIMES)
def test_standard_library_finds_the_tree(tree: tuple[Entry, ...], mtime: int) -> None:
    """Python's tarfile, another program's reader, gives every field back."""
    with tarfile.open(fileobj=io.BytesIO(b"".join(write_archive(tree, mtime=mtime)))) as archive:
        members = archive.getmembers()
        assert [member.name for member in members] == [entry.path for entry in tree]
        for member, entry in zip(members, tree, strict=True):
            assert member.mtime == mtime
            named = next(file for file in tree if file.path == entry.target) if isinstance(entry, Hardlink) else entry
            assert (member.uid, member.gid) == (named.uid, named.gid)  # type: ignore[union-attr]
            if isinstance(entry, Hardlink):
                assert member.mode == named.mode  # type: ignore[union-attr]  # engines set it once more
            match entry:
                case File():
                    assert member.isreg()
                    assert member.mode == entry.mode
                    assert archive.extractfile(member).read() == entry.content.open().read()  # type: ignore[union-attr]
                case Directory():
                    assert member.isdir()
                    assert member.mode == entry.mode
                case Symlink():
                    assert member.issym()
                    assert member.linkname == entry.target
                case Hardlink():
                    assert member.islnk()
                    assert member.linkname == entry.target


@settings(max_examples=60, deadline=None)
@given(trees(), TIMES)
def test_strict_reader_gives_the_tree_back(tree: tuple[Entry, ...], mtime: int) -> None:
    """What is written is what the strict reader reads: write, read, and the entries are equal."""
    found: list[Entry] = []
    stream = io.BytesIO(b"".join(write_archive(tree, mtime=mtime)))
    for member, body in untar(stream, subject="archive"):
        owner = {"uid": member.uid, "gid": member.gid}
        assert (member.mtime, member.user, member.group) == (mtime, "", "")
        match member.kind:
            case Kind.FILE:
                content = BytesContent(body.read())
                found.append(File(path=member.path, content=content, mode=member.mode, **owner))
            case Kind.DIRECTORY:
                found.append(Directory(path=member.path, mode=member.mode, **owner))
            case Kind.SYMLINK:
                found.append(Symlink(path=member.path, target=member.target, **owner))
            case Kind.HARDLINK:
                found.append(Hardlink(path=member.path, target=member.target))
    assert tuple(found) == tree


@settings(max_examples=40, deadline=None)
@given(trees(), st.sampled_from(Compression), st.integers(1, 4))
def test_layers_unpack_to_the_archive(tree: tuple[Entry, ...], kind: Compression, workers: int) -> None:
    """A layer is the archive, compressed; digests and sizes say so."""
    if any(part.startswith(".wh.") for entry in tree for part in entry.path.split("/")):
        return
    sink = io.BytesIO()
    layer = write_layer(tree, mtime=7, compressor=compressor(kind), sink=sink, workers=workers)
    tar = b"".join(decompress(io.BytesIO(sink.getvalue()), kind, limit=layer.uncompressed_size, subject="layer"))
    assert tar == b"".join(write_archive(tree, mtime=7))
    assert layer.size == len(sink.getvalue())


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(Compression), st.binary(max_size=400), st.data())
def test_decompression_of_anything(kind: Compression, content: bytes, chance: st.DataObject) -> None:
    """Whatever the bytes, they are read or refused with our own error, and never beyond the limit."""
    if chance.draw(st.booleans()):
        sink = io.BytesIO()
        write_layer([File(path="f", content=BytesContent(content))], mtime=0, compressor=compressor(kind), sink=sink)
        changed = bytearray(sink.getvalue())
        changed[chance.draw(st.integers(0, len(changed) - 1))] ^= chance.draw(st.integers(1, 255))
        content = bytes(changed)
    try:
        total = sum(map(len, decompress(io.BytesIO(content), kind, limit=4096, subject="layer")))
    except IntegrityError as error:
        refused = error.findings[0].code
    else:
        refused = ""
        assert total <= 4096
    assert refused in {"", "TB4311", "TB4312", "TB4313"}

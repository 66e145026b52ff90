from __future__ import annotations

import contextlib
import io
import string
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twinbuild.errors import IntegrityError
from twinbuild.wheel.archive import open_archive
from twinbuild.wheel.contents import open_wheel
from twinbuild.wheel.entrypoints import parse_entry_points
from twinbuild.wheel.install import install
from twinbuild.wheel.layout import Layout
from twinbuild.wheel.metadata import parse_metadata
from twinbuild.wheel.record import Row, encode_hash, parse_record, write_record
from unit.wheel.making import record, wheel, wheel_files, zipped

_NAMES = st.text(string.ascii_letters + string.digits + "_.é-, \"'", min_size=1, max_size=12).filter(
    lambda name: name.strip(". ") == name
)
_PATHS = st.lists(_NAMES, min_size=1, max_size=4).map("/".join)
_CONTENTS = st.one_of(
    st.binary(max_size=300),
    st.builds(lambda byte, count: byte * count, st.binary(min_size=1, max_size=3), st.integers(0, 40_000)),
)
_FILES = st.dictionaries(_PATHS, _CONTENTS, max_size=8)


def _unambiguous(files: dict[str, bytes]) -> bool:
    folded = [path.casefold() for path in files]
    return len(set(folded)) == len(folded) and not any(
        other.startswith(f"{path}/") for path in folded for other in folded
    )


@given(_FILES.filter(_unambiguous), st.sampled_from([0, 8]))
def test_zip_archives_read_equal(files: dict[str, bytes], method: int) -> None:
    """What the standard library writes, the strict reader reads as the same names and bytes."""
    content = zipped(files, method=method)
    archive = open_archive(io.BytesIO(content), name="random.whl")
    assert {member.name: archive.read(member) for member in archive.members} == files
    with zipfile.ZipFile(io.BytesIO(content)) as other:
        assert [member.name for member in archive.members] == other.namelist()


@given(_FILES.filter(_unambiguous), st.sampled_from([0, 8]), st.data())
def test_no_byte_changes_unnoticed(files: dict[str, bytes], method: int, draw: st.DataObject) -> None:
    """An archive with one byte changed is refused, or has the same names and bytes; nothing else is raised."""
    content = bytearray(zipped(files, method=method))
    place = draw.draw(st.integers(0, len(content) - 1))
    content[place] ^= draw.draw(st.integers(1, 255))
    try:
        archive = open_archive(io.BytesIO(bytes(content)), name="random.whl")
        found = {member.name: archive.read(member) for member in archive.members}
    except IntegrityError:
        return
    assert found == files


@settings(max_examples=300)
@given(st.binary(max_size=400))
def test_noise_is_refused(noise: bytes) -> None:
    """Random bytes, alone or behind an archive, raise nothing but IntegrityError."""
    good = zipped({"a": b"x"})
    for content in (noise, good + noise, good[:-22] + noise + good[-22:]):
        if content == good:
            continue
        try:
            open_archive(io.BytesIO(content), name="noise.whl")
        except IntegrityError:
            continue
        raise AssertionError(content)


@given(st.lists(st.integers(1, 100), min_size=1, max_size=20), st.binary(max_size=2000), st.sampled_from([0, 8]))
def test_pieces_make_the_whole(sizes: list[int], content: bytes, method: int) -> None:
    """However a stream is read, its pieces are the content."""
    archive = open_archive(io.BytesIO(zipped({"a": content}, method=method)), name="random.whl")
    with archive.open(archive.members[0]) as stream:
        pieces = [stream.read(size) for size in sizes]
        assert all(len(piece) <= size for piece, size in zip(pieces, sizes, strict=True))
        assert b"".join(pieces) + stream.read() == content


_LINES = st.lists(
    st.one_of(
        st.binary(max_size=40),
        st.sampled_from(
            [b"[console_scripts]", b"x = a:b", b"Name: demo", b"Version: 1", b"Metadata-Version: 2.1", b"a,,", b'"',
             b"Requires-Dist: a>1", b"Requires-Python: >=3", b"Name: x", b"License-Expression: MIT", b"\xff", b"\0"]
        ),
    ),
    max_size=8,
).map(b"\n".join)  # fmt: skip


@given(_LINES)
def test_documents_raise_nothing_else(content: bytes) -> None:
    """Whatever stands in a document, the outcome is a value or an IntegrityError."""
    for parse in (parse_record, parse_metadata, parse_entry_points):
        with contextlib.suppress(IntegrityError):
            parse(content, archive="a.whl", member="X")
    with pytest.raises(IntegrityError):
        open_wheel(io.BytesIO(wheel(wheel=content)), "demo-1.0-py3-none-any.whl")


_ROWS = st.builds(
    Row,
    path=st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=20),
    hash=st.one_of(st.just(""), st.binary(min_size=32, max_size=32).map(encode_hash)),
    size=st.integers(-1, 1 << 40),
)


@given(st.lists(_ROWS, unique_by=lambda row: row.path, max_size=10))
def test_record_round_trip(rows: list[Row]) -> None:
    """What is written as RECORD is read back as the same rows, sorted."""
    written = write_record(rows)
    read = parse_record(written, archive="a.whl", member="RECORD")
    assert sorted(read.values(), key=lambda row: row.path) == sorted(rows, key=lambda row: row.path)
    assert write_record(reversed(list(read.values()))) == written


@given(_FILES.filter(_unambiguous))
def test_installations_do_not_depend_on_the_order_of_the_archive(files: dict[str, bytes]) -> None:
    """The same files in another order of members leave the same entries with the same bytes."""
    files = {f"demo/{path}": content for path, content in files.items() if "," not in path and '"' not in path}
    made = wheel_files(files)
    backwards = dict(reversed(made.items()))
    other = {"demo-1.0.dist-info/RECORD": record(backwards), **backwards}
    trees = []
    for content in (wheel(files), zipped(other, method=0)):
        opened = open_wheel(io.BytesIO(content), "demo-1.0-py3-none-any.whl")
        tree = []
        for entry in install([opened], Layout(prefix="opt/venv", python="3.11")):
            content_ = getattr(entry, "content", None)
            tree.append((entry.path, content_.open().read() if content_ else None))
        trees.append(tree)
    assert trees[0] == trees[1]

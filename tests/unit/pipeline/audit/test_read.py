"""Reading a log back: what was tampered with is found, told apart, and named; what is whole passes."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from fakes.auditlogs import ORIGIN, Kept, kept_log, note_entry, write_log
from twinbuild.codec.auditentry import Entry, encode_entry
from twinbuild.codec.checkpoint import Checkpoint, checkpoint_text
from twinbuild.codec.note import encode_note
from twinbuild.codec.tiles import Tile, encode_bundle, tile_path, tiles_of
from twinbuild.errors import IntegrityError, TwinbuildError
from twinbuild.govern.keys import new_key
from twinbuild.govern.notes import sign_note
from twinbuild.govern.signer import KeySigner
from twinbuild.pipeline.audit.log import add_entries, new_log
from twinbuild.pipeline.audit.prove import prove_consistency, prove_inclusion
from twinbuild.pipeline.audit.read import kept_checkpoint, last_entry, read_entries, read_leaves, verify_log

SIZE: Final = 300
OLD: Final = 257  # the size of an older checkpoint, which was the log's own once
CASES: Final = 1000
Tampering = Callable[["Desk"], tuple[set[str], str]]


class Desk:
    """A log in the hands of somebody who changes it, and chance."""

    def __init__(self, log: Kept, directory: Path, older: Path, chance: random.Random) -> None:
        self.log, self.directory, self.older, self.chance = log, directory, older, chance

    def put(self, entries: list[Entry], *, tiles: bool = False, signer: KeySigner | None = None) -> None:
        """Write bundles alone, all tiles, or with a key a whole new log."""
        if tiles or signer is not None:
            write_log(self.directory, tuple(entries), signer)
            return
        contents = [encode_entry(entry) for entry in entries]
        for tile in tiles_of(SIZE):
            if tile.level < 0:
                end = tile.start + tile.width if tile.width == 256 else len(contents)
                (self.directory / tile_path(tile)).write_bytes(encode_bundle(contents[tile.start : end]))

    def entries(self) -> list[Entry]:
        """A list that may be changed."""
        return list(self.log.entries)

    def index(self) -> int:
        """Any entry."""
        return self.chance.randrange(SIZE)


@pytest.mark.parametrize("size", [0, 1, 256, 257])
def test_the_last_one(tmp_path: Path, size: int) -> None:
    """In a bundle of its own, at its end, or nowhere."""
    signer = KeySigner(new_key("ed25519"))
    new_log(tmp_path / "log", ORIGIN, signer)
    if size:
        add_entries(tmp_path / "log", tuple(note_entry(number) for number in range(size)), signer, wait=0)
    assert last_entry(tmp_path / "log") == (note_entry(size - 1) if size else None)


def _edited(desk: Desk) -> tuple[list[Entry], int]:
    entries, index = desk.entries(), desk.index()
    change = {"details": "nothing"} if desk.chance.random() < 0.5 else {"time": entries[index].time + 1}
    entries[index] = replace(entries[index], **change)  # type: ignore[arg-type]
    return entries, index


def edit(desk: Desk) -> tuple[set[str], str]:
    """One entry."""
    entries, index = _edited(desk)
    desk.put(entries)
    return {"TB8636"}, f"entry {index} was changed"


def edit_with_tiles(desk: Desk) -> tuple[set[str], str]:
    """One entry, and every tile that it is in: all but the signature."""
    desk.put(_edited(desk)[0], tiles=True)
    return {"TB8642"}, ""


def rewrite(desk: Desk) -> tuple[set[str], str]:
    """The whole log, with the log's own key: a fork."""
    desk.put(_edited(desk)[0], signer=desk.log.signer)
    return {"TB8643"}, f"entries 0 to {SIZE - 1}"


def rewrite_by_another(desk: Desk) -> tuple[set[str], str]:
    """The whole log, with another key."""
    desk.put(_edited(desk)[0], signer=KeySigner(new_key("ed25519")))
    return {"TB8634"}, ""


def fork(desk: Desk) -> tuple[set[str], str]:
    """Another past, and a longer log."""
    more = [note_entry(SIZE + each) for each in range(desk.chance.randrange(1, 300))]
    desk.put([*_edited(desk)[0], *more], signer=desk.log.signer)
    return {"TB8643"}, ""


def delete(desk: Desk) -> tuple[set[str], str]:
    """One entry; those after it take its place."""
    entries, index = desk.entries(), desk.index()
    del entries[index]
    desk.put(entries)
    last = index == SIZE - 1
    return {"TB8640" if last else "TB8639"}, f"from {index} to" if last else f"entry {index} was taken out"


def swap(desk: Desk) -> tuple[set[str], str]:
    """Two entries."""
    entries = desk.entries()
    first, second = sorted(desk.chance.sample(range(SIZE), 2))
    entries[first], entries[second] = entries[second], entries[first]
    desk.put(entries)
    return {"TB8637"}, f"at entry {first}, which lies at {second} now"


def duplicate(desk: Desk) -> tuple[set[str], str]:
    """One entry over another, or between two."""
    entries = desk.entries()
    first, second = desk.chance.sample(range(SIZE), 2)
    entries[second : second + desk.chance.randrange(2)] = [entries[first]]
    desk.put(entries)
    if entries[second + 1 : second + 2] == [entries[first]]:  # beside itself
        return {"TB8638"}, f"a copy of entry {first}"
    return {"TB8638"}, f"at entry {second} lies a copy of entry {first}"


def cut_off(desk: Desk) -> tuple[set[str], str]:
    """The last entries."""
    left = desk.index()
    desk.put(desk.entries()[:left])
    return {"TB8640"}, f"from {left} to {SIZE - 1}"


def put_back(desk: Desk) -> tuple[set[str], str]:
    """An older state, with its own checkpoint, which is genuine."""
    desk.put(desk.entries()[:OLD], tiles=True)
    shutil.copy(desk.older, desk.directory / "checkpoint")
    return {"TB8640"}, f"those from {OLD} to {SIZE - 1} are gone"


def put_back_alone(desk: Desk) -> tuple[set[str], str]:
    """The older checkpoint alone."""
    shutil.copy(desk.older, desk.directory / "checkpoint")
    return {"TB8640"}, f"those from {OLD} to {SIZE - 1} are gone"


def shorten(desk: Desk) -> tuple[set[str], str]:
    """A log without its last entries, signed anew."""
    left = desk.index()
    desk.put(desk.entries()[:left], signer=desk.log.signer)
    return {"TB8640"}, f"before entry {left}"


def rewrite_tile(desk: Desk) -> tuple[set[str], str]:
    """A hash of a tile, or its length."""
    path = desk.chance.choice([path for path in _files(desk.directory) if "entries" not in path.parts])
    content = bytearray(path.read_bytes())
    at = desk.chance.randrange(len(content))
    if desk.chance.random() < 0.8:
        content[at] ^= 1 << desk.chance.randrange(8)
    else:
        del content[at:]
    path.write_bytes(content)
    return {"TB8641"}, path.relative_to(desk.directory).as_posix()


def flip(desk: Desk) -> tuple[set[str], str]:
    """Any bit of any file."""
    path = desk.chance.choice([*_files(desk.directory), desk.directory / "checkpoint"])
    content = bytearray(path.read_bytes())
    content[desk.chance.randrange(len(content))] ^= 1 << desk.chance.randrange(8)
    path.write_bytes(content)
    bad_checkpoint = {"TB8633", "TB8634", "TB8635"}
    return bad_checkpoint if path.name == "checkpoint" else {"TB8636", "TB8639", "TB8640", "TB8641", "TB8644"}, ""


def remove(desk: Desk) -> tuple[set[str], str]:
    """A file that the log needs."""
    tile = desk.chance.choice([*tiles_of(SIZE), None])
    (desk.directory / (tile_path(tile) if tile else "checkpoint")).unlink()
    return {"TB8639", "TB8640", "TB8641"} if tile else {"TB8630"}, ""


def _put_right(directory: Path, whole: dict[Path, bytes]) -> None:
    for path in _files(directory):
        if path not in whole:
            path.unlink()
    for path, content in whole.items():
        if not path.is_file() or path.read_bytes() != content:
            path.write_bytes(content)


def _files(directory: Path) -> list[Path]:
    return sorted(path for path in (directory / "tile").rglob("*") if path.is_file())


KINDS: Final[tuple[Tampering, ...]] = (
    edit,
    edit_with_tiles,
    rewrite,
    rewrite_by_another,
    fork,
    delete,
    swap,
    duplicate,
    cut_off,
    put_back,
    put_back_alone,
    shorten,
    rewrite_tile,
    flip,
    remove,
)


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """Some hundred entries, in three steps."""
    place = tmp_path_factory.mktemp("log")
    made = kept_log(place, OLD, steps=(2,))
    shutil.copy(made.checkpoint, place / "older")
    more = tuple(note_entry(number) for number in range(OLD, SIZE))
    add_entries(made.directory, more, made.signer, wait=5)
    shutil.copy(made.directory / "checkpoint", made.checkpoint)
    return replace(made, entries=(*made.entries, *more))


def test_a_thousand_tamperings(log: Kept, tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    """All are found with a checkpoint kept elsewhere, each as what it is, with its index."""
    found: Counter[str] = Counter()
    directory = log.copy(tmp_path / "copy")
    whole = {path: path.read_bytes() for path in (*_files(directory), directory / "checkpoint")}
    for case in range(CASES):
        chance = random.Random(case)
        kind = KINDS[case % len(KINDS)]
        _put_right(directory, whole)
        codes, said = kind(Desk(log, directory, log.checkpoint.with_name("older"), chance))
        with pytest.raises(TwinbuildError) as caught:
            verify_log(directory, log.signer.public, (log.checkpoint,))
        (finding,) = caught.value.findings
        assert finding.code in codes, (case, kind.__name__, finding)
        assert said in finding.message, (case, kind.__name__, finding)
        found[finding.code] += 1
    _put_right(directory, whole)
    verify_log(directory, log.signer.public, (log.checkpoint,))
    record_property("audit logs tampered with, found", f"{found.total()} of {CASES}")
    assert found.total() == CASES
    assert found.keys() >= {"TB8630", "TB8634", *(f"TB86{number}" for number in range(36, 44))}


def test_untouched(log: Kept) -> None:
    """The same log passes, against its last checkpoint, an older one, both, and none."""
    older = log.checkpoint.with_name("older")
    for kept in ((), (log.checkpoint,), (older,), (older, log.checkpoint)):
        found = verify_log(log.directory, log.signer.public, kept)
        assert (found.checkpoint.size, found.kept, found.beyond, found.back) == (SIZE, len(kept), (), ())
        assert found.entries == log.entries


def test_a_checkpoint_that_is_named_by_a_link(log: Kept, tmp_path: Path) -> None:
    """``latest`` may lead to the last one that was kept: what it says is signed."""
    (tmp_path / "latest").symlink_to(log.checkpoint)
    assert kept_checkpoint(tmp_path / "latest", log.signer.public).size == SIZE
    assert prove_consistency(log.directory, tmp_path / "latest").startswith(b"old 300\n")


def test_what_cannot_be_told_without_a_checkpoint(log: Kept, tmp_path: Path) -> None:
    """An older state, and a log that was signed anew, pass: only a checkpoint kept elsewhere knows better."""
    for number, kind in enumerate((put_back, rewrite, fork, shorten)):
        directory = log.copy(tmp_path / str(number))
        kind(Desk(log, directory, log.checkpoint.with_name("older"), random.Random(number)))
        assert verify_log(directory, log.signer.public, ()).kept == 0


def test_files_of_an_append_that_did_not_end(log: Kept, tmp_path: Path) -> None:
    """They are named, and harm nothing; what is no tile is refused."""
    directory = log.copy(tmp_path / "copy")
    beyond = Tile(level=-1, index=1, width=SIZE - 256 + 1)
    (directory / tile_path(beyond)).write_bytes(b"half of")
    found = verify_log(directory, log.signer.public, (log.checkpoint,))
    assert found.beyond == (tile_path(beyond),)
    (directory / "tile" / "0" / "more").touch()
    with pytest.raises(IntegrityError) as caught:
        verify_log(directory, log.signer.public, ())
    assert caught.value.findings[0].code == "TB8641"


def test_a_full_tile_serves_for_a_partial_one(log: Kept, tmp_path: Path) -> None:
    """tlog-tiles: the partial one may go when the full one is there; who read an old checkpoint still reads the log."""
    directory = log.copy(tmp_path / "copy")
    add_entries(directory, tuple(note_entry(number) for number in range(SIZE, 600)), log.signer, wait=0)
    assert not (directory / tile_path(Tile(level=0, index=1, width=SIZE - 256))).exists()
    shutil.copy(log.checkpoint, directory / "checkpoint")
    assert read_entries(directory)[2] == log.entries
    assert len(read_leaves(directory, SIZE)) == SIZE
    assert verify_log(directory, log.signer.public, (log.checkpoint,)).checkpoint.size == SIZE


def test_a_full_tile_that_does_not_begin_with_the_partial_one(log: Kept, tmp_path: Path) -> None:
    """It serves in its place, so it is looked at: an append would find it, and no proof could be made."""
    directory = log.copy(tmp_path / "copy")
    partial = Tile(level=0, index=1, width=SIZE - 256)
    (directory / tile_path(partial)).unlink()
    (directory / tile_path(partial.full)).write_bytes(bytes(256 * 32))
    with pytest.raises(IntegrityError) as caught:
        verify_log(directory, log.signer.public, (log.checkpoint,))
    assert caught.value.findings[0].code == "TB8641"


@pytest.mark.parametrize("place", ["tile", "tile/0", "tile/entries"])
def test_a_directory_that_lies_elsewhere(log: Kept, tmp_path: Path, place: str) -> None:
    """Below a link nobody would look at the tiles: it is refused, whatever lies there."""
    directory = log.copy(tmp_path / "copy")
    (directory / place).rename(tmp_path / "elsewhere")
    (directory / place).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(IntegrityError) as caught:
        verify_log(directory, log.signer.public, (log.checkpoint,))
    assert caught.value.findings[0].code in {"TB8640", "TB8641"}
    before = sorted((tmp_path / "elsewhere").rglob("*"))
    with pytest.raises(IntegrityError) as caught:
        add_entries(directory, (note_entry(SIZE),), log.signer, wait=0)
    assert caught.value.findings[0].code == "TB8633"
    assert sorted((tmp_path / "elsewhere").rglob("*")) == before


@pytest.mark.parametrize("size", [10**18, 9_999_999_999_999_999_999])
def test_a_size_that_nobody_has(log: Kept, tmp_path: Path, size: int) -> None:
    """Whoever has the key may state any: what is there is read, and not what is counted."""
    directory = log.copy(tmp_path / "copy")
    stated = Checkpoint(origin=ORIGIN, size=size, root=bytes(32))
    (directory / "checkpoint").write_bytes(encode_note(sign_note(checkpoint_text(stated), ORIGIN, log.signer)))
    asked: tuple[tuple[Callable[[], object], str], ...] = (
        (lambda: verify_log(directory, log.signer.public, ()), "TB8642"),
        (lambda: read_entries(directory), "TB8640"),
        (lambda: prove_inclusion(directory, 3), "TB8646"),
        (lambda: prove_inclusion(directory, size - 1), "TB8646"),
        (lambda: prove_consistency(directory, log.checkpoint), "TB8646"),
        (lambda: add_entries(directory, (note_entry(0),), log.signer, wait=0), "TB8641"),
    )
    for ask, code in asked:
        with pytest.raises(IntegrityError) as caught:
            ask()
        assert caught.value.findings[0].code == code


def test_a_clock_that_went_back(tmp_path: Path) -> None:
    """The order of the log is what counts; entries whose time is before that of the one before are named."""
    signer = KeySigner(new_key("ed25519"))
    new_log(tmp_path / "log", ORIGIN, signer)
    entries = tuple(note_entry(number, time=time) for number, time in enumerate((5, 6, 4, 7, 7, 3)))
    add_entries(tmp_path / "log", entries, signer, wait=0)
    assert verify_log(tmp_path / "log", signer.public, ()).back == (2, 5)


def test_entries_that_cannot_be_read(log: Kept, tmp_path: Path) -> None:
    """A log that the key signed with something in it that no version writes: its index is named."""
    directory = tmp_path / "log"
    directory.mkdir()
    write_log(directory, (note_entry(0), b"{}"), log.signer)
    for read in (lambda: read_entries(directory), lambda: verify_log(directory, log.signer.public, ())):
        with pytest.raises(IntegrityError) as caught:
            read()
        assert caught.value.findings[0].code == "TB8644"
        assert "entry 1 of" in caught.value.findings[0].message


def test_listing_what_was_cut_off(log: Kept, tmp_path: Path) -> None:
    """Fewer entries than the checkpoint counts are not shown as if they were all."""
    directory = log.copy(tmp_path / "copy")
    (directory / tile_path(Tile(level=-1, index=0, width=256))).unlink()
    with pytest.raises(IntegrityError) as caught:
        read_entries(directory)
    assert caught.value.findings[0].code == "TB8640"


def test_a_checkpoint_that_is_none(log: Kept, tmp_path: Path) -> None:
    """The one kept elsewhere is verified like the log's own."""
    other = kept_log(tmp_path, 1)
    (tmp_path / "text").write_text("text")
    for path, code in ((tmp_path / "none", "TB8630"), (tmp_path / "text", "TB8633"), (other.checkpoint, "TB8634")):
        with pytest.raises(TwinbuildError) as caught:
            kept_checkpoint(path, log.signer.public)
        assert caught.value.findings[0].code == code

"""What happened to a log: each kind is told apart, with its index."""

from __future__ import annotations

import pytest

from twinbuild.codec.checkpoint import Checkpoint
from twinbuild.codec.merkle import leaf_hash, tree_root
from twinbuild.codec.tiles import Tile, levels_of
from twinbuild.errors import IntegrityError
from twinbuild.govern.auditcheck import check_entries, check_kept, check_tile

WAS = [leaf_hash(b"%d" % index) for index in range(20)]
NEW = leaf_hash(b"new")
SIGNED = Checkpoint(origin="log", size=20, root=tree_root(WAS))


def _at(size: int, leaves: list[bytes] = WAS) -> tuple[str, Checkpoint]:
    return f"kept-{size}", Checkpoint(origin="log", size=size, root=tree_root(leaves[:size]))


def test_nothing_happened() -> None:
    """Whatever the tiles say: the entries are those that were signed."""
    check_entries(SIGNED, WAS, WAS, where="log")
    check_entries(SIGNED, WAS, [], where="log")
    check_kept(SIGNED, WAS, [_at(0), _at(7), _at(20)], where="log")


@pytest.mark.parametrize(
    ("found", "code", "said"),
    [
        ([*WAS[:7], NEW, *WAS[8:]], "TB8636", "entry 7 was changed"),
        ([*WAS[:7], NEW, *WAS[8:12], NEW, *WAS[13:]], "TB8636", "entry 7 was changed"),
        ([*WAS[:7], WAS[9], WAS[8], WAS[7], *WAS[10:]], "TB8637", "changed at entry 7, which lies at 9 now"),
        (WAS[::-1], "TB8637", "changed at entry 0, which lies at 19 now"),
        ([*WAS[:7], *WAS[8:], WAS[7]], "TB8637", "changed at entry 7, which lies at 19 now"),
        ([*WAS[:7], WAS[2], *WAS[8:]], "TB8638", "at entry 7 lies a copy of entry 2"),
        ([*WAS[:7], WAS[6], *WAS[7:]], "TB8638", "at entry 7 lies a copy of entry 6"),
        ([*WAS, WAS[3]], "TB8638", "at entry 20 lies a copy of entry 3"),
        ([*WAS[:7], NEW, *WAS[7:]], "TB8638", "at entry 7 lies one that was added"),
        ([*WAS, NEW], "TB8638", "at entry 20 lies one that was added"),
        ([*WAS[:7], *WAS[8:]], "TB8639", "entry 7 was taken out; 20 entries were signed, 19 are there"),
        ([*WAS[1:]], "TB8639", "entry 0 was taken out"),
        (WAS[:13], "TB8640", "entries from 13 to 19 are gone"),
        ([], "TB8640", "entries from 0 to 19 are gone"),
    ],
)
def test_what_happened(found: list[bytes], code: str, said: str) -> None:
    """The tiles have the root that was signed, so that they say what was there."""
    with pytest.raises(IntegrityError) as caught:
        check_entries(SIGNED, found, WAS, where="log")
    assert caught.value.findings[0].code == code
    assert said in caught.value.findings[0].message


def test_both_were_changed() -> None:
    """Then nothing says what was there."""
    other = [*WAS[:7], NEW, *WAS[8:]]
    for tiles, told in ((other, ""), ([*WAS[:9], NEW, *WAS[10:]], "differ first at entry 7"), (WAS[:5], "")):
        with pytest.raises(IntegrityError) as caught:
            check_entries(SIGNED, other, tiles, where="log")
        assert caught.value.findings[0].code == "TB8642"
        assert told in caught.value.findings[0].message


def test_cut_off() -> None:
    """The checkpoint was put back, too: one that was kept elsewhere knows more."""
    old = _at(13)[1]
    check_entries(old, WAS[:13], WAS[:13], where="log")
    check_kept(old, WAS[:13], [_at(12)], where="log")
    with pytest.raises(IntegrityError) as caught:
        check_kept(old, WAS[:13], [_at(12), _at(20)], where="log")
    assert caught.value.findings[0].code == "TB8640"
    assert "those from 13 to 19 are gone" in caught.value.findings[0].message


def test_a_fork() -> None:
    """Signed by the same key with another past; several checkpoints say between which entries."""
    other = [*WAS[:7], NEW, *WAS[8:]]
    signed = _at(20, other)[1]
    for kept, said in (
        ([_at(20)], "first at one of the entries 0 to 19"),
        ([_at(20), _at(10), _at(5)], "first at one of the entries 5 to 9"),
        ([_at(8), _at(7)], "first at entry 7"),
    ):
        with pytest.raises(IntegrityError) as caught:
            check_kept(signed, other, kept, where="log")
        assert caught.value.findings[0].code == "TB8643"
        assert said in caught.value.findings[0].message
    check_kept(signed, other, [_at(7)], where="log")


def test_another_log() -> None:
    """A checkpoint of a log with another name says nothing of this one."""
    with pytest.raises(IntegrityError) as caught:
        check_kept(SIGNED, WAS, [("k", Checkpoint(origin="other", size=20, root=SIGNED.root))], where="log")
    assert caught.value.findings[0].code == "TB8643"


def test_tiles() -> None:
    """Full and partial ones, of every level; what is beyond the last entry is not known."""
    leaves = [leaf_hash(b"%d" % index) for index in range(600)]
    levels = levels_of(leaves)
    assert check_tile(Tile(level=0, index=2, width=88), b"".join(leaves[512:]), levels, where="log")
    assert check_tile(Tile(level=1, index=0, width=2), b"".join(levels[1]), levels, where="log")
    assert not check_tile(Tile(level=0, index=2, width=89), bytes(89 * 32), levels, where="log")
    assert not check_tile(Tile(level=2, index=0, width=1), bytes(32), levels, where="log")
    for tile, content, said in (
        (Tile(level=0, index=2, width=88), b"".join([*leaves[512:520], NEW, *leaves[521:]]), "entry 520"),
        (Tile(level=1, index=0, width=2), levels[1][0] + NEW, "entry 256"),
        (Tile(level=0, index=0, width=3), b"".join(leaves[:2]), "entry 2"),
        (Tile(level=0, index=0, width=3), b"".join(leaves[:3]) + b"x", "entry 3"),
    ):
        with pytest.raises(IntegrityError) as caught:
            check_tile(tile, content, levels, where="log")
        assert caught.value.findings[0].code == "TB8641"
        assert said in caught.value.findings[0].message

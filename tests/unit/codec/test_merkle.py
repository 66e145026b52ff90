"""Merkle trees: the roots of Certificate Transparency's own test data, and proofs that hold, and only those."""

from __future__ import annotations

from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twinbuild.codec.merkle import (
    EMPTY_ROOT,
    consistency_proof,
    inclusion_proof,
    is_consistent,
    is_included,
    leaf_hash,
    tree_root,
)

# The inputs and roots that the test data of Certificate Transparency's implementations has.
LEAVES: Final = [
    leaf_hash(bytes.fromhex(text))
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS: Final = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
# Consistency of 6 and 8, and of 2 and 5, from the same test data.
FROM_6_TO_8: Final = [
    "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
]
FROM_2_TO_5: Final = [
    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
]


def _leaves(count: int) -> list[bytes]:
    return [leaf_hash(index.to_bytes(2, "big")) for index in range(count)]


def _mutated(proof: tuple[bytes, ...], how: int) -> list[tuple[bytes, ...]]:
    """A bit flipped, a hash left out, doubled, exchanged, added at both ends."""
    odd = bytes(32)
    found = [(*proof, odd), (odd, *proof), (*proof, *proof[-1:], *proof[-1:])]
    if proof:
        at = how % len(proof)
        byte, bit = how % 32, how % 8
        flipped = bytearray(proof[at])
        flipped[byte] ^= 1 << bit
        found += [(*proof[:at], bytes(flipped), *proof[at + 1 :]), (*proof[:at], *proof[at + 1 :])]
    if len(proof) > 1:
        found.append(proof[::-1])
    return [each for each in found if each != proof]


@pytest.mark.parametrize("size", range(9))
def test_known_roots(size: int) -> None:
    """The tree over the first leaves has the root that everybody's has."""
    assert tree_root(LEAVES[:size]).hex() == ROOTS[size]


@pytest.mark.parametrize(("older", "size", "proof"), [(6, 8, FROM_6_TO_8), (2, 5, FROM_2_TO_5)])
def test_known_consistency(older: int, size: int, proof: list[str]) -> None:
    """The proofs are the known ones."""
    made = consistency_proof(LEAVES[:size], older)
    assert [each.hex() for each in made] == proof
    assert is_consistent(older, bytes.fromhex(ROOTS[older]), size, bytes.fromhex(ROOTS[size]), made)


@settings(deadline=None, max_examples=150)
@given(size=st.integers(1, 400), index=st.integers(0, 399), how=st.integers(0, 1 << 30))
def test_inclusion(size: int, index: int, how: int) -> None:
    """RFC 9162, 2.1.3: every leaf's proof holds; with another leaf, index, size, root or hash it does not."""
    index %= size
    leaves = _leaves(size)
    root, proof = tree_root(leaves), inclusion_proof(leaves, index)
    assert is_included(leaves[index], index, size, proof, root)
    assert len(proof) <= (size - 1).bit_length()
    assert not is_included(leaf_hash(b"other"), index, size, proof, root)
    assert not is_included(leaves[index], index, size, proof, leaf_hash(b"other"))
    for another in (index - 1, index + 1, size, -1):
        assert not is_included(leaves[index], another, size, proof, root)
    assert not is_included(leaves[index], index, 2 * size + 2, proof, root)  # of a larger tree it is only a part
    for mutated in _mutated(proof, how):
        assert not is_included(leaves[index], index, size, mutated, root)


@settings(deadline=None, max_examples=150)
@given(size=st.integers(0, 400), older=st.integers(0, 400), how=st.integers(0, 1 << 30))
def test_consistency(size: int, older: int, how: int) -> None:
    """RFC 9162, 2.1.4: a tree goes on from every older one; a proof with another root, size or hash does not hold."""
    older %= size + 1
    leaves = _leaves(size)
    first, second, proof = tree_root(leaves[:older]), tree_root(leaves), consistency_proof(leaves, older)
    assert is_consistent(older, first, size, second, proof)
    other = leaf_hash(b"other")
    assert not is_consistent(older, other, size, second, proof)
    if older:
        assert not is_consistent(older, first, 2 * size + 2, second, proof)
    assert not is_consistent(size + 1, first, size, second, proof)
    assert not is_consistent(-1, first, size, second, proof)
    if older:
        assert not is_consistent(older, first, size, other, proof)
    for mutated in _mutated(proof, how):
        assert not is_consistent(older, first, size, second, mutated)


def test_a_fork_has_no_proof() -> None:
    """Two logs with one beginning: neither's proof holds for the other."""
    ours, theirs = _leaves(9), [*_leaves(5), leaf_hash(b"x"), *_leaves(9)[6:]]
    for older in range(6, 9):
        proof = consistency_proof(theirs, older)
        assert not is_consistent(older, tree_root(ours[:older]), 9, tree_root(theirs), proof)
    assert is_consistent(5, tree_root(ours[:5]), 9, tree_root(theirs), consistency_proof(theirs, 5))


def test_nothing_is_in_an_empty_tree() -> None:
    """No index, no proof."""
    assert not is_included(LEAVES[0], 0, 0, (), EMPTY_ROOT)
    assert not is_included(LEAVES[0], 0, 1, (), EMPTY_ROOT)


def test_an_empty_tree_with_a_root() -> None:
    """Both trees empty: both roots are that of nothing."""
    assert is_consistent(0, EMPTY_ROOT, 0, EMPTY_ROOT, ())
    assert not is_consistent(0, EMPTY_ROOT, 0, bytes(32), ())
    assert not is_consistent(0, bytes(32), 0, bytes(32), ())

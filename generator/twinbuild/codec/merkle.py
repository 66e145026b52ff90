"""Merkle trees of RFC 6962, 2.1: hashes, proofs that an entry is in a tree, and that a tree goes on from an older one.

A tree is given by the hashes of its leaves, in order. Proofs are lists of hashes of 32 bytes, the lowest first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

__all__ = [
    "EMPTY_ROOT",
    "consistency_proof",
    "inclusion_proof",
    "is_consistent",
    "is_included",
    "leaf_hash",
    "node_hash",
    "tree_root",
]

EMPTY_ROOT: Final = hashlib.sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    """The hash of an entry, as a leaf of the tree."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two neighbours."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def tree_root(leaves: Sequence[bytes]) -> bytes:
    """The root of the tree over leaves: level by level, for an odd one at the end goes up as it is."""
    if not leaves:
        return EMPTY_ROOT
    level = list(leaves)
    while len(level) > 1:
        above = [node_hash(level[each], level[each + 1]) for each in range(0, len(level) - 1, 2)]
        if len(level) % 2:
            above.append(level[-1])
        level = above
    return level[0]


def inclusion_proof(leaves: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """The path from the leaf ``index`` to the root (RFC 9162, 2.1.3.1)."""
    if len(leaves) <= 1:
        return ()
    middle = _split(len(leaves))
    if index < middle:
        return (*inclusion_proof(leaves[:middle], index), tree_root(leaves[middle:]))
    return (*inclusion_proof(leaves[middle:], index - middle), tree_root(leaves[:middle]))


def consistency_proof(leaves: Sequence[bytes], older: int) -> tuple[bytes, ...]:
    """What shows that the tree over the first ``older`` leaves is the beginning of this one (RFC 9162, 2.1.4.1)."""
    return () if older in (0, len(leaves)) else _subproof(leaves, older, whole=True)


def _subproof(leaves: Sequence[bytes], older: int, *, whole: bool) -> tuple[bytes, ...]:
    if older == len(leaves):
        return () if whole else (tree_root(leaves),)
    middle = _split(len(leaves))
    if older <= middle:
        return (*_subproof(leaves[:middle], older, whole=whole), tree_root(leaves[middle:]))
    return (*_subproof(leaves[middle:], older - middle, whole=False), tree_root(leaves[:middle]))


def is_included(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether a proof shows that ``leaf`` is at ``index`` of the tree (RFC 9162, 2.1.3.2; numbers are its steps)."""
    if not 0 <= index < size:  # 1
        return False
    here, last, found = index, size - 1, leaf  # 2, 3
    for step in proof:  # 4
        if last == 0:  # 4.1
            return False
        if here % 2 or here == last:  # 4.2
            found = node_hash(step, found)
            here, last = _up_to_odd(here, last)
        else:
            found = node_hash(found, step)
        here, last = here >> 1, last >> 1  # 4.3
    return last == 0 and found == root  # 5


def is_consistent(older: int, older_root: bytes, size: int, root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether a proof shows that a tree goes on from an older one (RFC 9162, 2.1.4.2; numbers are its steps)."""
    if not 0 <= older <= size:
        return False
    if older in (0, size):  # nothing to show: the empty tree is the beginning of every tree
        return not proof and (older > 0 or older_root == EMPTY_ROOT) and (older < size or older_root == root)
    path = list(proof)
    if older & (older - 1) == 0:  # 2: a power of two
        path.insert(0, older_root)
    if not path:  # 1
        return False
    here, last = older - 1, size - 1  # 3
    while here % 2:  # 4
        here, last = here >> 1, last >> 1
    first = second = path[0]  # 5
    for step in path[1:]:  # 6
        if last == 0:  # 6.1
            return False
        if here % 2 or here == last:  # 6.2
            first, second = node_hash(step, first), node_hash(step, second)
            here, last = _up_to_odd(here, last)
        else:
            second = node_hash(second, step)
        here, last = here >> 1, last >> 1  # 6.3
    return last == 0 and first == older_root and second == root  # 7


def _up_to_odd(here: int, last: int) -> tuple[int, int]:
    while here and not here % 2:
        here, last = here >> 1, last >> 1
    return here, last


def _split(size: int) -> int:
    """The largest power of two below a size of two or more."""
    return 1 << ((size - 1).bit_length() - 1)

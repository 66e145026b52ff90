"""Names and forms of what lies in a store."""

from __future__ import annotations

import pytest

from twinbuild.model.digest import Digest
from twinbuild.store.layout import blob_name, decode_record, decode_root, digest_at, encode_record, encode_root

DIGEST = Digest.of(b"x")


def test_a_blob_s_name_gives_its_digest() -> None:
    """From the last two parts of a name comes the digest."""
    *_, shard, rest = blob_name(DIGEST).split("/")
    assert digest_at(shard, rest) == DIGEST


@pytest.mark.parametrize(
    ("shard", "rest"), [("zz", "0" * 62), ("00", "0" * 61), ("00", "0" * 63), ("00", "A" * 62), ("0", "0" * 63)]
)
def test_foreign_names_have_no_digest(shard: str, rest: str) -> None:
    """What isn't two and 62 lower-case hexadecimal digits isn't ours."""
    assert digest_at(shard, rest) is None


@pytest.mark.parametrize("content", [b"", b"\n", b"x" * 1000])
def test_records_come_back(content: bytes) -> None:
    """A record is read as it was written; with any byte changed or missing it is none."""
    stored = encode_record(content)
    assert decode_record(stored) == content
    for position in range(len(stored)):
        changed = bytearray(stored)
        changed[position] ^= 1
        assert decode_record(bytes(changed)) is None
        assert decode_record(stored[:position]) is None


@pytest.mark.parametrize("digests", [(), (DIGEST,), (DIGEST, Digest.of(b"y"))], ids=["0", "1", "2"])
def test_roots_come_back(digests: tuple[Digest, ...]) -> None:
    """A root is read as it was written; with any byte changed or missing it is none."""
    stored = encode_root(digests)
    assert decode_root(stored) == tuple(sorted(digests))
    for position in range(len(stored)):
        changed = bytearray(stored)
        changed[position] ^= 1
        assert decode_root(bytes(changed)) is None
        assert decode_root(stored[:position]) is None

"""``resolve.licensing``: read once from the stored bytes, and read again where the record is not to be trusted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fakes.packages import DEB, LOCKED_DEB, LOCKED_WHEEL, WHEEL
from twinbuild.errors import IntegrityError, LockError
from twinbuild.model.digest import Digest
from twinbuild.resolve import licensing
from twinbuild.store.memory import MemoryStore


class Counting(MemoryStore):
    """Counts how often a file was read."""

    opened = 0

    def check(self, digest: Digest) -> None:
        """As always."""
        self.opened += 1
        super().check(digest)


def stored(*contents: bytes) -> Counting:
    """A store with these blobs."""
    store = Counting()
    for content in contents:
        store.put(content)
    return store


def test_both_kinds() -> None:
    """A wheel's METADATA and a package's copyright file."""
    store = stored(WHEEL, DEB)
    found = licensing.read_licensing(LOCKED_WHEEL, store)
    assert (found.expressions, found.files) == (("MIT",), ("licenses/LICENSE",))
    found = licensing.read_licensing(LOCKED_DEB, store)
    assert (found.expressions, found.names, found.notice) == ((), (), Digest.of(b"In prose."))


def test_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second time the record answers; other rules, and a damaged record, read the bytes again."""
    store = stored(WHEEL)
    first = licensing.read_licensing(LOCKED_WHEEL, store)
    assert licensing.read_licensing(LOCKED_WHEEL, store) == first
    assert store.opened == 1
    monkeypatch.setattr(licensing, "_RULES", -1)
    assert licensing.read_licensing(LOCKED_WHEEL, store) == first
    assert store.opened == 2
    (key,) = [key for kind, key in store._records if kind == "licensing"][1:]
    for damaged in (b"{", b'"text"', b'{"filename": 1}', b"null"):
        store.put_record("licensing", key, damaged)
        assert licensing.read_licensing(LOCKED_WHEEL, store) == first


def test_absent_and_wrong() -> None:
    """No bytes: the lock's error; bytes of something else: an integrity error. Neither leaves a record."""
    store = stored(b"no wheel")
    with pytest.raises(LockError) as absent:
        licensing.read_licensing(LOCKED_WHEEL, store)
    assert absent.value.findings[0].code == "TB3102"
    with pytest.raises(IntegrityError):
        licensing.read_licensing(replace(LOCKED_WHEEL, sha256=Digest.of(b"no wheel")), store)
    assert not store._records

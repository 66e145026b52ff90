"""``archive.joining``: what two accounts of one release say together."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fakes.archived import tiny_record
from twinbuild.archive.joining import by_path, joined, refuse_unreadable
from twinbuild.codec.dsse import Envelope, Signature, encode_envelope
from twinbuild.errors import IntegrityError
from twinbuild.model.archive import ArchivedFile
from twinbuild.model.digest import Digest
from twinbuild.store.memory import MemoryStore


def envelope(*keys: str) -> bytes:
    """One that so many keys signed."""
    signatures = tuple(Signature(keyid=key * 64, sig=b"s") for key in keys)
    return encode_envelope(Envelope(payload_type="x/y", payload=b"p", signatures=signatures))


def test_signatures_and_tools() -> None:
    """A signature is replaced by who may, or by an envelope that holds it; a tool comes where none is and it may."""
    store = MemoryStore()

    def signed(content: bytes) -> ArchivedFile:
        return ArchivedFile(path="signatures/a", sha256=store.put(content), size=len(content))

    plain = tiny_record()
    one, two, other = (replace(plain, files=(*plain.files, signed(envelope(*keys)))) for keys in ("a", "ab", "b"))
    assert joined(store, one, two, replaces=False, tool=True) == two
    assert joined(store, two, one, replaces=False, tool=True) == two
    assert joined(store, one, other, replaces=False, tool=True) == one
    assert joined(store, one, other, replaces=True, tool=True) == other
    tooled = replace(plain, tool=(Digest.of(b"tool"),))
    assert joined(store, plain, tooled, replaces=False, tool=False) == plain
    assert joined(store, plain, tooled, replaces=False, tool=True) == tooled
    assert joined(store, tooled, replace(plain, tool=(Digest.of(b"x"),)), replaces=True, tool=True) == tooled


def test_what_building_needs() -> None:
    """Of who archives from a directory it is what was held against the lock; who brings a record replaces nothing."""
    store, poisoned = MemoryStore(), replace(tiny_record(), inputs=(), project=())
    assert joined(store, poisoned, tiny_record(), replaces=True, tool=True) == tiny_record()
    assert joined(store, poisoned, tiny_record(), replaces=False, tool=True) == poisoned
    assert joined(store, tiny_record(), poisoned, replaces=False, tool=True) == tiny_record()


def test_what_nobody_could_read() -> None:
    """A record that its own format refuses is refused before it is written; of two files of a path the later counts."""
    files = tuple(ArchivedFile(path="a", sha256=Digest.of(text), size=1) for text in (b"1", b"2"))
    assert by_path(files) == files[1:]
    refuse_unreadable(tiny_record())
    with pytest.raises(IntegrityError, match="TB9111"):
        refuse_unreadable(replace(tiny_record(), added="yesterday"))

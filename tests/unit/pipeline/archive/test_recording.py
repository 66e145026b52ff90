"""``pipeline.archive.recording``: what is said of a release that is archived again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from fakes.archived import tiny_record
from twinbuild.archive.directory import Archive
from twinbuild.codec.dsse import Envelope, Signature, encode_envelope
from twinbuild.errors import IntegrityError
from twinbuild.model.archive import ArchivedFile, ArchivedRelease
from twinbuild.model.digest import Digest
from twinbuild.pipeline.archive.recording import keep_record


def test_joined(tmp_path: Path) -> None:
    """New signatures come, none goes; the first account of the run stays, and when it was archived; a tool is kept."""

    def file(path: str, content: bytes) -> ArchivedFile:
        return ArchivedFile(path=path, sha256=Digest.of(content), size=len(content))

    plain = tiny_record()
    signed = replace(
        plain,
        added="2027-01-01T00:00:00Z",
        files=(*plain.files, file("run.json", b"2"), file("signatures/a", b"a")),
        tool=(Digest.of(b"tool"),),
    )
    more = replace(plain, files=(*plain.files, file("run.json", b"3"), file("signatures/a", b"aa")))
    with Archive(tmp_path / "a", writing=True) as archive:
        assert not keep_record(archive, plain)[2]
        assert keep_record(archive, plain)[2]
        assert not keep_record(archive, signed)[2]
        found, kept, known = keep_record(archive, more)
        assert not known
        assert archive.release(kept) == found
        assert keep_record(archive, plain)[0] == found
    assert found.added == plain.added
    assert found.tool == signed.tool
    files = {each.path: each.sha256 for each in found.files}
    assert files == {
        "manifest.json": plain.digest,
        "run.json": Digest.of(b"2"),
        "signatures/a": Digest.of(b"aa"),
    }


def test_what_is_foreign_takes_no_signature_away(tmp_path: Path) -> None:
    """An import adds signatures to an envelope, and files beside it; it replaces none, and brings no tool."""

    def envelope(*keys: str) -> bytes:
        found = tuple(Signature(keyid=key * 64, sig=b"s") for key in keys)
        return encode_envelope(Envelope(payload_type="x/y", payload=b"p", signatures=found))

    with Archive(tmp_path / "a", writing=True) as archive:

        def record(**contents: bytes) -> ArchivedRelease:
            files = [
                ArchivedFile(path=f"signatures/{name}", sha256=archive.blobs.put(content), size=len(content))
                for name, content in sorted(contents.items())
            ]
            return replace(tiny_record(), files=(*tiny_record().files, *files))

        keep_record(archive, record(main=envelope("a"), other=b"1"))
        evil = replace(record(main=envelope("e"), other=b"2"), tool=(Digest.of(b"tool"),))
        found, _, known = keep_record(archive, evil, foreign=True)
        assert (known, found.tool) == (True, ())
        found, _, known = keep_record(archive, record(main=envelope("a", "b"), third=b"3"), foreign=True)
        files = {each.path: each.sha256 for each in found.files}
    assert not known
    assert files["signatures/main"] == Digest.of(envelope("a", "b"))
    assert files["signatures/other"] == Digest.of(b"1")
    assert files["signatures/third"] == Digest.of(b"3")


def test_what_nobody_could_read_is_not_named(tmp_path: Path) -> None:
    """A path that no record may have is refused before the archive names it: a list of it would fail ever after."""
    bad = replace(tiny_record(), project=(*tiny_record().project, replace(tiny_record().project[0], path="z/../../up")))
    with Archive(tmp_path / "a", writing=True) as archive:
        with pytest.raises(IntegrityError, match="TB9111"):
            keep_record(archive, bad)
        assert archive.names() == ()

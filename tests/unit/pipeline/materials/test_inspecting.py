"""The tiny release's bill has what inspections found: SHA-512 of the stored bytes, the same on every machine."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from fakes.tiny import tiny_release
from fakes.tool import Tool, tool
from twinbuild.codec.lock import decode_lock
from twinbuild.model.digest import Digest
from twinbuild.store.disk import DiskStore

__all__ = ["tool"]


def test_sha512_is_that_of_the_stored_bytes(tool: Tool, tmp_path: Path) -> None:
    """Of each file that the lock names; and the whole bill is there."""
    dist = tiny_release(tool, tmp_path)
    document = json.loads((dist / "sbom.cdx.json").read_bytes())
    parts = [part for each in document["components"] for part in (each, *each.get("components", ()))]
    hashes = [{item["alg"]: item["content"] for item in each.get("hashes", ())} for each in parts]
    lock = decode_lock((dist / "release.lock").read_bytes())
    with DiskStore(tmp_path / "store") as store:
        wanted = {each.sha256 for each in lock.packages()} | {each.sha256 for each in lock.source}
        expected = {
            digest.hex: hashlib.sha512(store.read(digest)).hexdigest()
            for digest in wanted
            if isinstance(digest, Digest)
        }
    assert {each["SHA-256"]: each["SHA-512"] for each in hashes if "SHA-512" in each} == expected
    assert len(expected) == 6

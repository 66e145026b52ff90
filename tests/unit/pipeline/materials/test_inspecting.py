"""What inspections find: SHA-512 of the stored bytes, the same on every machine, and what base images say."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

from tests.unit.describe.conftest import EXAMPLE
from tests.unit.resolve.test_base import AMD64, NAME

from fakes.bases import BaseImage, source_of
from fakes.machines import machine
from fakes.tiny import tiny_release
from fakes.tool import Tool, tool
from twinbuild.codec.lock import decode_lock
from twinbuild.model.digest import Digest
from twinbuild.pipeline.materials.inspecting import inspect_bases
from twinbuild.resolve.base import resolve_base
from twinbuild.resolve.base_statements import base_statements
from twinbuild.store.disk import DiskStore
from twinbuild.store.memory import MemoryStore

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


def test_each_base_once(tmp_path: Path) -> None:
    """What a base says of its packages, by its manifest's digest, also where two variants stand on it."""
    store, source = MemoryStore(), source_of(BaseImage())
    lock = decode_lock((EXAMPLE / "release.lock").read_bytes())
    assert inspect_bases(lock, machine(store, tmp_path)) == {}
    base = resolve_base(NAME, AMD64, python="3.12", source=source, store=store).locked
    targets = tuple(replace(lock.targets[0], variant=name, debs=(), base=base) for name in ("one", "two"))
    found = inspect_bases(replace(lock, targets=targets, licensing=()), machine(store, tmp_path))
    assert found == {base.manifest.digest: base_statements(base, store)}

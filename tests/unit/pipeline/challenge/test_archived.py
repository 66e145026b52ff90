"""``pipeline.challenge.archived``: who has an archive alone says the same as one with a project."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from fakes.archived import Archived, archived, archived_once
from fakes.packed import packed_image
from fakes.signed import key_file
from fakes.tool import Tool, tool
from twinbuild.archive.directory import Archive
from twinbuild.codec.dsse import decode_envelope
from twinbuild.govern.keys import new_key
from twinbuild.store.memory import MemoryStore

__all__ = ["archived", "archived_once", "tool"]
pytestmark = pytest.mark.sandbox


def test_the_same_statement(tool: Tool, archived: Archived, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is signed is the same text, and the challenge counts both."""
    project = archived.dist.parent.parent
    said = []
    for name, words in (("ada", ("tiny@1.0.0", "--archive", str(archived.place))), ("grace", (str(project),))):
        key = key_file(tmp_path / name, new_key("ecdsa"))
        ended = tool("rebuild", *words, "-q", "--key", str(key), "--output", str(tmp_path / f"{name}.json"))
        assert ended.status == 0, ended.err
        said.append(decode_envelope((tmp_path / f"{name}.json").read_bytes(), name="x").payload)
        monkeypatch.setenv("TWINBUILD_STORE", str(project.parent / "store"))
    assert said[0] == said[1]
    statements = [str(tmp_path / f"{name}.json") for name in ("ada", "grace")]
    keys = [word for name in ("ada", "grace") for word in ("--key", str(tmp_path / f"{name}.pub"))]
    ended = tool("challenge", str(archived.dist), *statements, *keys)
    assert ended.status == 0, ended.err
    assert tool("rebuild", "tiny", "--archive", str(archived.place), "--variant", "cpu").status == 2


def test_a_program_that_copies(tool: Tool, archived: Archived, tmp_path: Path) -> None:
    """TB9181: a twinbuild of the archive that says what was released is no rebuilder; one that is named builds."""
    release = archived.record.digest.hex
    script = f"""mkdir /srv/output/release
        cat /srv/archive/v1/blobs/sha256/{release[:2]}/{release[2:]} >/srv/output/release/manifest.json
        echo '{{"verification": {{"tests": {{}}, "witnesses": {{}}}}}}' >/srv/output/release/run.json"""
    store = MemoryStore()
    image = packed_image(store, tmp_path / "scratch", entrypoint=("/usr/bin/sh", "-c", script))
    blobs = (image.manifest, image.config, *(layer.blob for layer in image.layers))
    key = key_file(tmp_path / "key", new_key("ecdsa"))
    words = ("rebuild", "tiny@1.0.0", "--archive", str(archived.place), "-q", "--key", str(key))
    digest = str(image.manifest.digest)
    ended = tool(*words, "--tool", digest)
    assert (ended.status, "error[TB9181]" in ended.err) == (8, True), ended.err
    with Archive(archived.place, writing=True) as archive:
        packed = tuple(archive.blobs.put(store.read(blob.digest)) for blob in blobs)
        archive.put(replace(archived.record, tool=packed))
    for more in ((), ("--tool", f"sha256:{'0' * 64}")):
        ended = tool(*words, *more)
        said = f"error[TB9181]: the twinbuild that is archived with tiny@1.0.0 is {digest}" in ended.err
        assert (ended.status, said) == (8, True), ended.err
    ended = tool(*words, "--tool", digest)
    assert (ended.status, "image    " in ended.out) == (0, True), ended.err
    assert tool("rebuild", "tiny", "--tool", digest).status == 2

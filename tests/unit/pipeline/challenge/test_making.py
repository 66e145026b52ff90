"""A rebuilder's statement of a real build: another machine's would be the same but for who signed it."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.signed import key_file
from fakes.tiny import tiny_project
from fakes.tool import Tool, tool
from twinbuild.build.code import remembered_as
from twinbuild.codec.built import decode_image, encode_image
from twinbuild.codec.dsse import decode_envelope
from twinbuild.describe.rebuilt import decode_rebuilt
from twinbuild.govern.keys import new_key
from twinbuild.store.disk import DiskStore

__all__ = ["tool"]


def test_what_is_signed(tool: Tool, tmp_path: Path) -> None:
    """The images of the release; layers are built although the store remembers them; two keys say the same."""
    project = tiny_project(tmp_path / "tiny", tmp_path / "store")
    released = json.loads(tool("release", str(project), "--locked", "--json", "-q").out)
    payloads = []
    for name in ("ada", "grace"):
        key = key_file(tmp_path / name, new_key("ecdsa"))
        ended = tool("rebuild", str(project), "--key", str(key), "--output", str(tmp_path / f"{name}.json"), "--json")
        assert ended.status == 0, ended.err
        assert json.loads(ended.out)["images"] == {"cpu linux/amd64": released["images"][0]["digest"]}
        payloads.append(decode_envelope((tmp_path / f"{name}.json").read_bytes(), name="x").payload)
    assert payloads[0] == payloads[1]
    rebuilt = decode_rebuilt(payloads[0], name="x")
    assert (rebuilt.name, rebuilt.version) == ("tiny", "1.0.0")
    manifest = json.loads((project / "dist/tiny-1.0.0/manifest.json").read_bytes())
    assert str(rebuilt.lock) == manifest["dependencies"]["lock"]
    assert str(rebuilt.source) == manifest["source"]["digest"]


def test_nothing_is_taken_from_an_earlier_build(tool: Tool, tmp_path: Path) -> None:
    """What the store remembers of an image decides a build, and not a rebuild."""
    project = tiny_project(tmp_path / "tiny", tmp_path / "store")
    key = key_file(tmp_path / "ada", new_key("ecdsa"))
    true = json.loads(tool("build", str(project), "--locked", "--json", "-q").out)["images"][0]["digest"]
    said = tmp_path / "said.json"
    words = ("rebuild", str(project), "-q", "--key", str(key), "--output", str(said))
    assert tool(*words).status == 0
    (image,) = decode_rebuilt(decode_envelope(said.read_bytes(), name="x").payload, name="x").images
    with DiskStore(tmp_path / "store") as store:
        remembered = remembered_as(image.derivation)
        record = store.record("image", remembered)
        assert record is not None
        built = decode_image(record)
        assert built is not None
        store.put_record("image", remembered, encode_image(replace(built, manifest=built.config)))
    os.utime(project / "release.yaml")  # or nothing is looked at
    wrong = json.loads(tool("build", str(project), "--locked", "--json", "-q").out)["images"][0]["digest"]
    assert wrong == str(built.config.digest)
    assert json.loads(tool(*words, "--json").out)["images"] == {"cpu linux/amd64": true}


def test_without_a_key(tool: Tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is written, or --sign refuses; with the environment's, it lies here under a name of its own."""
    project = tiny_project(tmp_path / "tiny", tmp_path / "store")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    ended = tool("rebuild", str(project), "-q")
    assert ended.status == 0, ended.err
    assert "unsigned" in ended.out
    ended = tool("rebuild", str(project), "-q", "--sign")
    assert (ended.status, "TB8001" in ended.err) == (2, True)
    assert list(Path.cwd().iterdir()) == []
    monkeypatch.setenv("TWINBUILD_SIGNING_KEY", str(key_file(tmp_path / "ada", new_key("ed25519"))))
    ended = tool("rebuild", str(project), "-q", "--sign")
    assert [path.name for path in Path.cwd().iterdir()] == [ended.out.split()[-1]]

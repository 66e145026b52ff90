"""``twinbuild audit``: from an empty log to proofs, as somebody types it."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from fakes.signed import key_file
from fakes.tiny import tiny_release
from fakes.tool import Tool, tool
from twinbuild.codec.canonical import canonical
from twinbuild.govern.keys import new_key

__all__ = ["tool"]

NEW = ("audit", "new", "log", "--origin", "example.com/releases", "--key", "key")


@pytest.fixture
def key(tool: Tool) -> Path:
    """A key beside the log; the tool's directory is the current one."""
    return key_file(Path("key"), new_key("ed25519"))


def _note(tool: Tool, text: str, *more: str) -> int:
    ended = tool("audit", "add", "log", "note", "--details", text, "--key", "key", "--json", *more)
    assert ended.status == 0, ended.err
    index: int = json.loads(ended.out)["index"]
    return index


def test_a_release_in_the_log(tool: Tool, key: Path, tmp_path: Path) -> None:
    """Who did what to which release, when; listed, verified, proven, and verified again from the proof alone."""
    dist = tiny_release(tool, tmp_path)
    digest = (dist / "release.digest").read_text().strip()
    ended = tool(*NEW)
    assert (ended.status, "verifier example.com/releases+" in ended.out) == (0, True), ended.err
    before = int(time.time())
    ended = tool("audit", "add", "log", "released", "--release", str(dist), "--key", "key")
    assert (ended.status, ended.out.splitlines()[0]) == (0, "entry    0"), ended.err
    by_ada = ("--by", "ada", "--details", "to prod")
    assert tool("audit", "add", "log", "promoted", "--release", str(dist), *by_ada, "--key", "key").status == 0
    listed = json.loads(tool("audit", "log", "log", "--json").out)
    assert (listed["origin"], listed["size"]) == ("example.com/releases", 2)
    first, second = listed["entries"]
    assert (first["release"], first["name"], first["action"]) == (digest, "tiny", "released")
    assert len(first["by"]) == 64
    assert before <= time.mktime(time.strptime(first["time"], "%Y-%m-%dT%H:%M:%SZ")) - time.timezone <= time.time()
    assert (second["by"], second["details"]) == ("ada", "to prod")
    text = tool("audit", "log", "log").out.splitlines()
    assert text[0].split()[2:5] == ["released", "tiny", listed["entries"][0]["version"]]
    assert text[1].endswith("by ada  to prod")
    ended = tool("audit", "verify", "log", "--key", "key.pub")
    assert (ended.status, ended.out.count("\n"), "unknown  whether" in ended.out) == (0, 4, True), ended.err
    ended = tool("audit", "prove", "log", "--release", digest)
    assert (ended.status, "error[TB8647]" in ended.err, "entries 0, 1" in ended.err) == (2, True, True)
    assert tool("audit", "prove", "log", "0", "--output", "first.tlog-proof").status == 0
    ended = tool("audit", "verify", "first.tlog-proof", "--key", "key.pub")
    assert (ended.status, digest[:19] in ended.out) == (0, True), ended.err
    found = json.loads(tool("audit", "verify", "first.tlog-proof", "--key", "key.pub", "--json").out)
    assert (found["release"], found["index"], found["size"]) == (digest, 0, 2)


@pytest.mark.parametrize("metadata", [{}, {"name": ["x"], "version": "1"}])
def test_no_release_manifest(tool: Tool, key: Path, metadata: dict[str, object]) -> None:
    """Nothing is logged of what is no release manifest."""
    assert tool(*NEW).status == 0
    document = {"apiVersion": "twinbuild/manifest/v2", "kind": "ReleaseManifest", "metadata": metadata}
    Path("manifest.json").write_bytes(canonical(document))  # type: ignore[arg-type]
    ended = tool("audit", "add", "log", "released", "--release", "manifest.json", "--key", "key")
    assert (ended.status, "TB7607" in ended.err) == (5, True), ended.err
    assert json.loads(tool("audit", "log", "log", "--json").out)["size"] == 0


def test_against_a_checkpoint(tool: Tool, key: Path) -> None:
    """A copy of the checkpoint tells that entries are gone, and by a proof that the log goes on from it."""
    tool(*NEW)
    assert [_note(tool, text) for text in ("one", "two")] == [0, 1]
    Path("kept").write_bytes(Path("log/checkpoint").read_bytes())
    assert _note(tool, "three") == 2
    ended = tool("audit", "verify", "log", "--key", "key.pub", "--checkpoint", "kept")
    assert (ended.status, "since    kept: the log goes on from it" in ended.out) == (0, True), ended.err
    found = json.loads(tool("audit", "verify", "log", "--key", "key.pub", "--checkpoint", "kept", "--json").out)
    assert (found["size"], found["kept"], found["beyond"]) == (3, 1, [])
    assert tool("audit", "prove", "log", "--since", "kept", "--output", "proof").status == 0
    ended = tool("audit", "verify", "proof", "--key", "key.pub", "--checkpoint", "kept")
    assert (ended.status, "since    kept: the log goes on from its 2 entries" in ended.out) == (0, True), ended.err
    ended = tool("audit", "verify", "proof", "--key", "key.pub", "--checkpoint", "kept", "--json")
    assert json.loads(ended.out)["older"] == 2
    Path("later").write_bytes(Path("log/checkpoint").read_bytes())
    Path("log/checkpoint").write_bytes(Path("kept").read_bytes())
    assert tool("audit", "verify", "log", "--key", "key.pub").status == 0
    ended = tool("audit", "verify", "log", "--key", "key.pub", "--checkpoint", "later")
    assert (ended.status, "error[TB8640]" in ended.err) == (5, True), ended.err


def test_what_an_append_left(tool: Tool, key: Path) -> None:
    """A file of an append that was killed, and a clock that went back, are said."""
    tool(*NEW)
    _note(tool, "one")
    Path("log/tile/0/000.p/2").write_bytes(b"half")
    ended = tool("audit", "verify", "log", "--key", "key.pub")
    assert "beyond   1 file of an append that did not end: tile/0/000.p/2" in ended.out
    assert _note(tool, "two") == 1
    assert "beyond" not in tool("audit", "verify", "log", "--key", "key.pub").out


def test_a_clock_that_went_back(tool: Tool, key: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The order stays; it is said."""
    tool(*NEW)
    _note(tool, "one")
    monkeypatch.setattr(time, "time", lambda: 1e9)
    _note(tool, "two")
    assert "clock    the time of entry 1 is before" in tool("audit", "verify", "log", "--key", "key.pub").out


@pytest.mark.parametrize(
    ("arguments", "status", "code"),
    [
        (("audit", "new", "log", "--origin", "x", "--key", "key"), 2, "TB8630"),
        (("audit", "new", "more", "--origin", "a b", "--key", "key"), 2, "TB8630"),
        (("audit", "log", "nowhere"), 2, "TB8630"),
        (("audit", "add", "nowhere", "note", "--details", "x", "--key", "key"), 2, "TB8630"),
        (("audit", "add", "log", "note", "--details", "x"), 2, "TB8001"),
        (("audit", "add", "log", "note", "--key", "key"), 2, "TB8631"),
        (("audit", "add", "log", "shipped", "--key", "key"), 2, "TB8631"),
        (("audit", "add", "log", "released", "--key", "key"), 2, "TB8631"),
        (("audit", "add", "log", "note", "--details", "ghp_" + "a1" * 18, "--key", "key"), 2, "TB8631"),
        (("audit", "add", "log", "note", "--details", "x", "--key", "eve"), 8, "TB8634"),
        (("audit", "verify", "log", "--key", "eve.pub"), 8, "TB8634"),
        (("audit", "verify", "log", "--key", "key"), 2, "TB8613"),
        (("audit", "verify", "nowhere", "--key", "key.pub"), 2, "TB8630"),
        (("audit", "verify", "log/checkpoint", "--key", "key.pub"), 5, "TB8645"),
        (("audit", "verify", "log", "--key", "key.pub", "--checkpoint", "nowhere"), 2, "TB8630"),
        (("audit", "prove", "log"), 2, "TB8001"),
        (("audit", "prove", "log", "0", "--since", "log/checkpoint"), 2, "TB8001"),
        (("audit", "prove", "log", "7"), 2, "TB8647"),
        (("audit", "prove", "log", "--release", "sha256:5"), 2, "TB3001"),
        (("audit", "prove", "log", "--release", "sha256:" + "5" * 64), 2, "TB8647"),
    ],
)
def test_refused(tool: Tool, key: Path, arguments: tuple[str, ...], status: int, code: str) -> None:
    """Each with its code; the log stays as it is."""
    key_file(Path("eve"), new_key("ecdsa"))
    tool(*NEW)
    _note(tool, "one")
    before = {path: path.read_bytes() for path in Path("log").rglob("*") if path.is_file()}
    ended = tool(*arguments)
    assert (ended.status, f"error[{code}]" in ended.err) == (status, True), ended.err
    assert "a1a1" not in ended.err
    assert {path: path.read_bytes() for path in Path("log").rglob("*") if path.is_file()} == before
    assert not Path("more").exists()


def test_by_a_program(tool: Tool, key: Path, tmp_path: Path) -> None:
    """A log whose key is held by a program (ECDSA), as `sign` takes one."""
    key_file(Path("p256"), new_key("ecdsa"))
    program = tmp_path / "program"
    program.write_text(f'#!/bin/sh\nexec openssl dgst -sha256 -sign "{Path("p256").resolve()}"\n')
    program.chmod(0o755)
    signing = ("--signer", str(program), "--public", "p256.pub")
    ended = tool("audit", "new", "log", "--origin", "example.com/releases", "--json", *signing)
    assert (ended.status, json.loads(ended.out)["origin"]) == (0, "example.com/releases"), ended.err
    ended = tool("audit", "add", "log", "note", "--details", "x", *signing)
    assert ended.status == 0, ended.err
    assert tool("audit", "verify", "log", "--key", "p256.pub").status == 0

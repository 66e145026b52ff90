"""``twinbuild sign``: what is whole is signed, again the same, beside others; what is not is left alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fakes.signed import SignedDist, key_file, signed, signed_once
from fakes.tiny import tiny_project, tiny_release
from fakes.tool import Tool, tool
from twinbuild.govern.keys import new_key

__all__ = ["signed", "signed_once", "tool"]


def _files(dist: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (dist / "signatures").iterdir()}


def test_again(tool: Tool, signed: SignedDist) -> None:
    """The same key writes the same files: no clock, no random number is in them."""
    before = _files(signed.dist)
    ended = tool("sign", str(signed.dist), "--key", str(signed.ada))
    assert (ended.status, _files(signed.dist)) == (0, before), ended.err
    assert ended.out.count(" by ") == 2
    assert set(before) >= {"release.dsse.json", "provenance.dsse.json"}
    assert all((signed.dist / "signatures" / name).stat().st_mode & 0o777 == 0o644 for name in before)


def test_of_a_variable(tool: Tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key of the environment, encrypted; its passphrase is asked of the environment. The spec names its release."""
    dist = tiny_release(tool, tmp_path)
    key = new_key("ecdsa")
    monkeypatch.setenv("RELEASE_KEY", key.pem(b"a secret").decode())
    ended = tool("sign", str(dist.parent.parent), "--key", "env:RELEASE_KEY")
    assert (ended.status, "error[TB8614]" in ended.err) == (2, True), ended.err
    monkeypatch.setenv("TWINBUILD_KEY_PASSPHRASE", "another")
    assert "the passphrase is wrong" in tool("sign", str(dist), "--key", "env:RELEASE_KEY").err
    monkeypatch.setenv("TWINBUILD_KEY_PASSPHRASE", "a secret")
    ended = tool("sign", str(dist.parent.parent), "--key", "env:RELEASE_KEY", "--json")
    assert json.loads(ended.out)["keyid"] == key.public.keyid
    assert tool("sign", str(dist), "--key", "env:NOT_SET").status == 2


def test_by_a_program(tool: Tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that holds the key; it does not get the passphrase of another one."""
    dist = tiny_release(tool, tmp_path)
    ada = key_file(tmp_path / "ada", new_key("ecdsa"))
    program = tmp_path / "program"
    program.write_text(f'#!/bin/sh\n[ -z "$TWINBUILD_KEY_PASSPHRASE" ] && exec openssl dgst -sha256 -sign "{ada}"\n')
    program.chmod(0o755)
    monkeypatch.setenv("TWINBUILD_KEY_PASSPHRASE", "a secret")
    ended = tool("sign", str(dist), "--signer", str(program), "--public", f"{ada}.pub")
    assert ended.status == 0, ended.err
    assert tool("verify-release", str(dist), "--key", f"{ada}.pub").status == 0


@pytest.mark.parametrize("arguments", [(), ("--key", "k", "--signer", "x", "--public", "p"), ("--signer", "x")])
def test_usage(tool: Tool, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """One of the two, and whole."""
    dist = tiny_release(tool, tmp_path)
    ended = tool("sign", str(dist), *arguments)
    assert (ended.status, "error[TB8001]" in ended.err) == (2, True), ended.err


def test_what_is_not_whole(tool: Tool, signed: SignedDist) -> None:
    """Nobody vouches for bytes that are not the release's; the signatures that are there stay."""
    before = _files(signed.dist)
    (signed.dist / "more").write_text("x")
    ended = tool("sign", str(signed.dist), "--key", str(signed.eve))
    assert (ended.status, "error[TB7005]" in ended.err) == (5, True), ended.err
    assert _files(signed.dist) == before


def test_signatures_of_something_else(tool: Tool, signed: SignedDist) -> None:
    """They are somebody's: no signature joins them, none takes their place."""
    path = signed.dist / "signatures" / "release.dsse.json"
    path.write_bytes((signed.dist / "signatures" / "provenance.dsse.json").read_bytes())
    before = _files(signed.dist)
    ended = tool("sign", str(signed.dist), "--key", str(signed.eve))
    assert (ended.status, "error[TB8612]" in ended.err) == (8, True), ended.err
    assert _files(signed.dist) == before


def test_a_key_that_others_may_read(tool: Tool, tmp_path: Path) -> None:
    """A private key without a passphrase is its owner's alone."""
    dist = tiny_release(tool, tmp_path)
    ada = key_file(tmp_path / "ada", new_key("ecdsa"))
    ada.chmod(0o640)
    ended = tool("sign", str(dist), "--key", str(ada))
    assert (ended.status, "error[TB8613]" in ended.err) == (2, True)
    assert "others may read (mode 0640)" in ended.err
    assert f"chmod 600 {ada}" in ended.err


def test_release_signs_where_a_key_is_named(tool: Tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """TWINBUILD_SIGNING_KEY signs every release; a release of the same bytes keeps its signatures, another does not."""
    dist = tiny_release(tool, tmp_path)
    project = dist.parent.parent
    ada = key_file(tmp_path / "ada", new_key("ecdsa"))
    assert "unsigned no key vouches for it" in tool("release", str(project), "--locked", "-q").out
    monkeypatch.setenv("TWINBUILD_SIGNING_KEY", str(ada))
    ended = tool("release", str(project), "--locked", "-q")
    assert (ended.status, ended.out.count("signed   by "), "unsigned" in ended.out) == (0, 1, False), ended.err
    assert tool("verify-release", str(dist), "--key", f"{ada}.pub").status == 0
    monkeypatch.delenv("TWINBUILD_SIGNING_KEY")
    before = _files(dist)
    for more in ((), ("--paranoid",), ("--reverify",)):  # nothing asked; every byte read; built again
        found = json.loads(tool("release", str(project), "--locked", "--json", *more).out)
        assert (found["signed"], found["written"], _files(dist)) == (True, False, before)
    (dist / "Dockerfile").write_text("somebody's")  # laid out anew, with the same bytes
    found = json.loads(tool("release", str(project), "--locked", "--json").out)
    assert (found["signed"], found["written"], _files(dist)) == (True, True, before)
    assert "as its signatures say" in tool("release", str(project), "--locked", "-q").out
    spec = project / "release.yaml"
    spec.write_text(spec.read_text().replace("team: tests", "team: others"))
    found = json.loads(tool("release", str(project), "--locked", "--json").out)
    assert (found["signed"], (dist / "signatures").exists()) == (False, False)


def test_a_key_that_cannot_sign(tool: Tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that is none ends the command before anything is built."""
    project = tiny_project(tmp_path / "tiny", tmp_path / "store")
    monkeypatch.setenv("TWINBUILD_SIGNING_KEY", "env:NOWHERE")
    ended = tool("release", str(project), "--locked", "-q")
    assert (ended.status, "error[TB8613]" in ended.err) == (2, True), ended.err
    assert not (project / "dist").exists()

"""``twinbuild key``: new keys lie where only their owner reads them, and nothing is written over."""

from __future__ import annotations

import json
import resource
from pathlib import Path

import pytest

from fakes.tool import Tool, tool
from twinbuild.govern.keys import read_private, read_public

__all__ = ["tool"]


@pytest.mark.parametrize("kind", ["ecdsa", "ed25519"])
def test_new(tool: Tool, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """Both halves, encrypted by the passphrase of the environment; `show` names the public one alike."""
    monkeypatch.setenv("TWINBUILD_KEY_PASSPHRASE", "a secret of ours")
    made = json.loads(tool("key", "new", "k", "--kind", kind, "--json").out)
    key = read_private(Path("k").read_bytes(), name="k", passphrase=b"a secret of ours")
    assert made == {"keyid": key.public.keyid, "kind": kind, "files": ["k", "k.pub"]}
    assert read_public(Path("k.pub").read_bytes(), name="k.pub") == key.public
    assert Path("k").stat().st_mode & 0o777 == 0o600
    shown = tool("key", "show", "k.pub")
    assert shown.out.startswith(f"key      {key.public.keyid}\n")
    assert "a secret" not in shown.out + shown.err


def test_unencrypted(tool: Tool) -> None:
    """Without a passphrase only where that was meant."""
    ended = tool("key", "new", "k")
    assert (ended.status, "error[TB8614]" in ended.err, Path("k").exists()) == (2, True, False)
    ended = tool("key", "new", "k", "--unencrypted")
    assert ended.status == 0, ended.err
    assert ended.out.splitlines()[1:] == ["kind     ECDSA P-256", "public   k.pub", "private  k"]
    read_private(Path("k").read_bytes(), name="k", passphrase=None)


@pytest.mark.parametrize("there", ["k", "k.pub"])
def test_never_written_over(tool: Tool, there: str) -> None:
    """A key that is lost is lost: what lies there stays."""
    Path(there).symlink_to("nowhere")
    ended = tool("key", "new", "k", "--unencrypted")
    assert (ended.status, "error[TB8613]" in ended.err) == (2, True)
    assert f"{there} is there already" in ended.err
    assert [path.name for path in Path().iterdir()] == [there]


def test_half_a_key(tool: Tool) -> None:
    """Where there is no room for it, nothing is left that would be in the way of the next one for ever."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200, limits[1]))
    try:
        ended = tool("key", "new", "k", "--unencrypted")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert (ended.status, "k cannot be written" in ended.err, list(Path().iterdir())) == (2, True, []), ended.err


def test_no_directory(tool: Tool) -> None:
    """A place that is none is said, and nothing is left."""
    ended = tool("key", "new", "missing/k", "--unencrypted")
    assert (ended.status, "missing/k cannot be written" in ended.err) == (2, True), ended.err


def test_no_public_key(tool: Tool) -> None:
    """`show` of a private key is refused; of a directory, too."""
    tool("key", "new", "k", "--unencrypted")
    assert "is a private key" in tool("key", "show", "k").err
    assert "error[TB8613]" in tool("key", "show", ".").err


@pytest.mark.parametrize("passphrase", ["a", "eleven char", "x" * 1024])
def test_a_passphrase_of_a_bad_length(tool: Tool, monkeypatch: pytest.MonkeyPatch, passphrase: str) -> None:
    """One that is soon guessed, and one that no format takes: refused, not repeated, nothing written."""
    monkeypatch.setenv("TWINBUILD_KEY_PASSPHRASE", passphrase)
    ended = tool("key", "new", "k")
    assert (ended.status, "error[TB8614]" in ended.err) == (2, True), ended.err
    assert f"the passphrase has {'1 byte,' if len(passphrase) == 1 else f'{len(passphrase)} bytes,'}" in ended.err
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize("name", [".", "/"])
def test_no_name(tool: Tool, name: str) -> None:
    """A directory is no name for a key."""
    ended = tool("key", "new", name, "--unencrypted")
    assert (ended.status, "error[TB8613]" in ended.err) == (2, True), ended.err


def test_a_secret_in_the_place_of_a_file(tool: Tool) -> None:
    """Who gives a token where a file is meant finds it nowhere, the place of the error in JSON included."""
    secret = "ghp_" + "a1" * 18
    for words in (("key", "show", secret, "--json"), ("key", "show", f"https://me:{secret}@example.com/k", "--json")):
        ended = tool(*words)
        assert (ended.status, secret in ended.out + ended.err) == (2, False), ended.err

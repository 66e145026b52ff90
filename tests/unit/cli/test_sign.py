"""``twinbuild sign``: what is whole is signed, again the same, beside others; what is not is left alone."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from fakes.signed import SignedDist, key_file, signed, signed_once
from fakes.tiny import tiny_project, tiny_release
from fakes.tool import Tool, tool
from twinbuild.cli.session import session
from twinbuild.codec.canonical import canonical
from twinbuild.errors import IntegrityError
from twinbuild.govern.keys import new_key, read_private
from twinbuild.model.digest import Digest
from twinbuild.model.settings import without_keys
from twinbuild.pipeline.alone import alone_in
from twinbuild.pipeline.output import Output, replace_directory
from twinbuild.pipeline.reading import validating
from twinbuild.pipeline.reading.attested import signers_of
from twinbuild.pipeline.reading.released import read_release
from twinbuild.pipeline.reading.validating import check_release
from twinbuild.pipeline.release import releasing

__all__ = ["signed", "signed_once", "tool"]


def _files(dist: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (dist / "signatures").iterdir()}


def test_again(tool: Tool, signed: SignedDist) -> None:
    """The same key writes the same files: no clock, no random number is in them."""
    before = _files(signed.dist)
    ended = tool("sign", str(signed.dist), "--key", str(signed.ada))
    assert (ended.status, _files(signed.dist)) == (0, before), ended.err
    assert ended.out.count(" by ") == 2
    assert set(before) >= {"release.dsse.json", "provenance.dsse.json", "sbom.dsse.json"}
    assert sorted(name.split(".")[0] for name in before if len(name) > 64) == ["images"] * 2 + ["manifest"] * 2 + [
        "model"
    ]
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


def test_by_a_program(tool: Tool, signed: SignedDist, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that holds the key; it does not get the passphrase of another one."""
    dist = signed.dist
    ada = key_file(tmp_path / "ada", new_key("ecdsa"))
    program = tmp_path / "program"
    program.write_text(f'#!/bin/sh\n[ -z "$TWINBUILD_KEY_PASSPHRASE" ] && exec openssl dgst -sha256 -sign "{ada}"\n')
    program.chmod(0o755)
    monkeypatch.setenv("TWINBUILD_KEY_PASSPHRASE", "a secret")
    ended = tool("sign", str(dist), "--signer", str(program), "--public", f"{ada}.pub")
    assert ended.status == 0, ended.err
    assert tool("verify-release", str(dist), "--key", f"{ada}.pub").status == 0


@pytest.mark.parametrize("arguments", [(), ("--key", "k", "--signer", "x", "--public", "p"), ("--signer", "x")])
def test_usage(tool: Tool, signed: SignedDist, arguments: tuple[str, ...]) -> None:
    """One of the two, and whole."""
    ended = tool("sign", str(signed.dist), *arguments)
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


def test_a_key_that_others_may_read(tool: Tool, signed: SignedDist, tmp_path: Path) -> None:
    """A private key without a passphrase is its owner's alone."""
    dist = signed.dist
    ada = key_file(tmp_path / "ada", new_key("ecdsa"))
    ada.chmod(0o640)
    ended = tool("sign", str(dist), "--key", str(ada))
    assert (ended.status, "error[TB8613]" in ended.err) == (2, True)
    assert "others may read (mode 0640)" in ended.err
    assert f"chmod 600 {ada}" in ended.err
    ended = tool("sign", str(dist), "--key", f"{ada}.pub")
    assert (ended.status, "is a public key, where a private one is meant" in ended.err) == (2, True), ended.err


def test_release_signs_where_a_key_is_named(tool: Tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """TWINBUILD_SIGNING_KEY signs every release; one of the same bytes keeps signatures and approvals, another none."""
    dist = tiny_release(tool, tmp_path)
    project = dist.parent.parent
    ada = key_file(tmp_path / "ada", new_key("ecdsa"))
    approval = dist / "approvals" / f"production.{'a' * 64}.dsse.json"
    approval.parent.mkdir()
    approval.write_text("grace's")
    (dist / "Dockerfile").write_text("somebody's")
    assert "unsigned no key vouches for it" in tool("release", str(project), "--locked", "-q").out
    assert (approval.read_text(), (dist / "Dockerfile").read_text() == "somebody's") == ("grace's", False)
    monkeypatch.setenv("TWINBUILD_SIGNING_KEY", str(ada))
    ended = tool("release", str(project), "--locked", "-q")
    assert (ended.status, ended.out.count("signed   by "), "unsigned" in ended.out) == (0, 1, False), ended.err
    assert tool("verify-release", str(dist), "--key", f"{ada}.pub").status == 0
    monkeypatch.delenv("TWINBUILD_SIGNING_KEY")
    before = _files(dist)
    for more in ((), ("--paranoid",), ("--reverify",)):  # nothing asked; every byte read; built again
        found = json.loads(tool("release", str(project), "--locked", "--json", *more).out)
        assert (found["signed"], len(found["claimed_signers"]), found["written"]) == (False, 1, False)
        assert _files(dist) == before
    (dist / "Dockerfile").write_text("somebody's")  # laid out anew, with the same bytes
    for name in ("signatures", "approvals"):
        (dist / name).rename(tmp_path / name)

    def replacing(target: Path, kind: Output) -> AbstractContextManager[Path]:
        for name in ("signatures", "approvals"):  # they come after those that lie there were looked for
            (tmp_path / name).rename(dist / name)
        return replace_directory(target, kind)

    with monkeypatch.context() as patch:
        patch.setattr(releasing, "replace_directory", replacing)
        found = json.loads(tool("release", str(project), "--locked", "--json").out)
    assert approval.read_text() == "grace's"
    assert (len(found["claimed_signers"]), found["written"], _files(dist)) == (1, True, before)
    assert "claimed  by " in tool("release", str(project), "--locked", "-q").out
    spec = project / "release.yaml"
    spec.write_text(spec.read_text().replace("team: tests", "team: others"))
    found = json.loads(tool("release", str(project), "--locked", "--json").out)
    assert (found["signed"], found["claimed_signers"], (dist / "signatures").exists()) == (False, [], False)
    assert not approval.exists()


def test_what_names_nobody(signed: SignedDist) -> None:
    """An envelope of something else, and a link, in the place of the release's."""
    path = signed.dist / "signatures" / "release.dsse.json"
    document = json.loads(path.read_bytes())
    document["payload"] = "e30="
    path.write_text(json.dumps(document))
    assert signers_of(read_release(signed.dist)) == ()
    path.unlink()
    path.symlink_to("provenance.dsse.json")
    assert signers_of(read_release(signed.dist)) == ()


def test_a_key_that_cannot_sign(tool: Tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that is none ends the command before anything is built."""
    project = tiny_project(tmp_path / "tiny", tmp_path / "store")
    monkeypatch.setenv("TWINBUILD_SIGNING_KEY", "env:NOWHERE")
    ended = tool("release", str(project), "--locked", "-q")
    assert (ended.status, "error[TB8613]" in ended.err) == (2, True), ended.err
    assert not (project / "dist").exists()


@pytest.mark.parametrize("how", ["--key", "TWINBUILD_SIGNING_KEY", "--public"])
@pytest.mark.parametrize("form", ["pkcs8", "sec1"])
def test_a_key_in_the_place_of_its_name(
    tool: Tool, signed: SignedDist, monkeypatch: pytest.MonkeyPatch, how: str, form: str
) -> None:
    """The slip of a script, --key "$(cat k)": no byte of the key is in any message."""
    text = signed.ada.read_text()
    if form == "sec1":
        command = ["openssl", "ec", "-in", signed.ada]
        text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    dist = str(signed.dist)
    if how == "--key":
        ended = tool("sign", dist, "--key", text, "--json")
    elif how == "--public":
        ended = tool("sign", dist, "--signer", "cat", "--public", text)
    else:
        monkeypatch.setenv("TWINBUILD_SIGNING_KEY", text)
        ended = tool("release", dist)
    assert ended.status == 2
    for line in text.splitlines()[1:-1]:
        assert line not in ended.err + ended.out
        assert line[:20] not in ended.err + ended.out


def test_what_changes_while_a_token_is_waited_for(tool: Tool, signed: SignedDist, tmp_path: Path) -> None:
    """What was read is signed, whatever lies there then; signatures of others that came meanwhile stay."""
    program = tmp_path / "program"
    statement = signed.dist / "provenance.intoto.json"
    grace = signed.dist / "signatures" / "release.dsse.json"
    program.write_text(
        f'#!/bin/sh\necho \'{{"x":1}}\' >"{statement}.new"; mv "{statement}.new" "{statement}"\n'
        f'[ -e "{tmp_path}/later" ] && mv "{tmp_path}/later" "{grace}"\n'
        f'exec openssl dgst -sha256 -sign "{signed.eve}"\n'
    )
    program.chmod(0o755)
    before = statement.read_bytes()
    document = json.loads(grace.read_bytes())
    (tmp_path / "later").write_bytes(grace.read_bytes())
    document["signatures"] = document["signatures"][:1]
    grace.write_text(json.dumps(document))
    ended = tool("sign", str(signed.dist), "--signer", str(program), "--public", f"{signed.eve}.pub", "--json")
    assert ended.status == 0, ended.err
    assert len(json.loads(ended.out)["keys"]) == 3
    envelope = json.loads((signed.dist / "signatures" / "provenance.dsse.json").read_bytes())
    assert base64.b64decode(envelope["payload"]) == before


def test_another_release_in_its_place(tool: Tool, signed: SignedDist, tmp_path: Path) -> None:
    """What is laid out there while a token is waited for is another release: no signature comes beside it."""
    other, program = tmp_path / "other", tmp_path / "program"
    shutil.copytree(signed.dist, other)
    shutil.rmtree(other / "signatures")
    (other / "manifest.json").write_bytes((other / "manifest.json").read_bytes().replace(b"1.0.0", b"1.0.1"))
    program.write_text(
        f'#!/bin/sh\n[ -e "{other}" ] && mv "{signed.dist}" "{tmp_path}/old" && mv "{other}" "{signed.dist}"\n'
        f'exec openssl dgst -sha256 -sign "{signed.eve}"\n'
    )
    program.chmod(0o755)
    ended = tool("sign", str(signed.dist), "--signer", str(program), "--public", f"{signed.eve}.pub")
    assert (ended.status, "error[TB7004]" in ended.err) == (5, True), ended.err
    assert not (signed.dist / "signatures").exists()


def test_a_statement_that_is_not_the_releases(tool: Tool, signed: SignedDist) -> None:
    """A statement about this image that somebody put there is not what a key goes on, nor provenance of less."""
    path = signed.dist / "provenance.intoto.json"
    content = path.read_bytes()
    changes: dict[str, Callable[[Any], object]] = {
        "is about 'https://slsa.dev/verification_summary/v1', expected https://slsa.dev/provenance": lambda found: (
            found.update(predicateType="https://slsa.dev/verification_summary/v1")
        ),
        "names another builder": lambda found: found["predicate"]["runDetails"]["builder"].update(id="urn:other"),
        "lacks 1 dependency of the lock, and names 0 others": lambda found: found["predicate"]["buildDefinition"][
            "resolvedDependencies"
        ].pop(0),
    }
    before = _files(signed.dist)
    for said, change in changes.items():
        statement = json.loads(content)
        change(statement)
        path.write_text(json.dumps(statement))
        ended = tool("sign", str(signed.dist), "--key", str(signed.eve))
        assert (ended.status, "error[TB7005]" in ended.err, said in ended.err) == (5, True, True), ended.err
        assert _files(signed.dist) == before


def test_what_is_no_release_manifest(tool: Tool, signed: SignedDist) -> None:
    """What somebody else wrote is told by its format, before anything is held against it."""
    path = signed.dist / "manifest.json"
    content = canonical({**json.loads(path.read_bytes()), "generator": "x", "documents": None})
    path.write_bytes(content)
    (signed.dist / "release.digest").write_text(f"{Digest.of(content)}\n")
    ended = tool("sign", str(signed.dist), "--key", str(signed.eve))
    assert (ended.status, "error[TB7607]: /generator" in ended.err) == (5, True), ended.err


@pytest.mark.parametrize("name", ["release.dsse.json", "provenance.dsse.json"])
@pytest.mark.parametrize("what", ["link", "directory", "pipe"])
def test_what_is_no_file(tool: Tool, signed: SignedDist, name: str, what: str) -> None:
    """In the place of an envelope: refused before anything is written."""
    path = signed.dist / "signatures" / name
    path.rename(signed.dist.parent / "elsewhere")
    if what == "link":
        path.symlink_to(signed.dist.parent / "elsewhere")
    elif what == "directory":
        path.mkdir()
    else:
        os.mkfifo(path)
    others = {each.name: each.read_bytes() for each in path.parent.iterdir() if each.name != name}
    ended = tool("sign", str(signed.dist), "--key", str(signed.eve))
    assert ended.status in (5, 8), ended.err
    assert {each.name: each.read_bytes() for each in path.parent.iterdir() if each.name != name} == others


def test_what_counts_is_written_last(tool: Tool, signed: SignedDist) -> None:
    """Who is killed, or finds no room, leaves no statement that counts without the files that belong to it."""
    place = signed.dist / "signatures"
    shutil.rmtree(place)
    eve = read_private(signed.eve.read_bytes(), name="eve", passphrase=None).public.keyid
    (place / f"manifest.json.{eve}.sig").mkdir(parents=True)
    assert tool("sign", str(signed.dist), "--key", str(signed.eve)).status != 0
    assert not (place / "release.dsse.json").exists()


def test_after_somebody_was_killed(tool: Tool, signed: SignedDist) -> None:
    """What a killed run was writing is in nobody's way; what only looks like it stays, and is named."""
    place = signed.dist / "signatures"
    (place / ".release.dsse.json.a_b1c2d3").write_bytes(b"{")
    ended = tool("sign", str(signed.dist), "--key", str(signed.eve))
    assert ended.status == 0, ended.err
    assert not [path for path in place.iterdir() if path.name.startswith(".")]
    (place / ".other.json.a_b1c2d3").write_bytes(b"{")
    ended = tool("sign", str(signed.dist), "--key", str(signed.eve))
    assert (ended.status, ".other.json.a_b1c2d3 was added" in ended.err) == (5, True), ended.err


def test_while_another_signs(signed: SignedDist, monkeypatch: pytest.MonkeyPatch) -> None:
    """What somebody is writing, who is done when their turn has ended, was not added by anybody; what stays was."""
    for name in ("signatures/.release.dsse.json.a_b1c2d3", "approvals/.x.dsse.json.a_b1c2d3", ".run.json.a_b1c2d3"):
        path = signed.dist / name

        def done(directory: Path, path: Path = path) -> AbstractContextManager[None]:
            path.unlink()
            return alone_in(directory)

        path.parent.mkdir(exist_ok=True)
        path.touch()
        with pytest.raises(IntegrityError, match="was added"):
            check_release(read_release(signed.dist))
        with monkeypatch.context() as patch:
            patch.setattr(validating, "alone_in", done)
            assert check_release(read_release(signed.dist)) > 4


def test_one_signature_too_many(tool: Tool, signed: SignedDist) -> None:
    """What nobody could read again is not written."""
    path = signed.dist / "signatures" / "release.dsse.json"
    document = json.loads(path.read_bytes())
    junk = [{"keyid": f"{number:064x}", "sig": ""} for number in range(98)]
    document["signatures"] = sorted((*document["signatures"], *junk), key=lambda each: str(each["keyid"]))
    path.write_text(json.dumps(document))
    before = _files(signed.dist)
    ended = tool("sign", str(signed.dist), "--key", str(signed.eve))
    assert (ended.status, "error[TB8611]" in ended.err) == (8, True), ended.err
    assert _files(signed.dist) == before


def test_no_other_program_is_told_a_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variables of signing, and the one that holds the key, reach no other program."""
    environment = {
        "PATH": "/bin",
        "TWINBUILD_SIGNING_KEY": "env:RELEASE_PEM",
        "TWINBUILD_KEY_PASSPHRASE": "hunter2",
        "RELEASE_PEM": "a key",
    }
    assert without_keys(environment) == {"PATH": "/bin"}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("TWINBUILD_STORE", str(tmp_path / "store"))
    with session(beside=tmp_path) as machine:
        assert machine.environment["PATH"] == "/bin"
        assert not {"TWINBUILD_SIGNING_KEY", "TWINBUILD_KEY_PASSPHRASE", "RELEASE_PEM"} & machine.environment.keys()

"""``pipeline.governing.drafting``: the next document, signed in turn, in force at once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from fakes.governed import NOW, POLICY, organisation
from twinbuild.errors import PolicyRefused, UsageError
from twinbuild.govern.keys import new_key
from twinbuild.govern.rootedits import with_key, with_role, without_key
from twinbuild.govern.signer import KeySigner
from twinbuild.model.digest import Digest
from twinbuild.model.trust import TrustRoot
from twinbuild.pipeline.governing.drafting import begin_root, change_root, read_draft, sign_draft

_OTHER = f"{POLICY}    approvals: 2\n".encode()


def _same(_: TrustRoot) -> bytes:
    return b""


def _later(root: TrustRoot) -> TrustRoot:
    return replace(root, expires=root.expires + 1)


def test_in_turn(tmp_path: Path) -> None:
    """One after the other; a change takes the signatures off; the one before stays until enough have signed."""
    ours = organisation(tmp_path)
    assert len(change_root(ours.directory, _later, now=NOW, policy=_same).missing) == 2
    assert len(sign_draft(ours.directory, ours.signer("rosa")).missing) == 2
    assert sign_draft(ours.directory, ours.signer("rosa")).missing  # the same person again
    change_root(ours.directory, _later, now=NOW, policy=lambda _: _OTHER)
    draft = read_draft(ours.directory)
    assert draft is not None
    assert (draft.root.version, "2 people" in draft.missing[0], ": 0" in draft.missing[0]) == (3, True, True)
    assert ours.open().policy != _OTHER
    for who in ("ruth", "rosa"):
        drafted = sign_draft(ours.directory, ours.signer(who))
    assert (drafted.missing, drafted.path.name) == ((), "3.root.json")
    assert (ours.open().policy, read_draft(ours.directory)) == (_OTHER, None)


def test_who_may_sign(tmp_path: Path) -> None:
    """Nobody without the role; nothing where there is no draft."""
    ours = organisation(tmp_path)
    with pytest.raises(UsageError) as raised:
        sign_draft(ours.directory, ours.signer("rosa"))
    assert raised.value.findings[0].code == "TB8800"
    change_root(ours.directory, _later, now=NOW, policy=_same)
    with pytest.raises(UsageError) as raised:
        sign_draft(ours.directory, ours.signer("ada"))
    assert raised.value.findings[0].code == "TB8809"


def test_a_draft_that_took_days(tmp_path: Path) -> None:
    """A key that came into the draft later signs it, and one that was revoked in it later does not."""
    ours, eva, later = organisation(tmp_path), KeySigner(new_key("ed25519")), NOW + 86400
    change_root(ours.directory, _later, now=NOW, policy=_same)

    def handed_over(root: TrustRoot) -> TrustRoot:
        root = with_role(with_key(root, "eva", eva.public, since=later), "root", ("rosa", "ruth", "eva"), 2)
        return without_key(root, ours.keyid("ruth"), at=later, reason="in wrong hands")

    change_root(ours.directory, handed_over, now=later, policy=_same)
    for signer in (ours.signer("ruth"), ours.signer("rosa")):
        drafted = sign_draft(ours.directory, signer)
    assert drafted.missing == ("2 people of the document itself (version 3): 1 (rosa)",)
    assert sign_draft(ours.directory, eva).missing == ()


def test_what_was_looked_at(tmp_path: Path) -> None:
    """A draft that was changed after it was shown, and one whose policy is another one, are not signed."""
    ours = organisation(tmp_path)
    place = ours.directory
    change_root(place, lambda root: root, now=NOW, policy=lambda _: POLICY.encode())
    shown = read_draft(place)
    assert shown is not None
    change_root(place, lambda root: replace(root, expires=root.expires + 1), now=NOW, policy=lambda _: b"")
    for expected in (shown.digest, "x"):
        with pytest.raises(PolicyRefused, match="TB8879"):
            sign_draft(place, ours.signer("rosa"), expected=expected)
    policy = place / "3.policy.yaml"
    policy.write_text(POLICY + "    approvals: 0\n", encoding="utf-8")
    with pytest.raises(PolicyRefused, match="TB8806"):
        sign_draft(place, ours.signer("rosa"))
    policy.write_text(POLICY, encoding="utf-8")
    changed = read_draft(place)
    assert changed is not None
    for who in ("rosa", "ruth"):
        signed = sign_draft(place, ours.signer(who), expected=changed.digest)
    assert (signed.missing, signed.digest) == ((), changed.digest)


def test_rules_beside_a_draft(tmp_path: Path) -> None:
    """A new policy is signed with the files of Rego that it names, and no others; one in force is in nobody's way."""
    ours = organisation(tmp_path)
    place, text = ours.directory, "package main\n"
    digest = Digest.of(text.encode()).hex
    named = f"{POLICY}rego: [{{name: house, stages: ['*'], files: [{{file: a.rego, sha256: {digest}}}]}}]\n"
    change_root(place, _later, now=NOW, policy=lambda _: named.encode(), beside=(("a.rego", text.encode()),))
    lying = place / "3.a.rego"
    for content in (None, "package other\n"):
        lying.unlink(missing_ok=True)
        if content is not None:
            lying.write_text(content, encoding="utf-8")
        with pytest.raises(PolicyRefused, match="TB8897"):
            sign_draft(place, ours.signer("rosa"))
    lying.write_text(text, encoding="utf-8")
    for who in ("rosa", "ruth"):
        sign_draft(place, ours.signer(who))
    lying.unlink()
    change_root(place, _later, now=NOW, policy=_same)
    assert sign_draft(place, ours.signer("rosa")).root.version == 4
    change_root(place, _later, now=NOW, policy=lambda _: POLICY.replace("[deployer]", "[nobody]").encode())
    with pytest.raises(PolicyRefused, match="TB8820"):
        sign_draft(place, ours.signer("rosa"))


def test_begun_once(tmp_path: Path) -> None:
    """Nobody begins another one in its place."""
    ours = organisation(tmp_path)
    with pytest.raises(UsageError):
        begin_root(ours.directory, ours.open().root, policy=_same)
    for place in (tmp_path / "none", tmp_path / "empty"):
        if place.name == "empty":
            place.mkdir()
        with pytest.raises(UsageError):
            change_root(place, _later, now=NOW, policy=_same)


def test_no_draft_by_link(tmp_path: Path) -> None:
    """A link in its place is refused."""
    ours = organisation(tmp_path)
    (ours.directory / "3.draft.json").symlink_to("2.root.json")
    with pytest.raises(PolicyRefused):
        read_draft(ours.directory)


def test_a_bad_policy_leaves_all(tmp_path: Path) -> None:
    """Where the policy is refused nothing is written."""
    ours = organisation(tmp_path)

    def refused(_: TrustRoot) -> bytes:
        raise PolicyRefused.of("TB8820", "x", hint="y")

    with pytest.raises(PolicyRefused):
        change_root(ours.directory, _later, now=NOW, policy=refused)
    assert sorted(path.name for path in ours.directory.iterdir()) == ["1.root.json", "2.policy.yaml", "2.root.json"]

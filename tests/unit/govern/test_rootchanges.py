"""``govern.rootchanges``: nothing that a document changes goes without a line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from fakes.governed import NOW, YEAR, organisation
from fakes.tokens import Mint, pinned
from twinbuild.govern.keys import new_key
from twinbuild.govern.rootchanges import changes
from twinbuild.govern.rootedits import next_root, with_key, with_policy, with_role, without_key
from twinbuild.govern.tokens.edits import with_identity, with_issuer, without


def test_each(tmp_path: Path) -> None:
    """A key that comes, goes, or is revoked or unrevoked; a role; the policy; the expiry; and a draft of nothing."""
    ours = organisation(tmp_path)
    root = ours.open().root
    grace, short = ours.keyid("grace"), f"{ours.keyid('grace')[:16]}…"
    assert changes(root, next_root(root, now=NOW)) == ()
    assert len(changes(None, root)) == len(root.keys) + len(root.roles) + 2
    added = with_key(root, "mallory", new_key("ed25519").public, since=NOW)
    (line,) = changes(root, added)
    assert "mallory, from 2027-01-15T08:00:00Z" in line
    assert changes(added, root) == (f"{line} -> nothing",)
    revoked = without_key(root, grace, at=NOW, reason="lost")
    (line,) = changes(root, revoked)
    assert line.startswith(f"key {short}: grace,")
    assert line.endswith("revoked as of 2027-01-15T08:00:00Z (lost)")
    (line,) = changes(revoked, root)
    assert not line.endswith("(lost)")
    (line,) = changes(root, with_role(root, "deployer", ("grace",), 1))
    assert line.endswith(f"-> 1 of grace {short}")
    (line,) = changes(root, with_policy(root, "f" * 64))
    assert line.endswith("f" * 64)
    (line,) = changes(root, replace(root, expires=NOW + 2 * YEAR))
    assert line.startswith("expires: 2028")


def test_pinned(tmp_path: Path) -> None:
    """An issuer, each of its keys by what it is, an identity with its claims, a role of it; and what is revoked."""
    root = organisation(tmp_path).open().root
    issued = with_issuer(root, pinned(Mint()), now=NOW)
    lines = changes(root, issued)
    assert len(lines) == 1 + len(Mint().kinds)
    assert lines[0] == "issuer ci: https://tokens.example, for twinbuild, from 2027-01-15T08:00:00Z"
    known = with_identity(issued, "zoe", "ci", (("ref", "main"), ("sub", "zoe")), since=NOW)
    (line,) = changes(issued, known)
    assert "zoe, ci with ref=main, sub=zoe, from 2027" in line
    (line,) = changes(known, with_role(known, "deployer", ("zoe",), 1))
    assert line.endswith(f"-> 1 of zoe {known.identities[0].keyid[:16]}…")
    for what in ("ci", "ci/one", known.identities[0].keyid):
        (line,) = changes(known, without(known, what, at=NOW, reason="lost"))
        assert line.endswith("revoked as of 2027-01-15T08:00:00Z (lost)")
    key = issued.issuers[0].keys[0]
    other = replace(key, pem=issued.issuers[0].keys[1].pem)
    swapped = replace(issued, issuers=(replace(issued.issuers[0], keys=(other, *issued.issuers[0].keys[1:])),))
    assert len(changes(issued, swapped)) == 1


def test_alike(tmp_path: Path) -> None:
    """Of two identities whose ids begin alike, which can be made so, each has its line."""
    root = with_issuer(organisation(tmp_path).open().root, pinned(Mint()), now=NOW)
    known = with_identity(root, "zoe", "ci", (("sub", "zoe"),), since=NOW)
    (one,) = known.identities
    alike = replace(one, keyid=one.keyid[:32] + "0" * 32, claims=(("sub", "mallory"),))
    lines = changes(root, replace(known, identities=(alike, one)))
    assert [each for each in ("sub=zoe", "sub=mallory") if not any(each in line for line in lines)] == []

"""``govern.rootchanges``: nothing that a document changes goes without a line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from fakes.governed import NOW, YEAR, organisation
from twinbuild.govern.keys import new_key
from twinbuild.govern.rootchanges import changes
from twinbuild.govern.rootedits import next_root, with_key, with_policy, with_role, without_key


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

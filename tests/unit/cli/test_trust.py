"""``twinbuild trust`` and ``key rotate|revoke``: a trust root begun, signed in turn, changed, shown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fakes.governed import POLICY
from fakes.signed import key_file
from fakes.tool import Tool, tool
from twinbuild.govern.keys import new_key

__all__ = ["tool"]


def _keys(*names: str) -> None:
    for name in names:
        key_file(Path(name), new_key("ed25519"))


def _sign(tool: Tool, *names: str) -> str:
    for name in names:
        ended = tool("trust", "sign", "trust", "--key", name)
        assert ended.status == 0, ended.err
    return ended.out


def test_begun(tool: Tool) -> None:
    """Two people sign the first document, then one with roles and a policy; each is in force once both have."""
    _keys("rosa", "ruth", "ada")
    begun = tool("trust", "init", "trust", "--root", "Rosa=rosa.pub", "--root", "Ruth=ruth.pub", "--threshold", "2")
    assert begun.out.splitlines() == [
        "draft    trust/1.draft.json, version 1",
        "needs    2 people of the document itself (version 1): 0",
    ]
    told = tool("trust", "show", "trust").out.splitlines()
    *told, digest = told
    assert [line for line in told if not line.startswith("change ")] == begun.out.splitlines()
    assert digest.startswith("digest   sha256:")
    ended = tool("trust", "sign", "trust", "--key", "rosa", "--expect", f"sha256:{'0' * 64}")
    assert (ended.status, "error[TB8879]" in ended.err) == (8, True), ended.err
    assert len(told) == len(begun.out.splitlines()) + 4, told  # who signs sees two keys, the role, and the expiry
    assert "1 (Rosa)" in _sign(tool, "rosa")
    signed = _sign(tool, "ruth").splitlines()
    assert signed[0] == "in force trust/1.root.json, version 1"
    assert signed[1:] == [line for line in told if line.startswith("change ")]
    Path("policy.yaml").write_text(POLICY)
    ended = tool("trust", "update", "trust", "--add", "Ada=ada.pub", "--policy", "policy.yaml")
    assert (ended.status, ended.err.count("TB8820")) == (8, 4), ended.err
    roles = [word for name in ("creator", "approver", "deployer") for word in ("--role", f"{name}=Ada")]
    assert tool("trust", "update", "trust", "--add", "Ada=ada.pub", "--policy", "policy.yaml", *roles).status == 0
    _sign(tool, "rosa", "ruth")
    shown = tool("trust", "show", "trust").out
    assert "role     approver: 1 of Ada\n" in shown
    assert "policy   2.policy.yaml  sha256:" in shown
    found = json.loads(tool("trust", "show", "trust", "--json").out)
    assert (found["version"], found["expired"], found["draft"]) == (2, False, None)


def test_rotated_and_revoked(tool: Tool) -> None:
    """A key of the root itself: the old one signs for before, the new one for the next; then it signs no more."""
    _keys("old", "new", "other")
    tool("trust", "init", "trust", "--root", "Rosa=old.pub", "--root", "Ruth=other.pub")
    _sign(tool, "old")
    assert tool("key", "rotate", "old.pub", "new.pub", "--trust", "trust").status == 0
    assert "itself" in _sign(tool, "old")
    assert _sign(tool, "new").startswith("in force")
    assert "; has expired" in tool("trust", "show", "trust").out
    assert tool("key", "revoke", "new.pub", "--trust", "trust", "--reason", "left").status == 0
    assert tool("trust", "sign", "trust", "--key", "new").out.startswith("draft")
    assert _sign(tool, "other").startswith("in force")
    assert "was revoked (left)" in tool("trust", "show", "trust").out
    ended = tool("key", "revoke", "f" * 64, "--trust", "trust", "--reason", "x")
    assert (ended.status, "error[TB8809]" in ended.err) == (2, True)


@pytest.mark.parametrize(
    "arguments",
    [
        ("trust", "init", "trust", "--root", "rosa.pub"),
        ("trust", "init", "trust", "--root", "Rosa=rosa.pub", "--threshold", "2"),
        ("trust", "init", "trust", "--root", "Rosa=rosa.pub", "--expires", "soon"),
        ("trust", "init", "trust", "--root", "Rosa=rosa.pub", "--expires", "2001-01-01"),
        ("trust", "init", "trust", "--root", "Rosa=rosa"),
        ("trust", "init", "trust", "--root", "Rosa=rosa.pub", "--policy", "missing.yaml"),
        ("trust", "update", "trust", "--expires", "1d"),
        ("trust", "show", "trust"),
        ("trust", "sign", "trust", "--key", "rosa"),
        ("trust", "rotated", "trust", "vault:a", "--key", "rosa"),
    ],
)
def test_usage(tool: Tool, arguments: tuple[str, ...]) -> None:
    """Said in the first line; nothing half-made lies there."""
    _keys("rosa")
    ended = tool(*arguments)
    assert (ended.status, "error[TB8" in ended.err) == (2, True), ended.err
    assert not list(Path("trust").glob("*.json"))


def test_rotated_secret(tool: Tool) -> None:
    """A statement of the reference."""
    _keys("rosa")
    tool("trust", "init", "trust", "--root", "Rosa=rosa.pub")
    _sign(tool, "rosa")
    ended = tool("trust", "rotated", "trust", "vault:risk/scorer#token", "--key", "rosa")
    assert ended.out.startswith("output   trust/rotations/"), ended.err
    assert tool("trust", "rotated", "trust", "token", "--key", "rosa").status == 2

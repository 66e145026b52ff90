"""From signing to production and back on the command line: every verb, every refusal with its code."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path

import pytest

from fakes.case import staged_once
from fakes.governed import POLICY, Organisation, organisation
from fakes.signed import key_file
from fakes.tool import Tool, tool
from twinbuild.govern.rootedits import without_key

__all__ = ["staged_once", "tool"]

TO = ("--to", "production", "--trust", "organisation/trust", "--record", "record", "--output", "out")
CHECK = ("--trust", "organisation/trust", "--stage", "production")
LOG = ("--audit", "log", "--audit-key", "bot")


def _begun(tool: Tool, staged_once: Path) -> Organisation:
    ours = organisation(Path("organisation"), now=int(time.time()))
    for who, key in ours.keys.items():
        key_file(Path(who), key)
    shutil.copytree(staged_once, "dist")
    for version in ("1.0.0", "1.1.0"):
        assert tool("sign", f"dist/tiny-{version}", "--key", "ada").status == 0
    assert tool("audit", "new", "log", "--origin", "example.com/log", "--key", "bot").status == 0
    return ours


def _approve(tool: Tool, version: str, who: str) -> int:
    return tool("approve", f"dist/tiny-{version}", *CHECK, "--key", who, *LOG, "--reason", "looked at it").status


def _archive(tool: Tool, staged_once: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first release, as it was signed and approved; its directory goes."""
    shutil.copytree(staged_once.parent, "source", ignore=shutil.ignore_patterns("dist"))
    spec = Path("source", "release.yaml")
    spec.write_text(spec.read_text().replace("  version: 1.1.0\n  team", "  version: 1.0.0\n  team"))
    words = ("archive", "add", "dist/tiny-1.0.0", "--spec", str(spec), "--archive", "archive", "--without-tool")
    with monkeypatch.context() as patch:
        patch.setenv("TWINBUILD_STORE", str(staged_once.parent.parent / "store"))
        assert tool(*words).status == 0
    shutil.rmtree("dist/tiny-1.0.0")


@pytest.mark.slow
def test_story(tool: Tool, staged_once: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Verified, refused, approved, promoted, rolled back; then the approver's key is revoked."""
    ours = _begun(tool, staged_once)
    first, second = "dist/tiny-1.0.0", "dist/tiny-1.1.0"
    ended = tool("verify-release", first, "--trust", "organisation/trust", "--trust-version", "2")
    assert "trusted  ada, creator in version 2 of organisation/trust\n" in ended.out, ended.err
    assert tool("verify-release", first).status == 2
    assert tool("verify-release", first, *CHECK[:2], "--role", "").status == 8  # of a variable that nobody set
    assert tool("verify-release", first, *CHECK[:2], "--key", "ada.pub").status == 2
    found = json.loads(tool("verify-release", first, *CHECK[:2], "--json").out)
    assert (found["people"], found["role"], found["trust"]) == (["ada"], "creator", 2)

    ended = tool("policy", "check", first, *CHECK)
    assert (ended.status, "error[TB8831]: needs/approvals: 0 of 1" in ended.err) == (8, True), ended.err
    assert "refused  needs/approvals" in ended.out
    ended = tool("promote", first, *TO, "--key", "linus", *LOG)
    assert (ended.status, "error[TB8831]" in ended.err) == (8, True)
    asked = (("1.0.0", "linus"), ("1.0.0", "grace"), ("1.1.0", "grace"))
    assert [_approve(tool, *each) for each in asked] == [8, 0, 0]
    assert json.loads(tool("policy", "check", first, *CHECK, "--json").out)["allowed"] is True
    assert tool("validate", first).status == 0

    for dist in (first, second):
        ended = tool("promote", dist, *TO, "--key", "linus", *LOG)
        assert ended.status == 0, ended.err
    assert ended.out.splitlines()[-2:] == ["record   step 2 of tiny in production", ended.out.splitlines()[-1]]
    shutil.copy("log/checkpoint", "kept")
    kept = ("--audit", "log", "--audit-checkpoint", "kept")
    for more, status, known in ((kept, 0, True), (kept[:2], 0, False), (kept[2:], 2, True)):
        ended = tool("verify-release", first, *CHECK[:2], *more)
        assert (ended.status, "unknown whether entries of log are gone" not in ended.err) == (status, known), ended.err
    _archive(tool, staged_once, monkeypatch)
    ended = tool(
        "rollback", *TO, "--key", "linus", "--archive", "archive", *LOG, *kept[2:], "--reason", "late", "--json"
    )
    assert json.loads(ended.out)["version"] == "1.0.0", ended.err
    actions = [json.loads(tool("audit", "log", "log", "--json").out)["entries"][index]["action"] for index in range(6)]
    assert actions == ["refused", "approved", "approved", "promoted", "promoted", "rolled-back"]

    ours.change(
        lambda root: without_key(root, ours.keyid("grace"), at=int(time.time()), reason="left"), now=int(time.time())
    )
    ended = tool("policy", "check", second, *CHECK)
    assert (ended.status, "was revoked (left)" in ended.err) == (8, True), ended.err
    (ours.directory / "3.root.json").unlink()
    ended = tool("policy", "check", second, *CHECK)
    assert (ended.status, "error[TB8804]" in ended.err) == (8, True), ended.err


@pytest.mark.slow
def test_logged_approval(tool: Tool, staged_once: Path) -> None:
    """An approval that was logged before its key expired still counts with the log, and not without."""
    ours = _begun(tool, staged_once)
    assert _approve(tool, "1.0.0", "grace") == 0
    later = int(time.time()) + 1
    ours.change(lambda root: without_key(root, ours.keyid("grace"), at=later, reason="left"), now=int(time.time()))
    ahead = ("--at", "2h")
    assert tool("policy", "check", "dist/tiny-1.0.0", *CHECK, *ahead).status == 8
    ended = tool("policy", "check", "dist/tiny-1.0.0", *CHECK, *ahead, "--audit", "log")
    assert ended.status == 0, ended.err


def test_edited_policy(tool: Tool, staged_once: Path) -> None:
    """Whoever edits the rules edits them in vain."""
    ours = _begun(tool, staged_once)
    (ours.directory / "2.policy.yaml").write_text(POLICY + "    approvals: 0\n")
    ended = tool("promote", "dist/tiny-1.0.0", *TO, "--key", "linus")
    assert (ended.status, "error[TB8806]" in ended.err) == (8, True), ended.err

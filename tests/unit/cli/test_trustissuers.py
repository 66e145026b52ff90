"""Tokens of OpenID Connect on the command line: an issuer is pinned, a token approves, promotes, and is revoked."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path

import pytest

from fakes.case import staged_once
from fakes.governed import Organisation, organisation
from fakes.signed import key_file
from fakes.tokens import URL, Mint
from fakes.tool import Tool, tool

__all__ = ["staged_once", "tool"]

_DIST = "dist/tiny-1.0.0"
_TRUST = ("--trust", "organisation/trust")
_CHECK = (*_TRUST, "--stage", "production")
_LOG = ("--audit", "log", "--audit-key", "bot")


def _sign(tool: Tool) -> str:
    for who in ("rosa", "ruth"):
        ended = tool("trust", "sign", "organisation/trust", "--key", who)
        assert ended.status == 0, ended.err
    return ended.out


def _begun(tool: Tool, place: Path) -> Organisation:
    """A signed release, and a trust root with the issuer ci, whose subject grace is zoe's: she approves."""
    ours = organisation(Path("organisation"), now=int(time.time()))
    for who, key in ours.keys.items():
        key_file(Path(who), key)
    shutil.copytree(place, "dist")
    assert tool("sign", _DIST, "--key", "ada").status == 0
    assert tool("audit", "new", "log", "--origin", "example.com/log", "--key", "bot").status == 0
    mint = Mint()
    Path("jwks.json").write_text(json.dumps({"keys": [mint.jwk("one"), {**mint.jwk("two"), "use": "enc"}]}))
    pin = ("trust", "issuer", "organisation/trust", "ci", "--url", URL, "--jwks", "jwks.json")
    ended = tool(*pin)
    assert ended.status == 0, ended.err
    assert ended.out.splitlines()[-1] == "left out two: not for signatures"
    who = ("trust", "identity", "organisation/trust", "zoe", "--issuer", "ci", "--claim", "sub=grace")
    assert tool(*who).status == 0
    assert tool("trust", "update", "organisation/trust", "--role", "approver=ada,grace,zoe").status == 0
    changed = _sign(tool)
    assert f"change   issuer ci: {URL}, for twinbuild, from " in changed
    assert "change   issuer ci, key one: ES256 " in changed
    assert "zoe, ci with sub=grace, from " in changed
    return ours


def _token(tool: Tool, **claims: object) -> str:
    ended = tool("approve", _DIST, *_CHECK, "--audience", "ci")
    assert ended.status == 0, ended.err
    token = Mint().token(ended.out.strip(), now=int(time.time()), **claims).decode()
    Path("token").write_text(f"{token}\n")
    return token


@pytest.mark.slow
def test_story(tool: Tool, staged_once: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Approved by a token, logged, promoted; then the key is revoked: what was logged before still counts."""
    _begun(tool, staged_once)
    shown = tool("trust", "show", "organisation/trust").out
    assert f"issuer   ci  {URL}, for twinbuild, from " in shown
    assert "pinned   ci/one  ES256, from " in shown
    assert "role     approver: 1 of ada, grace, zoe\n" in shown

    token = _token(tool)
    monkeypatch.setenv("THE_TOKEN", f" {token}\n")
    ended = tool("approve", _DIST, *_CHECK, "--token", "env:THE_TOKEN", "--json")
    assert json.loads(ended.out)["who"] == "zoe", ended.err
    ended = tool("approve", _DIST, *_CHECK, "--token", "token", *_LOG, "--reason", "model review 17")
    assert (ended.status, "approved for production by zoe, approver\n" in ended.out) == (0, True), ended.err
    (kept,) = Path(_DIST, "approvals").iterdir()
    assert (kept.read_text(), kept.suffix) == (token, ".jwt")
    (entry,) = json.loads(tool("audit", "log", "log", "--json").out)["entries"]
    stage, policy, *said = entry["details"].split(" ", 2)
    assert (stage, policy[:14]) == ("stage=production", "policy=sha256:")
    assert said == [f"token={kept.name.split('.')[1]} model review 17"]
    for log, status in (((), 8), (("--audit", "log"), 0)):  # a day later the token has expired
        ended = tool("policy", "check", _DIST, *_CHECK, "--at", "1d", *log)
        assert ended.status == status, ended.err
    assert tool("validate", _DIST).status == 0

    revoke = ("trust", "revoke", "organisation/trust", "ci/one", "--reason", "stolen", "--at")
    assert tool(*revoke, "2020-01-01").status == 0
    assert "revoked as of 2020-01-01T00:00:00Z (stolen)" in _sign(tool)
    ended = tool("policy", "check", _DIST, *_CHECK, "--audit", "log")
    assert (ended.status, "which was revoked (stolen)" in ended.err) == (8, True), ended.err
    assert not any(token[:20] in text for text in (ended.out, ended.err, shown))


def test_promoted(tool: Tool, staged_once: Path) -> None:
    """A step that a token approved; an approval of the same person by a key as well would be no second one."""
    _begun(tool, staged_once)
    _token(tool)
    assert tool("audit", "new", "other", "--origin", "example.com/other", "--key", "ada").status == 0
    ended = tool("approve", _DIST, *_CHECK, "--token", "token", "--audit", "other", "--audit-key", "ada")
    assert ended.status == 8, ended.err  # such a log proves nothing later, when no token is to be had again
    assert not Path(_DIST, "approvals").exists()
    ended = tool("approve", _DIST, *_CHECK, "--token", "token")
    assert (ended.status, "it counts until the token expires" in ended.err) == (0, True)
    to = ("--to", "production", *_TRUST, "--record", "record", "--output", "out")
    ended = tool("promote", _DIST, *to, "--key", "linus", *_LOG)
    assert (ended.status, "passed   needs/approvals: 1 of 1 people approved it for production: zoe\n" in ended.out) == (
        0,
        True,
    ), ended.err


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("--token", "token", "--key", "ada"), 2, "got --token and a key"),
        (("--token", "token", "--reason", "why"), 2, "has no place for --reason"),
        (("--token", "token", *_LOG, "--reason", f"ghp_{'a1B2' * 9}"), 2, "looks like a credential"),
        (("--key", "grace", *_LOG, "--reason", f"ghp_{'a1B2' * 9}"), 2, "looks like a credential"),
        (("--token", "nowhere"), 2, "error[TB8877]"),
        (("--token", "."), 2, "error[TB8877]"),
        (("--token", "env:NOT_SET"), 2, "error[TB8877]"),
        (("--token", "large"), 2, "error[TB8877]"),
        (("--token", "late"), 8, "error[TB8874]: the token has expired"),
        (("--token", "staged"), 8, "error[TB8873]: the token is for sha256:"),
        (("--token", "eve"), 8, "error[TB8875]"),
        (("--token", "text"), 8, "error[TB8870]"),
        (("--audience", "other"), 2, "has no issuer 'other', only ci"),
    ],
)
def test_refused(tool: Tool, staged_once: Path, arguments: tuple[str, ...], status: int, said: str) -> None:
    """Each with its code; nothing is written, and no token is printed."""
    _begun(tool, staged_once)
    token, now = _token(tool), int(time.time())
    audience = tool("approve", _DIST, *_CHECK, "--audience", "ci").out.strip()
    Path("large").write_text("x" * 20000)
    Path("late").write_bytes(Mint().token(audience, now=now - 300))
    Path("staged").write_bytes(Mint().token(audience.replace(":production", ":staging"), now=now))
    Path("eve").write_bytes(Mint().token(audience, now=now, sub="eve"))
    Path("text").write_text("no token")
    ended = tool("approve", _DIST, *_CHECK, *arguments)
    assert (ended.status, said in ended.err) == (status, True), ended.err
    assert token[:20] not in ended.err
    assert not Path(_DIST, "approvals").exists()


def test_given_itself(tool: Tool) -> None:
    """A token in the place of its file's name is not printed, and others could have seen it."""
    token = Mint().token("x").decode()
    ended = tool("approve", ".", *_CHECK[2:], "--trust", ".", "--token", token)
    assert (ended.status, token[:20] in ended.err) == (2, False)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("issuer", "ci", "--url", URL, "--jwks", "nowhere"), "TB8876"),
        (("issuer", "ci", "--url", URL, "--jwks", "private"), "TB8876"),
        (("issuer", "ci", "--url", "http://tokens.example", "--jwks", "jwks"), "TB8809"),
        (("issuer", "C/I", "--url", URL, "--jwks", "jwks"), "TB8809"),
        (("identity", "zoe", "--issuer", "ci", "--claim", "sub=x"), "TB8809"),
        (("identity", "zoe", "--issuer", "ci", "--claim", "sub"), "TB8001"),
        (("identity", "zoe", "--issuer", "ci", "--claim", "=x"), "TB8001"),
        (("revoke", "ci", "--reason", "x"), "TB8809"),
    ],
)
def test_not_pinned(tool: Tool, arguments: tuple[str, ...], code: str) -> None:
    """What cannot be put into a document, before anybody signs it."""
    organisation(Path("organisation"), now=int(time.time()))
    Path("jwks").write_bytes(Mint().jwks)
    Path("private").write_text(json.dumps({"keys": [{**Mint().jwk("one"), "d": "AQAB"}]}))
    ended = tool("trust", arguments[0], "organisation/trust", *arguments[1:])
    assert (ended.status, f"error[{code}]" in ended.err) == (2, True), ended.err
    assert not list(Path("organisation/trust").glob("*.draft.json"))

"""``pipeline.governing.tokens``: a token approves one release for one stage, and counts when it was there in time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fakes.case import Case
from fakes.governed import NOW, POLICY
from fakes.tokens import Mint, trusting
from twinbuild.codec.auditentry import Entry
from twinbuild.errors import IntegrityError, TwinbuildError, UsageError
from twinbuild.govern.rootedits import with_role
from twinbuild.govern.tokens.edits import with_identity, without
from twinbuild.model.digest import Digest
from twinbuild.pipeline.governing.approved import Approved
from twinbuild.pipeline.governing.checking import policy_of
from twinbuild.pipeline.governing.logged import Logged
from twinbuild.pipeline.governing.tokens import approve_by_token, said_of
from twinbuild.pipeline.reading.validating import check_release

_MINT = Mint()
_LATER = NOW + 86400


def _case(case: Callable[..., Case], text: str | None = None) -> Case:
    found = case(text)
    trusting(found.ours, _MINT)
    return found


def _audience(found: Case, stage: str = "production") -> str:
    return f"twinbuild:{found.release.digest}:{stage}"


def _approve(found: Case, content: bytes, *, stage: str = "production", now: int = NOW, **more: Any) -> Approved:
    trusted = found.ours.open(now=now)
    rules = policy_of(trusted).value
    return approve_by_token(found.release, content, trusted.root, rules, stage=stage, now=now, **more)


def _logged(found: Case, approved: Approved, *, at: int = NOW, said: str = "") -> Logged:
    assert approved.actor is not None
    entry = Entry(
        action="approved",
        by=approved.actor.keyid,
        time=at,
        release=str(found.release.digest),
        name="tiny",
        version="1.0.0",
        details=f"stage=production {said or said_of(approved, 'model review')}",
    )
    return Logged(entries=(entry,))


def _code(act: Callable[[], object]) -> str:
    with pytest.raises(TwinbuildError) as raised:
        act()
    message = "".join(f"{each.message}{each.hint}" for each in raised.value.findings)
    assert "eyJ" not in message
    return raised.value.findings[0].code


def test_approved(case: Callable[..., Case]) -> None:
    """By a token of each kind of key: the token is all that is kept, and the release stays what it is."""
    found = _case(case)
    for kid in _MINT.kinds:
        token = _MINT.token(_audience(found), kid=kid)
        approved = _approve(found, token)
        assert approved.path.read_bytes() == token
        assert approved.path.name.startswith("production.")
        assert approved.actor is not None
        assert (approved.actor.who, approved.actor.roles) == ("grace", ("approver",))
    assert check_release(found.release) > 4
    assert "needs/approvals" not in found.refused()


def test_in_time(case: Callable[..., Case]) -> None:
    """Once it has expired it counts by the log's entry of this very token alone; and never before it was issued."""
    found = _case(case)
    approved = _approve(found, _MINT.token(_audience(found)))
    assert "needs/approvals" not in found.refused(now=NOW + 299)
    assert "needs/approvals" in found.refused(now=NOW + 300)
    fine = _logged(found, approved)
    assert "needs/approvals" not in found.refused(now=_LATER, logged=fine)
    for wrong in (
        _logged(found, approved, said="model review"),
        _logged(found, approved, said=f"token={'0' * 64}"),
        _logged(found, approved, at=NOW + 300),
        _logged(found, approved, at=NOW - 61),
    ):
        assert "needs/approvals" in found.refused(now=_LATER, logged=wrong)
    reason = next(each.reason for each in found.check(now=_LATER).verdicts if each.rule == "needs/approvals")
    assert "has expired at 2027-01-15T08:05:00Z, and no audit log says that it was there before" in reason


def test_replayed(case: Callable[..., Case], tmp_path: Path) -> None:
    """For another release or stage, whether it is given or put there; under another name; in another's place."""
    found = _case(case, POLICY.replace("stages: [production]", "stages: [production, staging]"))
    other = _MINT.token(f"twinbuild:sha256:{'b' * 64}:production")
    staged = _MINT.token(_audience(found, "staging"))
    assert _code(lambda: _approve(found, other)) == "TB8873"
    assert _code(lambda: _approve(found, staged)) == "TB8873"
    path = _approve(found, staged, stage="staging").path
    assert "needs/approvals" in found.refused()
    path.rename(path.with_name(path.name.replace("staging", "production")))
    assert _code(found.check) == "TB8851"
    moved = path.with_name(path.name.replace("staging", "production"))
    moved.write_bytes(other)
    assert _code(found.check) == "TB8851"
    moved.rename(path.with_name(f"production.{Digest.of(other).hex}.jwt"))
    assert _code(found.check) == "TB8851"


def test_one_person(case: Callable[..., Case]) -> None:
    """A key and a token of one person are one approval; of two people, two. Who signed the release is not another."""
    found = _case(case, f"{POLICY}    approvals: 2\n")
    found.approve("grace")
    _approve(found, _MINT.token(_audience(found)))
    _approve(found, _MINT.token(_audience(found), kid="two"))
    verdict = next(each for each in found.check().verdicts if each.rule == "needs/approvals")
    assert (verdict.verdict, verdict.reason) == ("refused", "1 of 2 people approved it for production: grace")
    _approve(found, _MINT.token(_audience(found), sub="zoe"))
    assert "needs/approvals" not in found.refused()

    def signer(root: Any) -> Any:
        root = with_identity(root, "ada", "ci", (("sub", "ada"),), since=NOW - 20)
        return with_role(root, "approver", ("ada", "grace", "zoe"), 1)

    found.ours.change(signer, now=NOW - 20)
    (found.dist / "approvals" / found.approve("grace").path.name).unlink()
    for path in (found.dist / "approvals").iterdir():
        path.unlink()
    _approve(found, _MINT.token(_audience(found), sub="ada"))
    assert {"needs/two-person", "needs/approvals"} <= set(found.refused())


@pytest.mark.parametrize("what", ["ci", "ci/one", "identity"])
def test_revoked(case: Callable[..., Case], what: str) -> None:
    """Issuer, key or identity: a token counts no more, unless a log had it before."""
    found = _case(case)
    token = _MINT.token(_audience(found))
    approved = _approve(found, token)
    assert approved.actor is not None
    named = approved.actor.keyid if what == "identity" else what
    found.ours.change(lambda root: without(root, named, at=NOW + 10, reason="stolen"), now=NOW - 10)
    assert "needs/approvals" in found.refused(now=NOW + 20)
    assert "needs/approvals" not in found.refused(now=NOW + 20, logged=_logged(found, approved))
    assert "needs/approvals" in found.refused(now=NOW + 20, logged=_logged(found, approved, at=NOW + 11))
    assert _code(lambda: _approve(found, token, now=NOW + 20)) == "TB8874"


def test_strangers(case: Callable[..., Case], tmp_path: Path) -> None:
    """Of no identity, of several people, in no role, of another issuer, by a key that is not pinned."""
    found = _case(case)
    audience = _audience(found)
    assert _code(lambda: _approve(found, _MINT.token(audience, sub="eve"))) == "TB8875"
    assert _code(lambda: _approve(found, Mint(url="https://other.example").token(audience))) == "TB8871"
    assert _code(lambda: _approve(found, Mint(kinds={"nine": "ES256"}).token(audience, kid="nine"))) == "TB8871"
    found.ours.change(
        lambda root: with_identity(root, "zoe", "ci", (("sub", "grace"), ("team", "x")), since=NOW - 30), now=NOW - 30
    )
    both = _MINT.token(audience, team="x")
    assert _code(lambda: _approve(found, both)) == "TB8875"
    assert _approve(found, _MINT.token(audience)).actor is not None
    found.ours.change(lambda root: with_role(root, "approver", ("ada",), 1), now=NOW - 25)
    assert _code(lambda: _approve(found, _MINT.token(audience))) == "TB8852"
    place = tmp_path / "elsewhere"
    place.mkdir()
    stranger = Mint(url="https://other.example").token(audience)
    (place / f"production.{'0' * 64}.jwt").write_bytes(stranger)
    reasons = [each.reason for each in found.check(besides=(place,)).verdicts if each.rule == "needs/approvals"]
    assert "is by nobody of the trust root" in reasons[0]


def test_not_whole(case: Callable[..., Case]) -> None:
    """A release that is not whole nobody approves."""
    found = _case(case)
    token = _MINT.token(_audience(found))
    (found.dist / "Dockerfile").write_text("FROM scratch\n")
    with pytest.raises(IntegrityError):
        _approve(found, token)
    assert not (found.dist / "approvals").exists()


def test_files(case: Callable[..., Case], tmp_path: Path) -> None:
    """A directory that is a link, a file that is one, a token that was cut off; elsewhere is written on request."""
    found = _case(case)
    token = _MINT.token(_audience(found))
    link = tmp_path / "link"
    link.symlink_to(tmp_path)
    with pytest.raises(UsageError):
        _approve(found, token, directory=link)
    path = _approve(found, token, directory=tmp_path / "there").path
    assert path.parent == tmp_path / "there"
    path.write_bytes(token[:-1])
    assert _code(lambda: found.check(besides=(path.parent,))) in ("TB8870", "TB8872")
    path.unlink()
    path.symlink_to("/dev/null")
    assert _code(lambda: found.check(besides=(path.parent,))) == "TB8850"

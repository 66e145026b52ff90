"""Approvals by tokens of OpenID Connect: ``approvals/STAGE.DIGEST.jwt`` is the token itself, and nothing beside it.

The token says by its audience which release goes to which stage, by its claims in whose opinion, and by ``iat`` when.
Nothing that its issuer did not sign is kept. A token lives for minutes; what proves later that it was there in time is
the entry of an audit log with its digest. Its only audience is this approval, so that it serves nobody who copies it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from twinbuild.errors import Location, PolicyRefused
from twinbuild.govern.judging.people import allowed
from twinbuild.govern.tokens.verifying import Bearer, Opened, audience_for, judge_token, opened_token
from twinbuild.model.acts import Approval
from twinbuild.model.governed import Actor
from twinbuild.model.policy import OrganisationPolicy
from twinbuild.model.trust import TrustRoot
from twinbuild.pipeline.governing.approved import (
    AGAIN,
    Approved,
    approvals_place,
    read_approval,
    refuse_stage,
    write_approval,
)
from twinbuild.pipeline.governing.logged import BY_TOKEN, Logged
from twinbuild.pipeline.reading.released import Released
from twinbuild.pipeline.reading.validating import check_release

__all__ = ["approve_by_token", "read_by_token", "said_of"]


def approve_by_token(
    release: Released,
    content: bytes,
    root: TrustRoot,
    policy: OrganisationPolicy,
    *,
    stage: str,
    now: int,
    directory: Path | None = None,
) -> Approved:
    """Keep a token that says that this release may go to a stage, if whose it is may approve.

    Raises UsageError TB8001, TB7003; PolicyRefused TB8852, TB8870 to TB8875; and as ``check_release``.
    """
    refuse_stage(stage)
    place = approvals_place(release, directory)
    opened = opened_token(content, root, name="the token")
    if opened is None:
        known = ", ".join(each.name for each in root.issuers) or "none"
        raise PolicyRefused.of(
            "TB8871",
            f"the token is of no issuer that the trust root has ({known}), or by none of its keys",
            hint="renew the issuer's keys if it has new ones: `twinbuild trust issuer`",
            where="--token",
        )
    if (opened.release, opened.stage) != (str(release.digest), stage):
        raise PolicyRefused.of(
            "TB8873",
            f"the token is for {opened.release} and the stage {opened.stage!r}",
            hint=f"have one issued for {audience_for(opened.issuer, str(release.digest), stage)}",
            where="--token",
        )
    actor = _able(opened, root, policy, judge_token(opened, root, now, logged=False), _metadata(release)["name"])
    check_release(release)
    path = place / f"{stage}.{opened.token.digest.hex}.jwt"
    write_approval(release, path, content)
    return Approved(path=path, approval=_approval(opened, release, actor.role), actor=actor)


def _able(opened: Opened, root: TrustRoot, policy: OrganisationPolicy, bearer: Bearer, name: str) -> Actor:
    if not bearer.identities:
        raise PolicyRefused.of(
            "TB8875",
            f"the token {bearer.objection or 'has not the claims of any identity in the trust root'}",
            hint="compare its claims with `twinbuild trust show`; add one with `twinbuild trust identity`",
            where="--token",
        )
    if bearer.objection:
        hint = "have a new token issued right before it is used"
        raise PolicyRefused.of("TB8874", f"the token {bearer.objection}", hint=hint, where="--token")
    actor = _actor(opened, root, bearer)
    rules = allowed(policy, "approve", name, opened.stage)
    role = next((role for _, rule in rules for role in rule.roles if role in actor.roles), "")
    if not role:
        may = ", ".join(sorted({role for _, rule in rules for role in rule.roles})) or "nobody"
        raise PolicyRefused.of(
            "TB8852",
            f"the token is {actor.who}'s, who has the roles {', '.join(actor.roles) or '(none)'}; for {name} "
            f"and the stage {opened.stage!r} these may approve: {may}",
            hint="let somebody approve who may, or change the policy: `twinbuild trust update`",
            where="--token",
        )
    return _actor(opened, root, bearer, role)


def _actor(opened: Opened, root: TrustRoot, bearer: Bearer, role: str = "") -> Actor:
    """Who is behind a token, with the roles of all of their identities that it is of; aged as the issuer's key is."""
    roles = sorted({role for each in bearer.identities for role in root.roles_of(each.keyid)})
    first = bearer.identities[0]
    return Actor(who=first.who, keyid=first.keyid, roles=tuple(roles), since=opened.key.since, role=role)


def read_by_token(path: Path, release: Released, root: TrustRoot, now: int, logged: Logged) -> Approved:
    """An approval by a token, judged as of when it was logged, or of now.

    Raises PolicyRefused TB8850 for a file that is none, TB8851 for one of another release or under another name,
    TB8870, TB8872, TB8873.
    """
    name = f"{path.parent.name}/{path.name}"
    opened = opened_token(read_approval(path), root, name=name)
    if opened is None:
        return Approved(path=path, approval=None, actor=None)
    stated = f"{opened.stage}.{opened.token.digest.hex}.jwt"
    if opened.release != str(release.digest) or path.name != stated:
        raise PolicyRefused.of(
            "TB8851",
            f"{name} approves {opened.release} for the stage {opened.stage!r}, and lies beside {release.digest} or "
            "under another name",
            hint=AGAIN,
            where=Location(file=str(path)),
        )
    at = logged.tokens(opened.release, opened.stage).get(opened.token.digest.hex)
    bearer = judge_token(opened, root, now if at is None else min(now, at), logged=at is not None)
    if not bearer.identities:
        why = bearer.objection or "is nobody's of the trust root"
        return Approved(
            path=path,
            approval=_approval(opened, release, ""),
            actor=None,
            objection=f"the approval by token {path.name[:40]}… does not count: the token {why}",
        )
    actor = _actor(opened, root, bearer)
    objection = bearer.objection
    return Approved(
        path=path,
        approval=_approval(opened, release, ""),
        actor=actor,
        objection=f"the approval by {actor.who} does not count: the token {objection}" if objection else "",
    )


def said_of(approved: Approved, reason: str) -> str:
    """What an audit log is told beside the stage: which token it was, and why."""
    return f"{BY_TOKEN}{approved.path.name.split('.')[1]} {reason}".strip()


def _metadata(release: Released) -> Any:
    return release.document["metadata"]


def _approval(opened: Opened, release: Released, role: str) -> Approval:
    about = _metadata(release)
    return Approval(
        release=opened.release,
        name=about["name"],
        version=about["version"],
        stage=opened.stage,
        role=role,
        time=opened.token.issued,
    )

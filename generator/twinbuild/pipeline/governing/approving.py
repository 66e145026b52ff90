"""Approvals: signed statements that a release may go to a stage, in the release's ``approvals/`` or elsewhere.

Each is about one release digest and one stage. One that lies beside another release, or bears the name of another stage
or key, is refused, not passed over: somebody tried to use it again.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from twinbuild.codec.acts import decode_approval, encode_approval, reason_fault
from twinbuild.codec.dsse import decode_envelope
from twinbuild.codec.moments import moment_text
from twinbuild.errors import Location, PolicyRefused, UsageError
from twinbuild.govern.acting import opened_act, signed_act
from twinbuild.govern.judging.people import allowed
from twinbuild.govern.signer import Signer
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
from twinbuild.pipeline.governing.logged import Logged
from twinbuild.pipeline.governing.tokens import read_by_token
from twinbuild.pipeline.governing.trustedrelease import objections_of
from twinbuild.pipeline.observed import APPROVALS
from twinbuild.pipeline.reading.attested import APPROVAL, directory_of
from twinbuild.pipeline.reading.released import Released
from twinbuild.pipeline.reading.validating import check_release

__all__ = ["approve_release", "read_approvals", "role_that_may"]

_MOST = 1000  # approvals that are read


def approve_release(
    release: Released,
    signer: Signer,
    *,
    stage: str,
    role: str,
    now: int,
    reason: str = "",
    directory: Path | None = None,
) -> Approved:
    """Sign that this release may go to a stage. A release that is not whole nobody approves.

    Raises UsageError TB8001 for a stage or reason that is none, TB8899 where the approval of another release lies in
    its place, TB7003, TB7004, and as ``check_release`` and the signer do.
    """
    refuse_stage(stage, reason_fault(reason))
    place = approvals_place(release, directory)
    check_release(release)
    metadata: Any = release.document["metadata"]
    approval = Approval(
        release=str(release.digest),
        name=metadata["name"],
        version=metadata["version"],
        stage=stage,
        role=role,
        time=now,
        reason=reason,
    )
    path = place / f"{stage}.{signer.public.keyid}.dsse.json"
    _keep_others(path, approval.release)
    write_approval(release, path, signed_act(encode_approval(approval), signer))
    return Approved(path=path, approval=approval, actor=None)


def _keep_others(path: Path, release: str) -> None:
    """A name says stage and key, and not the release: that of another one would be lost."""
    if not os.path.lexists(path):
        return
    try:
        name = f"{path.parent.name}/{path.name}"
        there = decode_approval(decode_envelope(read_approval(path), name=name).payload, name=name)
    except PolicyRefused:
        return  # it is no approval
    if there.release != release:
        raise UsageError.of(
            "TB8899",
            f"{path} approves another release, {there.name} {there.version} {there.release}, and would be lost",
            hint="give each release a directory of its own: --output DIR",
            where=Location(file=str(path)),
        )


def role_that_may(policy: OrganisationPolicy, root: TrustRoot, keyid: str, *, name: str, stage: str, now: int) -> str:
    """The role in which a key may approve. Raises PolicyRefused TB8852 where it may not."""
    key = root.key(keyid)
    rules = allowed(policy, "approve", name, stage)
    roles = root.roles_of(keyid)
    for _, rule in rules:
        for role in rule.roles:
            if role in roles and key is not None and not key.objection(now):
                return role
    may = ", ".join(sorted({role for _, rule in rules for role in rule.roles})) or "nobody"
    why = "is not in the trust root"
    if key is not None:
        why = key.objection(now) or f"is {key.who}'s, who has the roles {', '.join(roles) or '(none)'}"
    raise PolicyRefused.of(
        "TB8852",
        f"the key {keyid[:16]}… {why}; for {name} and the stage {stage!r} these may approve: {may}",
        hint="let somebody approve who may, or change the policy: `twinbuild trust update`",
        where="--key",
    )


def read_approvals(
    release: Released,
    root: TrustRoot,
    *,
    stage: str,
    now: int,
    logged: Logged,
    besides: tuple[Path, ...] = (),
) -> tuple[Approved, ...]:
    """The approvals of a release for a stage, of its directory and of ``besides``.

    Each is judged as of when ``logged`` has it, or of ``now``. Raises PolicyRefused TB8850 for a file that is none,
    TB8851 for an approval of another release, TB8617 for a forged one, and as ``read_by_token``.
    """
    found = []
    for place in (directory_of(release) / APPROVALS, *besides):
        for path in _files(place):
            if path.suffix == ".jwt":
                approved = read_by_token(path, release, root, now, logged)
            else:
                approved = _read(path, root, now, logged.times("approved", str(release.digest), stage))
                _require_own(approved, release)
            said = path.name.partition(".")[0] if approved.approval is None else approved.approval.stage
            if said == stage:
                found.append(approved)
    return tuple(found)


def _files(place: Path) -> list[Path]:
    if not os.path.lexists(place):
        return []
    if place.is_symlink() or not place.is_dir():
        message = f"{place.name} is no directory"
        raise PolicyRefused.of("TB8850", message, hint=AGAIN, where=Location(file=str(place)))
    found = sorted(path for path in place.iterdir() if APPROVAL.fullmatch(path.name))
    if len(found) > _MOST:
        message = f"{place.name} has {len(found)} approvals, expected at most {_MOST}"
        raise PolicyRefused.of("TB8850", message, hint=AGAIN, where=Location(file=str(place)))
    return found


def _read(path: Path, root: TrustRoot, now: int, logged: dict[str, int]) -> Approved:
    name = f"{path.parent.name}/{path.name}"
    payload, judged = opened_act(read_approval(path), root, now, name=name, logged=logged)
    approval = decode_approval(payload, name=name)
    if judged is None:
        return Approved(path=path, approval=approval, actor=None)
    if path.name != f"{approval.stage}.{judged.key.keyid}.dsse.json":
        message = f"{name} is the approval of {judged.key.who} for the stage {approval.stage!r}, under another name"
        raise PolicyRefused.of("TB8851", message, hint=AGAIN, where=Location(file=str(path)))
    key = judged.key
    return Approved(
        path=path,
        approval=approval,
        actor=Actor(who=key.who, keyid=key.keyid, roles=judged.roles, since=key.since, role=approval.role),
        objection=next(iter(objections_of((judged,), "the approval")), ""),
    )


def _require_own(approved: Approved, release: Released) -> None:
    approval = approved.approval
    assert approval is not None
    if approval.release != str(release.digest):
        raise PolicyRefused.of(
            "TB8851",
            f"{approved.path.name} approves another release: {approval.name} {approval.version} {approval.release} at "
            f"{moment_text(approval.time)}, not {release.digest}",
            hint=AGAIN,
            where=Location(file=str(approved.path)),
        )

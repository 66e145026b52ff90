"""``twinbuild approve``."""

from __future__ import annotations

import json
import os
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from twinbuild.cli.options import NamedPath, act_options, json_option, signer_options
from twinbuild.cli.trusting import trust_options

if TYPE_CHECKING:  # start-up is measured
    from twinbuild.govern.signer import Signer
    from twinbuild.model.trust import TrustRoot
    from twinbuild.pipeline.governing.approved import Approved
    from twinbuild.pipeline.governing.trustdir import Trusted
    from twinbuild.pipeline.reading.released import Released

__all__ = ["command"]


@click.command("approve")
@click.argument("release", metavar="DIST", type=NamedPath(path_type=Path))
@click.option("--stage", required=True, metavar="STAGE", help="Where the release may go.")
@trust_options()
@signer_options
@click.option(
    "--token",
    metavar="FILE|env:NAME",
    help="A token of OpenID Connect in the place of a key: a file, or a variable that holds it.",
)
@click.option(
    "--audience", metavar="ISSUER", help="Print the audience that a token of a pinned issuer must have, and end."
)
@click.option(
    "--output", type=NamedPath(path_type=Path), metavar="DIR", help="Write it there (default: DIST/approvals)."
)
@act_options
@json_option
def command(
    *,
    release: Path,
    stage: str,
    trust: Path,
    trust_version: str | None,
    key: str | None,
    program: str | None,
    public: Path | None,
    token: str | None,
    audience: str | None,
    reason: str,
    output: Path | None,
    audit: Path | None,
    audit_key: str | None,
    audit_kept: tuple[Path, ...],
    as_json: bool,
) -> None:
    """Sign that this very release may go to a stage. It serves for no other release and no other stage.

    The key must have a role that the policy of the trust root lets approve (exit 8), and the policy's rules in Rego
    must let it pass. What is not whole is not approved.
    With --token it is the token that says so: its only audience must be what --audience prints, and it is kept.
    """
    from twinbuild.cli.keyfile import signer_of
    from twinbuild.cli.outcome import shown
    from twinbuild.cli.policy import print_verdicts
    from twinbuild.cli.session import settings_beside
    from twinbuild.cli.trusting import audit_given, opened
    from twinbuild.codec.acts import reason_fault
    from twinbuild.model.digest import Digest
    from twinbuild.pipeline.governing.approved import refuse_stage
    from twinbuild.pipeline.governing.checking import check_approval
    from twinbuild.pipeline.governing.entries import append_act, entry_of
    from twinbuild.pipeline.governing.knowing import Question
    from twinbuild.pipeline.reading.released import read_release

    now = int(time.time())
    _refuse_both(token, (key, program, public), reason, audit)
    refuse_stage(stage, reason_fault(reason))  # before anything is written: what is kept is kept whole
    trusted = opened(trust, trust_version, now=now)
    found = read_release(release)
    if audience is not None:
        _say_audience(trusted.root, audience, str(found.digest), stage, as_json=as_json)
        return
    log, logged = audit_given(audit, audit_key, audit_kept, trusted, now)
    signer = signer_of(key, program, public, os.environ) if token is None else None
    besides = (output,) if output is not None else ()
    question = Question(stage=stage, at=now, action="approve", besides=besides, logged=logged)
    verdicts = check_approval(found, trusted, question, settings_beside(Path.cwd(), os.environ))
    if signer is None:
        assert token is not None
        approved, said = _by_token(found, trusted, token, stage=stage, now=now, directory=output, reason=reason)
    else:
        approved, said = _by_key(found, trusted, signer, stage=stage, now=now, directory=output, reason=reason)
    assert approved.approval is not None
    assert approved.actor is not None
    if log is not None:
        by, policy = approved.actor.keyid, Digest.of(trusted.policy)
        entry = entry_of(found, action="approved", by=by, stage=stage, now=now, said=said, policy=policy)
        append_act(log.directory, log.signer, entry)
    who, role = approved.actor.who, approved.approval.role
    if as_json:
        document = {"release": str(found.digest), "stage": stage, "role": role, "who": who, "file": str(approved.path)}
        click.echo(json.dumps(document))
        return
    click.echo(f"release  {approved.approval.name} {approved.approval.version}  {found.digest}")
    print_verdicts(verdicts)
    click.echo(shown(f"approved for {stage} by {who}, {role}"))
    click.echo(f"output   {shown(approved.path)}")
    if token is not None and audit is None:
        click.echo("it counts until the token expires; with --audit it would count afterwards, too", err=True)


def _by_key(
    release: Released, trusted: Trusted, signer: Signer, *, stage: str, now: int, directory: Path | None, reason: str
) -> tuple[Approved, str]:
    """An approval by a key, and what the log is told."""
    from twinbuild.model.governed import Actor
    from twinbuild.pipeline.governing.approving import approve_release, role_that_may
    from twinbuild.pipeline.governing.checking import policy_of
    from twinbuild.pipeline.governing.knowing import sound

    keyid, name = signer.public.keyid, sound(release)["metadata"]["name"]
    role = role_that_may(policy_of(trusted).value, trusted.root, keyid, name=name, stage=stage, now=now)
    approved = approve_release(release, signer, stage=stage, role=role, now=now, reason=reason, directory=directory)
    key = trusted.root.key(keyid)
    assert key is not None
    actor = Actor(who=key.who, keyid=keyid, roles=trusted.root.roles_of(keyid), since=key.since, role=role)
    return replace(approved, actor=actor), reason


def _by_token(
    release: Released, trusted: Trusted, token: str, *, stage: str, now: int, directory: Path | None, reason: str
) -> tuple[Approved, str]:
    """An approval by a token, and what the log is told."""
    from twinbuild.cli.tokenfile import token_given
    from twinbuild.pipeline.governing.checking import policy_of
    from twinbuild.pipeline.governing.knowing import sound
    from twinbuild.pipeline.governing.tokens import approve_by_token, said_of

    content, policy = token_given(token, os.environ), policy_of(trusted).value
    sound(release)
    approved = approve_by_token(release, content, trusted.root, policy, stage=stage, now=now, directory=directory)
    return approved, said_of(approved, reason)


def _say_audience(root: TrustRoot, name: str, digest: str, stage: str, *, as_json: bool) -> None:
    """Raises UsageError TB8001 for an issuer that is not there and a stage that is none."""
    from twinbuild.errors import UsageError
    from twinbuild.govern.tokens.verifying import audience_for
    from twinbuild.pipeline.governing.approved import refuse_stage

    refuse_stage(stage)
    issuer = root.issuer(name)
    if issuer is None:
        known = ", ".join(each.name for each in root.issuers) or "none"
        hint = "name one of them, or pin it: `twinbuild trust issuer`"
        raise UsageError.of(
            "TB8001", f"the trust root has no issuer {name[:80]!r}, only {known}", hint=hint, where="--audience"
        )
    text = audience_for(issuer, digest, stage)
    click.echo(json.dumps({"audience": text, "issuer": issuer.url}) if as_json else text)


def _refuse_both(token: str | None, keys: tuple[object, ...], reason: str, audit: Path | None) -> None:
    """Raise UsageError TB8001 for a token and a key, and for a reason that nobody would sign."""
    from twinbuild.errors import UsageError

    if token is None:
        return
    if any(each is not None for each in keys):
        hint = "give one of them: an approval is one person's"
        raise UsageError.of("TB8001", "got --token and a key", hint=hint, where="--token")
    if reason and audit is None:
        hint = "give --audit and --audit-key: the log keeps the reason"
        raise UsageError.of("TB8001", "a token has no place for --reason", hint=hint, where="--reason")

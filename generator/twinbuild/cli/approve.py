"""``twinbuild approve``."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import click

from twinbuild.cli.options import NamedPath, act_options, json_option, signer_options
from twinbuild.cli.trusting import trust_options

__all__ = ["command"]


@click.command("approve")
@click.argument("release", metavar="DIST", type=NamedPath(path_type=Path))
@click.option("--stage", required=True, metavar="STAGE", help="Where the release may go.")
@trust_options()
@signer_options
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
    reason: str,
    output: Path | None,
    audit: Path | None,
    audit_key: str | None,
    as_json: bool,
) -> None:
    """Sign that this very release may go to a stage. It serves for no other release and no other stage.

    The key must have a role that the policy of the trust root lets approve (exit 8), and the policy's rules in Rego
    must let it pass. What is not whole is not approved.
    """
    from twinbuild.cli.keyfile import signer_of
    from twinbuild.cli.outcome import shown
    from twinbuild.cli.policy import print_verdicts
    from twinbuild.cli.session import settings_beside
    from twinbuild.cli.trusting import log_signer, opened
    from twinbuild.model.digest import Digest
    from twinbuild.pipeline.governing.approving import approve_release, role_that_may
    from twinbuild.pipeline.governing.checking import check_approval, policy_of
    from twinbuild.pipeline.governing.entries import append_act
    from twinbuild.pipeline.governing.knowing import Question, sound
    from twinbuild.pipeline.released import read_release

    now = int(time.time())
    trusted = opened(trust, trust_version, now=now)
    logger = log_signer(audit, audit_key)
    signer = signer_of(key, program, public, os.environ)
    found = read_release(release)
    role = role_that_may(
        policy_of(trusted).value,
        trusted.root,
        signer.public.keyid,
        name=sound(found)["metadata"]["name"],
        stage=stage,
        now=now,
    )
    besides = (output,) if output is not None else ()
    question = Question(stage=stage, at=now, action="approve", besides=besides)
    verdicts = check_approval(found, trusted, question, settings_beside(Path.cwd(), os.environ))
    approved = approve_release(found, signer, stage=stage, role=role, now=now, reason=reason, directory=output)
    if audit is not None and logger is not None:
        append_act(
            audit,
            logger,
            found,
            action="approved",
            by=signer.public.keyid,
            stage=stage,
            now=now,
            said=reason,
            policy=Digest.of(trusted.policy),
        )
    key_ = trusted.root.key(signer.public.keyid)
    who = key_.who if key_ is not None else ""
    if as_json:
        document = {"release": str(found.digest), "stage": stage, "role": role, "who": who, "file": str(approved.path)}
        click.echo(json.dumps(document))
        return
    click.echo(f"release  {approved.approval.name} {approved.approval.version}  {found.digest}")
    print_verdicts(verdicts)
    click.echo(shown(f"approved for {stage} by {who}, {role}"))
    click.echo(f"output   {shown(approved.path)}")

"""``twinbuild trust``."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from twinbuild.cli.options import NamedPath, json_option, signer_options
from twinbuild.cli.trusting import say_draft
from twinbuild.cli.trustissuers import identity, issuer, revoke

if TYPE_CHECKING:  # start-up is measured
    from twinbuild.model.trust import TrustKey, TrustRoot
    from twinbuild.model.validity import Validity

__all__ = ["command"]

_DIRECTORY = click.argument("directory", metavar="DIR", type=NamedPath(path_type=Path))
_POLICY = click.option(
    "--policy", type=NamedPath(path_type=Path), metavar="FILE", help="The organisation's policy, a policy.yaml."
)


@click.group("trust")
def command() -> None:
    """Keep a trust root: whose keys count for what, and the policy.

    DIR has numbered documents, each signed by enough people of the one before it and of its own role `root`. It lies
    outside of the projects that are judged by it.
    """


command.add_command(issuer)
command.add_command(identity)
command.add_command(revoke)


@command.command("init")
@_DIRECTORY
@click.option("--root", "roots", multiple=True, required=True, metavar="WHO=PUBLIC", help="Who signs; may be repeated.")
@click.option("--threshold", default=1, show_default=True, metavar="N", help="How many of them must sign.")
@click.option("--expires", default="365d", show_default=True, metavar="TIME", help="A day, a time, or how long.")
@_POLICY
@json_option
def init(
    *, directory: Path, roots: tuple[str, ...], threshold: int, expires: str, policy: Path | None, as_json: bool
) -> None:
    """Begin a trust root: a draft of its first document, which these people sign with `trust sign`."""
    from twinbuild.cli.trusting import named_key, time_given
    from twinbuild.govern.rootedits import first_root
    from twinbuild.pipeline.governing.drafting import begin_root

    now = int(time.time())
    keys = tuple(named_key(each, "--root") for each in roots)
    root = first_root(keys, threshold=threshold, now=now, expires=time_given(expires, now, where="--expires"))
    drafted = begin_root(directory, root, policy=lambda root: _policy(policy, root), beside=_beside(policy))
    say_draft(drafted, as_json=as_json)


@command.command("update")
@_DIRECTORY
@click.option("--add", "added", multiple=True, metavar="WHO=PUBLIC", help="Another key, and whose it is.")
@click.option("--until", metavar="TIME", help="When the keys of --add expire: a day, a time, or how long.")
@click.option(
    "--role",
    "roles",
    multiple=True,
    metavar="NAME=WHO,…[:N]",
    help="A role, who has it, and how many of them it takes (1); without anybody it goes.",
)
@click.option("--expires", default="365d", show_default=True, metavar="TIME", help="A day, a time, or how long.")
@_POLICY
@json_option
def update(
    *,
    directory: Path,
    added: tuple[str, ...],
    until: str | None,
    roles: tuple[str, ...],
    expires: str,
    policy: Path | None,
    as_json: bool,
) -> None:
    """Change the draft of the next document, or begin one. It counts once it is signed: `trust sign`."""
    from dataclasses import replace

    from twinbuild.cli.trusting import named_key, named_role, time_given
    from twinbuild.govern.rootedits import with_key, with_role
    from twinbuild.pipeline.governing.drafting import change_root

    now = int(time.time())
    keys = tuple(named_key(each, "--add") for each in added)
    end = time_given(until, now, where="--until") if until is not None else None
    stated = tuple(named_role(each) for each in roles)

    def edit(root: TrustRoot) -> TrustRoot:
        root = replace(root, expires=time_given(expires, now, where="--expires"))
        for who, key in keys:
            root = with_key(root, who, key, since=now, until=end)
        for name, people, threshold in stated:
            root = with_role(root, name, people, threshold)
        return root

    drafted = change_root(directory, edit, now=now, policy=lambda root: _policy(policy, root), beside=_beside(policy))
    say_draft(drafted, as_json=as_json)


@command.command("sign")
@_DIRECTORY
@signer_options
@click.option(
    "--expect",
    "expected",
    default="",
    metavar="DIGEST",
    help="The draft that you looked at, as `trust show` prints it.",
)
@json_option
def sign(
    *, directory: Path, key: str | None, program: str | None, public: Path | None, expected: str, as_json: bool
) -> None:
    """Sign the draft of the next document. It is in force once enough people have.

    What it changes is printed; `trust show` prints it before. With --expect nothing else is signed than what it showed.
    """
    from twinbuild.cli.keyfile import signer_of
    from twinbuild.pipeline.governing.drafting import sign_draft

    signer = signer_of(key, program, public, os.environ)
    say_draft(sign_draft(directory, signer, expected=expected), as_json=as_json, told=True)


@command.command("rotated")
@_DIRECTORY
@click.argument("reference")
@signer_options
@click.option("--at", "moment", metavar="TIME", help="When it was changed: a day, or a time (default: now).")
@json_option
def rotated(
    *,
    directory: Path,
    reference: str,
    key: str | None,
    program: str | None,
    public: Path | None,
    moment: str | None,
    as_json: bool,
) -> None:
    """Sign that a secret was changed: REFERENCE is PROVIDER:REFERENCE, as in vault:risk/scorer#token.

    It is written into DIR/rotations, and counts where the policy lets the key's role `rotate`.
    """
    from twinbuild.cli.keyfile import signer_of
    from twinbuild.cli.outcome import shown
    from twinbuild.cli.trusting import time_given
    from twinbuild.pipeline.governing.rotating import say_rotated

    now = int(time.time())
    at = now if moment is None else time_given(moment, now, where="--at")
    path = say_rotated(directory, reference, signer_of(key, program, public, os.environ), at=at, now=now)
    click.echo(json.dumps({"file": str(path)}) if as_json else f"output   {shown(path)}")


@command.command("show")
@_DIRECTORY
@json_option
def show(*, directory: Path, as_json: bool) -> None:
    """Print the newest document of a trust root whose signatures hold, and the draft of the next one."""
    from twinbuild.cli.outcome import shown
    from twinbuild.codec.moments import moment_text
    from twinbuild.govern.rootchanges import changes
    from twinbuild.govern.rooted import check_chain
    from twinbuild.model.digest import Digest
    from twinbuild.pipeline.governing.drafting import read_draft
    from twinbuild.pipeline.governing.trustdir import document_path, read_chain, read_policy

    now = int(time.time())
    draft = read_draft(directory)
    if draft is not None and not document_path(directory, 1).exists():
        say_draft(draft, as_json=as_json, told=True)
        if not as_json:
            click.echo(f"digest   {draft.digest}")
        return
    chain = read_chain(directory)
    root = check_chain(chain)
    read_policy(directory, root)
    digest = Digest.of(chain[-1][1].payload)
    if as_json:
        document = json.loads(chain[-1][1].payload)
        about = {} if draft is None else {"missing": draft.missing, "changes": changes(root, draft.root)}
        more = {"draft": None if draft is None else {"version": draft.root.version, "digest": draft.digest, **about}}
        click.echo(json.dumps({**document, "digest": str(digest), "expired": now >= root.expires, **more}))
        return
    click.echo(f"trust    version {root.version}, {digest}")
    click.echo(f"{'expired ' if now >= root.expires else 'until   '} {moment_text(root.expires)}")
    for key in root.keys:
        click.echo(_line(key, now))
    for line in _pinned(root, now):
        click.echo(shown(line))
    for role in root.roles:
        people = ", ".join(sorted(root.people(frozenset({*role.keys, *role.identities}))))
        click.echo(f"role     {role.name}: {role.threshold} of {people}")
    if root.policy is not None:
        click.echo(f"policy   {root.policy.file}  sha256:{root.policy.sha256}")
    if draft is not None:
        say_draft(draft, as_json=False, told=True)
        click.echo(f"digest   {draft.digest}")


def _line(key: TrustKey, now: int) -> str:
    return f"key      {key.keyid[:16]}…  {key.who}, {_lasting(key, now)}"


def _lasting(value: Validity, now: int) -> str:
    from twinbuild.codec.moments import moment_text

    until = f", until {moment_text(value.until)}" if value.until is not None else ""
    why = value.objection(now)
    return f"from {moment_text(value.since)}{until}{f'; {why}' if why else ''}"


def _pinned(root: TrustRoot, now: int) -> Iterator[str]:
    """Lines about issuers, their keys and identities."""
    for each in root.issuers:
        yield f"issuer   {each.name}  {each.url}, for {each.audience}, {_lasting(each, now)}"
        for key in each.keys:
            yield f"pinned   {each.name}/{key.kid}  {key.algorithm}, {_lasting(key, now)}"
    for who in root.identities:
        claims = ", ".join(f"{name}={text}" for name, text in who.claims)
        yield f"identity {who.keyid[:16]}…  {who.who}, {who.issuer} with {claims}, {_lasting(who, now)}"


def _policy(path: Path | None, root: TrustRoot) -> bytes:
    """The bytes of a policy whose rules can be read and whose roles are there. Raises SpecError, PolicyRefused."""
    from twinbuild.codec.policyfile import check_roles, load_policy
    from twinbuild.codec.yaml import SourceText
    from twinbuild.pipeline.governing.trustdir import policy_bytes

    if path is None:
        return b""
    content = policy_bytes(path)
    check_roles(load_policy(SourceText(name=str(path), content=content)), root)
    return content


def _beside(path: Path | None) -> tuple[tuple[str, bytes], ...]:
    """Files of Rego that a policy names, each the one that it names, and without a fault. Raises as ``check_rego``."""
    from twinbuild.codec.policyfile import load_policy
    from twinbuild.codec.yaml import SourceText
    from twinbuild.pipeline.governing.rego.evaluating import check_rego
    from twinbuild.pipeline.governing.trustdir import policy_bytes

    if path is None:
        return ()
    policy = load_policy(SourceText(name=str(path), content=policy_bytes(path)))
    return check_rego(policy, path.parent)

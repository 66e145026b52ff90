"""``twinbuild trust issuer``, ``identity`` and ``revoke``: whose tokens of OpenID Connect count."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from twinbuild.cli.options import NamedPath, json_option
from twinbuild.cli.trusting import say_draft

if TYPE_CHECKING:  # start-up is measured
    from twinbuild.govern.tokens.edits import Pinned

__all__ = ["identity", "issuer", "revoke"]

_DIRECTORY = click.argument("directory", metavar="DIR", type=NamedPath(path_type=Path))


@click.command("issuer")
@_DIRECTORY
@click.argument("name", metavar="NAME")
@click.option("--url", required=True, metavar="URL", help="The issuer, as `iss` of its tokens has it.")
@click.option(
    "--jwks", required=True, type=NamedPath(path_type=Path), metavar="FILE", help="Its JSON Web Key Set, as a file."
)
@click.option(
    "--audience",
    metavar="TEXT",
    help="What audiences of tokens begin with (default: as it is pinned, or else twinbuild).",
)
@json_option
def issuer(*, directory: Path, name: str, url: str, jwks: Path, audience: str | None, as_json: bool) -> None:
    """Pin an issuer of OpenID Connect tokens, or renew its keys: those that the file has no more end now.

    NAME is yours. It changes the draft of the next document, which counts once it is signed: `trust sign`. The network
    is never asked for keys.
    """
    from twinbuild.cli.outcome import shown
    from twinbuild.govern.tokens.edits import with_issuer
    from twinbuild.pipeline.governing.drafting import change_root

    now = int(time.time())
    pinned, left = _pinned(name, url, audience, jwks, now)
    edit = lambda root: with_issuer(root, pinned, now=now)  # noqa: E731
    say_draft(change_root(directory, edit, now=now, policy=lambda _: b""), as_json=as_json)
    for each in () if as_json else left:
        click.echo(shown(f"left out {each}"))


def _pinned(name: str, url: str, audience: str | None, jwks: Path, now: int) -> tuple[Pinned, tuple[str, ...]]:
    """The issuer as it is to be pinned, and which keys of its set are not taken. Raises UsageError TB8876."""
    from twinbuild.codec.tokens.keyset import LARGEST_SET, decode_key_set
    from twinbuild.errors import Location, UsageError
    from twinbuild.govern.tokens.edits import Pinned
    from twinbuild.govern.tokens.issuerkeys import pem_of
    from twinbuild.model.issuers import IssuerKey
    from twinbuild.pipeline.regular import Irregular, read_regular

    try:
        content = read_regular(jwks, LARGEST_SET, follow=True)
    except Irregular as error:
        hint = "name the file of the issuer's key set"
        raise UsageError.of("TB8876", f"{jwks} {error}", hint=hint, where=Location(file=str(jwks))) from None
    found = decode_key_set(content, name=str(jwks))
    keys = tuple(
        IssuerKey(kid=each.kid, algorithm=each.algorithm, pem=pem_of(each, name=str(jwks)), since=now)
        for each in found.keys
    )
    return Pinned(name=name, url=url, audience=audience, keys=keys), found.left


@click.command("identity")
@_DIRECTORY
@click.argument("who", metavar="WHO")
@click.option("--issuer", "name", required=True, metavar="NAME", help="A pinned issuer.")
@click.option(
    "--claim",
    "claims",
    multiple=True,
    required=True,
    metavar="NAME=TEXT",
    help="What a token must claim, exactly; may be repeated: it must have all of them.",
)
@click.option("--until", metavar="TIME", help="When it expires: a day, a time, or how long.")
@json_option
def identity(
    *, directory: Path, who: str, name: str, claims: tuple[str, ...], until: str | None, as_json: bool
) -> None:
    """Say whose tokens of an issuer are that claim something: WHO is a person, the same one as of their keys.

    One of the claims sub, email, repository, repository_id, project_path and project_id must be among them. The role
    comes as for keys: `trust update --role NAME=WHO`.
    """
    from twinbuild.cli.trusting import time_given
    from twinbuild.errors import UsageError
    from twinbuild.govern.tokens.edits import with_identity
    from twinbuild.pipeline.governing.drafting import change_root

    now = int(time.time())
    end = time_given(until, now, where="--until") if until is not None else None
    stated = tuple((each.partition("=")[0].strip(), each.partition("=")[2]) for each in claims)
    if not all(key and text for key, text in stated):
        hint = "write the claim and its text: 'sub=repo:example/scorer:environment:production'"
        raise UsageError.of("TB8001", "expected NAME=TEXT", hint=hint, where="--claim")
    edit = lambda root: with_identity(root, who.strip(), name, stated, since=now, until=end)  # noqa: E731
    say_draft(change_root(directory, edit, now=now, policy=lambda _: b""), as_json=as_json)


@click.command("revoke")
@_DIRECTORY
@click.argument("what", metavar="WHAT")
@click.option("--reason", required=True, metavar="TEXT", help="Why.")
@click.option("--at", "moment", metavar="TIME", help="Since when it counts for nothing (default: now).")
@json_option
def revoke(*, directory: Path, what: str, reason: str, moment: str | None, as_json: bool) -> None:
    """Let an issuer (NAME), one of its keys (NAME/KID) or an identity (its id, or the beginning) count no more.

    A token that an audit log had before still counts. Keys of people are revoked by `key revoke`. It changes the draft
    of the next document, which counts once it is signed: `trust sign`.
    """
    from twinbuild.cli.trusting import time_given
    from twinbuild.govern.tokens.edits import without
    from twinbuild.pipeline.governing.drafting import change_root

    now = int(time.time())
    at = now if moment is None else time_given(moment, now, where="--at")
    edit = lambda root: without(root, what, at=at, reason=reason)  # noqa: E731
    say_draft(change_root(directory, edit, now=now, policy=lambda _: b""), as_json=as_json)

"""What verbs about trust share: the options that name a trust root, and texts of the command line as values."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from twinbuild.cli.options import NamedPath
from twinbuild.errors import UsageError

if TYPE_CHECKING:  # start-up is measured
    from twinbuild.govern.keys import PublicKey
    from twinbuild.govern.signer import Signer
    from twinbuild.pipeline.governing.drafting import Drafted
    from twinbuild.pipeline.governing.logged import Logged
    from twinbuild.pipeline.governing.promoting import Log, Order
    from twinbuild.pipeline.governing.trustdir import Trusted

__all__ = [
    "approvals_option",
    "audit_given",
    "files_option",
    "log_signer",
    "logged_given",
    "named_key",
    "named_role",
    "opened",
    "order_given",
    "record_option",
    "say_draft",
    "time_given",
    "trust_options",
]

_Command = TypeVar("_Command", bound=Callable[..., Any])
_LAST: Final = "2106-12-31T23:59:59Z"  # as of days and times that are written
_ROLE: Final = re.compile(r"([^=]+)=(.*?)(?::([1-9][0-9]{0,3}))?", re.DOTALL)


def trust_options(*, required: bool = True) -> Callable[[_Command], _Command]:
    """``--trust DIR`` and ``--trust-version N``."""

    def add(command: _Command) -> _Command:
        pin = click.option(
            "--trust-version",
            metavar="N[@DIGEST]",
            help="The oldest version of the trust root that is taken; DIGEST is that of this version's document.",
        )
        where = click.option(
            "--trust",
            required=required,
            type=NamedPath(path_type=Path),
            metavar="DIR",
            help="A trust root, from outside of the project: whose keys count for what, and the policy.",
        )
        return where(pin(command))

    return add


_RECORD: Final = click.option(
    "--record", required=True, type=NamedPath(path_type=Path), metavar="DIR", help="The signed record of promotions."
)
_UNLIKE: Final = click.option(
    "--accept-record",
    "unlike",
    is_flag=True,
    help="Though the audit log, or this machine, has seen other steps, or a later time.",
)
approvals_option = click.option(
    "--approvals",
    "besides",
    multiple=True,
    type=NamedPath(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="More approvals of the release; may be repeated.",
)
files_option = click.option(
    "--output", required=True, type=NamedPath(path_type=Path), metavar="DIR", help="Where the stage's files go."
)


def record_option(command: _Command) -> _Command:
    """``--record``, and ``--accept-record``."""
    return _RECORD(_UNLIKE(command))


def opened(trust: Path, version: str | None, *, now: int, told: bool = True) -> Trusted:
    """The trust root of ``--trust``; ``told``: people hear what nobody knows of it. Raises as ``open_trust``."""
    from twinbuild.cli.session import home_of
    from twinbuild.pipeline.governing.remembered import state_place
    from twinbuild.pipeline.governing.trustdir import Pin, open_trust

    pin = Pin.parse(version) if version is not None else None
    found = open_trust(trust, state=state_place(os.environ, home_of(os.environ)), now=now, pin=pin)
    if told and not found.remembered and pin is None:
        _say_unknown("a newer trust root is there: this machine keeps nothing; give --trust-version")
    return found


def _say_unknown(what: str) -> None:
    """What nobody can tell of what was given. With ``--json`` standard error is for the document of an error alone."""
    context = click.get_current_context(silent=True)
    if context is None or not context.params.get("as_json"):
        click.echo(f"unknown whether {what}", err=True)


def log_signer(log: Path | None, key: str | None) -> Signer | None:
    """What signs the audit log's checkpoints, before anything is done. Raises UsageError TB8001, TB8613, TB8614."""
    from twinbuild.cli.keyfile import signer_of

    if (log is None) != (key is None):
        hint = "name both, or neither"
        raise UsageError.of("TB8001", "--audit and --audit-key go together", hint=hint, where="--audit")
    return signer_of(key, None, None, os.environ) if key is not None else None


def logged_given(log: Path | None, kept: tuple[Path, ...], trusted: Trusted, now: int) -> Logged:
    """The entries of ``--audit``, held against ``--audit-checkpoint``. Raises UsageError TB8001, as ``read_logged``."""
    from twinbuild.cli.outcome import shown
    from twinbuild.pipeline.governing.logged import Logged, read_logged

    if log is None:
        if kept:
            hint = "name the log that it is a checkpoint of"
            raise UsageError.of("TB8001", "--audit-checkpoint needs --audit", hint=hint, where="--audit-checkpoint")
        return Logged()
    found = read_logged(log, trusted.root, now, kept)
    if not kept:
        _say_unknown(f"entries of {shown(log)} are gone: give --audit-checkpoint, a copy kept elsewhere")
    return found


def audit_given(
    log: Path | None, key: str | None, kept: tuple[Path, ...], trusted: Trusted, now: int
) -> tuple[Log | None, Logged]:
    """A log to append to, and the times of signing that it proves. Raises as ``log_signer`` and ``logged_given``."""
    from twinbuild.pipeline.governing.promoting import Log

    signer = log_signer(log, key)
    logged = logged_given(log, kept, trusted, now)
    return Log(directory=log, signer=signer) if log is not None and signer is not None else None, logged


def order_given(
    *,
    stage: str,
    trust: Path,
    trust_version: str | None,
    key: str | None,
    program: str | None,
    public: Path | None,
    audit: Path | None,
    audit_key: str | None,
    audit_kept: tuple[Path, ...],
    **more: Any,
) -> tuple[Trusted, Order]:
    """The trust root, and what is to be done, of the options of verbs that bring something to a stage.

    ``more`` are fields of ``Order``. Raises as ``opened``, ``audit_given`` and ``signer_of``.
    """
    from twinbuild.cli.kept import holds
    from twinbuild.cli.keyfile import signer_of
    from twinbuild.cli.session import home_of
    from twinbuild.pipeline.audit.log import read_checkpoint
    from twinbuild.pipeline.governing.logged import read_logged
    from twinbuild.pipeline.governing.promoting import Order
    from twinbuild.pipeline.governing.remembered import state_place

    now = int(time.time())
    trusted = opened(trust, trust_version, now=now)
    log, logged = audit_given(audit, audit_key, audit_kept, trusted, now)
    signer = signer_of(key, program, public, os.environ)

    def anew() -> tuple[int, Trusted, Logged]:
        later = int(time.time())
        root = opened(trust, trust_version, now=later, told=False)
        known = root.digest == trusted.digest and (audit is None or read_checkpoint(audit)[0] == logged.checkpoint)
        return later, root, logged if known or audit is None else read_logged(audit, root.root, later, audit_kept)

    told: dict[str, Any] = {
        "holds": holds,
        "log": log,
        "logged": logged,
        "state": state_place(os.environ, home_of(os.environ)),
        "anew": anew,
    }
    return trusted, Order(stage=stage, signer=signer, now=now, **told, **more)


def named_key(text: str, where: str) -> tuple[str, PublicKey]:
    """``WHO=FILE``. Raises UsageError TB8001, TB8613."""
    from twinbuild.cli.keyfile import public_key

    who, _, path = text.partition("=")
    if not who.strip() or not path:
        hint = "say whose key it is, and where: 'ada=ada.pub'"
        raise UsageError.of("TB8001", f"got {text[:80]!r}, expected WHO=PUBLIC", hint=hint, where=where)
    return who.strip(), public_key(Path(path))


def named_role(text: str) -> tuple[str, tuple[str, ...], int]:
    """``NAME=WHO,…[:N]``: name, people, threshold. Raises UsageError TB8001."""
    found = _ROLE.fullmatch(text)
    if found is None:
        hint = "name the role and who has it: 'approver=ada,grace:2'"
        raise UsageError.of("TB8001", f"got {text[:80]!r}, expected NAME=WHO,…[:N]", hint=hint, where="--role")
    people = tuple(each.strip() for each in found[2].split(",") if each.strip())
    return found[1].strip(), people, int(found[3] or 1)


def time_given(text: str, now: int, *, where: str) -> int:
    """Seconds since 1970 of a day, an RFC 3339 time, or a length of time from now. Raises UsageError TB8001."""
    from pydantic_core import PydanticCustomError

    from twinbuild.model.spec.values import duration_pattern, duration_seconds, epoch

    if duration_pattern.fullmatch(text):
        found = now + int(duration_seconds(text))
        if found <= epoch(_LAST):
            return found
    else:
        with suppress(PydanticCustomError):
            return epoch(text)
    message = f"got {text[:60]!r}, expected a day, an RFC 3339 time, or a length such as 365d, of 1980 to 2106"
    hint = "write 2027-11-01, 2027-11-01T12:00:00Z, or 365d"
    raise UsageError.of("TB8001", message, hint=hint, where=where)


def say_draft(drafted: Drafted, *, as_json: bool, told: bool = False) -> None:
    """What was written, what it changes (``told``: to people, too), and for whom it still has to be signed."""
    from twinbuild.cli.outcome import shown
    from twinbuild.govern.rootchanges import changes

    version, changed = drafted.root.version, changes(drafted.before, drafted.root)
    if as_json:
        document = {"file": str(drafted.path), "version": version, "missing": drafted.missing, "changes": changed}
        click.echo(json.dumps({**document, "in_force": not drafted.missing}))
        return
    click.echo(f"{'draft   ' if drafted.missing else 'in force'} {shown(drafted.path)}, version {version}")
    for each in changed if told else ():
        click.echo(f"change   {shown(each)}")
    for each in drafted.missing:
        click.echo(f"needs    {each}")

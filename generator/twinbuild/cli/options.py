"""Arguments and options that several verbs share, spelled once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click

__all__ = [
    "Asked",
    "NamedPath",
    "act_options",
    "archive_option",
    "buildx_option",
    "common",
    "json_option",
    "kept_option",
    "locked_option",
    "overlay_option",
    "page_options",
    "pairs",
    "paranoid_option",
    "signer_options",
    "spec_argument",
    "variant_option",
]


class NamedPath(click.Path):
    """A path that is named: an empty one (a variable of a script that is not set) is not the current directory."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path, or click's error for an empty text."""
        if value == "":
            self.fail("got an empty path; the current directory is '.'", param, ctx)
        return super().convert(value, param, ctx)


def pairs(_context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Names and values of an option that is given as its metavar says, such as ``NAME=VALUE``."""
    found = []
    for value in values:
        name, equals, text = value.partition("=")
        if not equals or not name:
            raise click.BadParameter(f"got {value[:80]!r}, expected {parameter.metavar}")
        found.append((name, text))
    return tuple(found)


_Command = TypeVar("_Command", bound=Callable[..., Any])

spec_argument = click.argument("spec", type=click.Path(path_type=Path), default=Path(), required=False)
overlay_option = click.option(
    "--overlay",
    "overlays",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Merge this file over the spec; may be repeated.",
)
archive_option = click.option(
    "--archive",
    "place",
    required=True,
    type=NamedPath(path_type=str),
    envvar="TWINBUILD_ARCHIVE",
    metavar="DIR|oci://REPOSITORY",
    help="The archive: a directory, or a repository of a registry (or TWINBUILD_ARCHIVE).",
)
kept_option = click.option(
    "--archive",
    type=NamedPath(path_type=str),
    envvar="TWINBUILD_ARCHIVE",
    metavar="DIR|oci://REPOSITORY",
    help="The archive that keeps the release, which rules about its encryption look at (or TWINBUILD_ARCHIVE).",
)
_KEY = click.option(
    "--key", metavar="FILE|env:NAME", help="The private key, in PEM: a file, or a variable that holds it."
)
_SIGNER = click.option("--signer", "program", metavar="COMMAND", help="A program that signs its standard input.")
_PUBLIC = click.option(
    "--public", type=NamedPath(path_type=Path), metavar="FILE", help="The public half of the program's key."
)
_AUDIT = click.option(
    "--audit", type=NamedPath(path_type=Path), metavar="LOG", help="Append it to this audit log, too."
)
_AUDIT_KEY = click.option("--audit-key", metavar="FILE|env:NAME", help="The log's private key.")
audit_kept_option = click.option(
    "--audit-checkpoint",
    "audit_kept",
    multiple=True,
    type=NamedPath(path_type=Path),
    metavar="FILE",
    help="With --audit: a copy of the log's checkpoint that was kept elsewhere; may be repeated.",
)
_REASON = click.option("--reason", default="", metavar="TEXT", help="Why.")


def signer_options(command: _Command) -> _Command:
    """``--key``, or ``--signer`` and ``--public``: what ``cli.keyfile.signer_of`` takes."""
    return _KEY(_SIGNER(_PUBLIC(command)))


def act_options(command: _Command) -> _Command:
    """``--reason``, and ``--audit`` with its key and checkpoints: why something is done, and where that is logged."""
    return _REASON(_AUDIT(_AUDIT_KEY(audit_kept_option(command))))


json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
offline_option = click.option("--offline", is_flag=True, help="Use the store alone; no network.")
quiet_option = click.option("-q", "--quiet", is_flag=True, help="Show no progress.")
locked_option = click.option("--locked", is_flag=True, help="Fail if the lock is stale instead of renewing it.")

buildx_option = click.option(
    "--buildx-builder",
    default="",
    metavar="NAME",
    help="Builder that `docker buildx ls` shows (default: that of the current context).",
)
paranoid_option = click.option("--paranoid", is_flag=True, help="Hash every file again instead of trusting its status.")


def _variant_names(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """The variants of the spec that the command line names, for completion."""
    from twinbuild.errors import TwinbuildError
    from twinbuild.pipeline.project import open_project

    named = context.args or [context.params.get("spec") or context.params.get("source") or "."]
    try:
        variants = open_project(Path(named[0]), context.params.get("overlays") or ()).spec.environment.variants
    except (TwinbuildError, OSError):  # a shell that completes says nothing of errors
        return []
    return [variant.name for variant in variants if variant.name.startswith(incomplete)]


variant_option = click.option(
    "--variant",
    "variants",
    multiple=True,
    metavar="NAME",
    shell_complete=_variant_names,
    help="Only this variant; may be repeated.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What ``common`` takes of a command line: SPEC and what lies over it, and how the verb is to go about it."""

    spec: Path
    overlays: tuple[Path, ...]
    offline: bool
    quiet: bool  # as is whatever prints JSON
    as_json: bool


def common(command: Callable[..., Any]) -> Callable[..., Any]:
    """SPEC, --overlay, --offline, --quiet and --json, which the verb gets as ``asked``, an ``Asked``.

    SPEC is a spec file or a directory that holds release.yaml.
    """

    @wraps(command)
    def gathered(
        *, spec: Path, overlays: tuple[Path, ...], offline: bool, quiet: bool, as_json: bool, **more: Any
    ) -> Any:
        asked = Asked(spec=spec, overlays=overlays, offline=offline, quiet=quiet or as_json, as_json=as_json)
        return command(asked=asked, **more)

    for option in (json_option, quiet_option, offline_option, overlay_option, spec_argument):
        option(gathered)
    return gathered


def page_options(command: _Command) -> _Command:
    """What verbs that write pages share: ``--audit``, ``--key``, ``--rebuilt``, ``--no-files``, ``--json``."""
    command = json_option(command)
    command = click.option(
        "--rebuilt",
        multiple=True,
        type=NamedPath(path_type=Path),
        metavar="STATEMENT",
        help="Show what a rebuilder got: a file of `rebuild --key`, or a directory of them.",
    )(command)
    command = click.option("--no-files", is_flag=True, help="Do not read what is in the layers.")(command)
    command = click.option(
        "--key",
        "keys",
        multiple=True,
        type=NamedPath(path_type=Path),
        metavar="PUBLIC",
        help="Verify what this key signed.",
    )(command)
    log = click.option(
        "--audit",
        "--audit-log",
        "log",
        type=NamedPath(path_type=Path),
        metavar="LOG",
        help="Show the entries of an audit log, not verified.",
    )
    return log(command)

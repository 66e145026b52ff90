"""``twinbuild run``."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import click

from twinbuild.cli.options import Asked, common, locked_option, pairs, variant_option

__all__ = ["command"]


def _ports(
    _context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]
) -> tuple[tuple[int, int], ...]:
    """Pairs of a port here and one inside."""
    pairs = []
    for value in values:
        here, _, inside = value.rpartition(":")
        numbers = [int(text) if text.isdecimal() and len(text) < 6 else -1 for text in (here or inside, inside)]
        if not (0 <= numbers[0] < 65536 and 0 < numbers[1] < 65536):
            raise click.BadParameter(f"got {value[:40]!r}, expected INSIDE or PORT:INSIDE, such as 8080:8000")
        pairs.append((numbers[0], numbers[1]))
    return tuple(pairs)


def _words(_context: click.Context, _parameter: click.Parameter, value: str | None) -> tuple[str, ...]:
    import shlex

    if value is None:
        return ()
    try:
        words = tuple(shlex.split(value))
    except ValueError as error:
        raise click.BadParameter(f"got {value[:80]!r}: {str(error).lower()}") from None
    if not words or not words[0]:
        raise click.BadParameter(f"got {value[:80]!r}, expected a command such as 'python -V'")
    return words


@click.command("run", context_settings={"ignore_unknown_options": False})
@common
@locked_option
@variant_option
@click.option(
    "--publish",
    multiple=True,
    callback=_ports,
    metavar="[PORT:]INSIDE",
    help="Let 127.0.0.1:PORT of this machine lead to a port inside (0: any free one); may be repeated.",
)
@click.option(
    "--env",
    "environment",
    multiple=True,
    callback=pairs,
    metavar="NAME=VALUE",
    help="Set an environment variable; may be repeated.",
)
@click.option(
    "--network",
    type=click.Choice(["none", "host"]),
    default="none",
    show_default=True,
    help="Network that the service sees.",
)
@click.option(
    "--exec",
    "arguments",
    callback=_words,
    metavar="COMMAND",
    help="Run this command (split as a shell would) instead of the service, and exit with its status.",
)
def command(
    *,
    asked: Asked,
    locked: bool,
    variants: tuple[str, ...],
    publish: tuple[tuple[int, int], ...],
    environment: tuple[tuple[str, str], ...],
    network: str,
    arguments: tuple[str, ...],
) -> int:
    """Start the built service in a sandbox: no engine, no root, no network unless asked.

    SPEC is a spec file or a directory with a release.yaml (default: the current directory). Of several variants one is
    named by --variant; of its platforms this machine's is run. The log goes to standard output; end it with Ctrl-C.
    """
    from twinbuild.cli.publish import published
    from twinbuild.cli.session import session_for
    from twinbuild.pipeline.project import open_project
    from twinbuild.pipeline.run.running import choose_image, run_once, running_service, unpacked_here

    project = open_project(asked.spec, asked.overlays).only(variants)
    variant, platform = choose_image(project.spec.environment, machine=os.uname().machine)
    project = project.only((variant,))
    with (
        session_for(asked) as machine,
        unpacked_here(project, platform, machine, locked=locked) as (derivation, _, root),
    ):
        machine.progress("", 0, 0)
        if arguments:
            status, output, errors = run_once(
                derivation,
                root,
                machine,
                command=arguments,
                environment=environment,
                host_network=network == "host",
            )
            sys.stdout.buffer.write(output)
            sys.stderr.buffer.write(errors)
            return status
        ports = publish or tuple((port.port, port.port) for port in project.spec.serving.ports)
        with tempfile.TemporaryDirectory(prefix="twinbuild-") as directory:
            log = Path(directory, "log")
            log.touch()
            with running_service(
                derivation, root, machine, log=log, environment=environment, host_network=network == "host"
            ) as service:
                return published(service, ports if network == "none" else (), log, as_json=asked.as_json)

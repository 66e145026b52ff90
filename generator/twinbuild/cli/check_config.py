"""``twinbuild check-config``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from twinbuild.cli.options import json_option, overlay_option, pairs
from twinbuild.codec.amounts import counted

__all__ = ["command"]


@click.command("check-config")
@json_option
@overlay_option
@click.option("--stage", default="", metavar="NAME", help="Begin with the values of this stage.")
@click.option(
    "--env-file",
    "files",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    metavar="FILE",
    help="Environment variables that the service gets, one NAME=VALUE a line; may be repeated.",
)
@click.option(
    "--set", "values", multiple=True, callback=pairs, metavar="KNOB=VALUE", help="Set a knob; may be repeated."
)
@click.option(
    "--live", is_flag=True, help="Refuse to set a knob that needs a restart: the values are for a live change."
)
@click.option("--machine", is_flag=True, help="Check this machine, too: memory, driver, secrets in files, limits.")
@click.argument("release", metavar="DIST|SPEC", type=click.Path(path_type=Path), default=Path(), required=False)
def command(
    *,
    release: Path,
    overlays: tuple[Path, ...],
    stage: str,
    files: tuple[Path, ...],
    values: tuple[tuple[str, str], ...],
    live: bool,
    machine: bool,
    as_json: bool,
) -> None:
    """Hold a configuration against the knobs of a release or a spec, before anything is deployed.

    Says all that the image's entrypoint would say: unknown knobs, values of another type or out of range, broken rules,
    missing secrets, artifacts that are not the locked ones. What is set by --set wins over --env-file, and that over
    the values of --stage, and those over the defaults. Exit code 1 where anything is wrong.
    """
    from twinbuild.codec.envfile import parse_env_file
    from twinbuild.errors import DifferenceFound
    from twinbuild.pipeline.checking import Given, check_configuration

    given = Given(
        values=values,
        files=tuple((str(file), parse_env_file(str(file), file.read_bytes())) for file in files),
        stage=stage,
    )
    checked = check_configuration(release, given, overlays=overlays, live=live, machine=machine)
    if checked.findings:
        raise DifferenceFound(checked.findings)
    if as_json:
        click.echo(json.dumps({"configuration": dict(checked.texts)}))
        return
    width = max((len(name) for name, _ in checked.texts), default=0)
    for name, text in checked.texts:
        click.echo(f"{name:{width}}  {text if text.isprintable() else repr(text)}")
    click.echo(counted(len(checked.texts), "knob fits", "knobs fit") if checked.texts else "there are no knobs")

"""``twinbuild parity``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from twinbuild.cli.options import json_option

__all__ = ["command"]


@click.command("parity")
@click.argument("first", metavar="A", type=click.Path(path_type=Path))
@click.argument("second", metavar="B", type=click.Path(path_type=Path))
@click.option("--variant", default="", metavar="NAME", help="Variant that a capture is of, where it does not say so.")
@click.option(
    "--stages", nargs=2, default=("", ""), metavar="FIRST SECOND", help="Stages in which the two releases are compared."
)
@click.option("--draft", is_flag=True, help="Compare two specs with their locks; nothing need be built.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "markdown", "junit"]),
    default="table",
    show_default=True,
    help="Form of the output; Markdown suits a pull request, JUnit a pipeline.",
)
@click.option(
    "--fail-on",
    type=click.Choice(["low", "medium", "high", "never"]),
    default="low",
    show_default=True,
    help="Least risk of a difference that ends with exit 1.",
)
@click.option("--complete", is_flag=True, help="Also end with exit 1 where something could not be compared.")
@json_option
def command(
    *,
    first: Path,
    second: Path,
    variant: str,
    stages: tuple[str, str],
    draft: bool,
    form: str,
    fail_on: str,
    complete: bool,
    as_json: bool,
) -> None:
    """Compare two releases, or a release with what really runs (exit 1 on a difference).

    A and B are a release's directory, a manifest.json, a spec (its last release), or what `twinbuild capture` wrote in
    a container or a virtual environment; with --draft each is a spec. Each difference has a risk and its reason.
    """
    from twinbuild.deploy.parity.difference import LEVELS
    from twinbuild.deploy.parity.shown import as_json as value_of
    from twinbuild.deploy.parity.shown import as_junit, as_markdown, as_table
    from twinbuild.pipeline.parity import parity, read_draft, read_side

    read = read_draft if draft else read_side
    found = parity(read(first), read(second), variant=variant, stages=stages)
    if as_json or form == "json":
        click.echo(json.dumps(value_of(found.differences, names=found.names, notes=found.notes)))
    elif form == "markdown":
        click.echo(as_markdown(found.differences, names=found.names, notes=found.notes), nl=False)
    elif form == "junit":
        junit = as_junit(found.differences, names=found.names, sections=found.sections, notes=found.notes)
        click.echo(junit, nl=False)
    else:
        click.echo(as_table(found.differences, names=found.names, notes=found.notes), nl=False)
    counted = LEVELS[: LEVELS.index(fail_on) + 1] if fail_on != "never" else ()
    if any(item.risk in counted for item in found.differences) or (complete and found.notes):
        raise click.exceptions.Exit(1)

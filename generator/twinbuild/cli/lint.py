"""``twinbuild lint``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from twinbuild.cli.options import json_option, overlay_option, spec_argument
from twinbuild.codec.amounts import counted

__all__ = ["command"]


@click.command("lint")
@overlay_option
@json_option
@spec_argument
def command(*, spec: Path, overlays: tuple[Path, ...], as_json: bool) -> None:
    """Check that a spec keeps the conventions of names and versions (exit 1 where it does not).

    SPEC is a spec file or a directory with a release.yaml (default: the current directory). A conventions.toml beside
    it chooses the scheme of versions, the changelog, and rules that do not count.
    """
    from twinbuild.describe.conventions import RULES
    from twinbuild.errors import DifferenceFound
    from twinbuild.pipeline.linting import conventions_of, lint
    from twinbuild.pipeline.project import open_project

    project = open_project(spec, overlays)
    found = lint(project)
    if found:
        raise DifferenceFound(found)
    conventions = conventions_of(project)
    kept = [code for code in RULES if code not in conventions.ignore and (code != "TB7627" or conventions.changelog)]
    click.echo(
        json.dumps({"kept": kept}) if as_json else f"{project.spec_path.name} keeps {counted(len(kept), 'convention')}"
    )

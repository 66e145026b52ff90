"""``twinbuild spec``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import click

from twinbuild.cli.options import json_option, overlay_option, spec_argument

__all__ = ["command"]


@click.command("spec")
@overlay_option
@click.option("--defaults", is_flag=True, help="Show the keys that have their default, too.")
@json_option
@spec_argument
def command(*, spec: Path, overlays: tuple[Path, ...], defaults: bool, as_json: bool) -> None:
    """Check a spec and print it, overlays merged. Needs neither network nor store.

    SPEC is a spec file or a directory with a release.yaml (default: the current directory).
    """
    import yaml

    from twinbuild.pipeline.project import open_project

    project = open_project(spec, overlays)
    value = _plain(project.spec.model_dump(by_alias=True, exclude_defaults=not defaults, exclude_none=True))
    if as_json:
        click.echo(json.dumps(value))
    else:
        click.echo(yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=120), nl=False)


def _plain(value: object) -> object:
    """What JSON and YAML can hold."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in value]
    return value

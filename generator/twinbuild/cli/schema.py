"""``twinbuild schema``."""

from __future__ import annotations

import json

import click

from twinbuild.cli.options import json_option

__all__ = ["command"]


@click.command("schema")
@json_option
def command(*, as_json: bool) -> None:
    """Print the JSON Schema of release.yaml, which is JSON in any case."""
    from twinbuild.codec.schema import spec_schema

    schema = spec_schema()
    click.echo(json.dumps(schema) if as_json else json.dumps(schema, indent=2, ensure_ascii=False))

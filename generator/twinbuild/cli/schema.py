"""``twinbuild schema``."""

from __future__ import annotations

import json

import click

from twinbuild.cli.options import json_option

__all__ = ["command"]


@click.command("schema")
@json_option
@click.argument(
    "document", type=click.Choice(["spec", "manifest", "policy", "policy-input"]), default="spec", required=False
)
def command(*, document: str, as_json: bool) -> None:
    """Print a JSON Schema, which is JSON in any case: of release.yaml, a release manifest, policy.yaml or its input."""
    if document == "manifest":
        from twinbuild.describe.manifestschema import manifest_schema

        schema = manifest_schema()
    elif document == "policy":
        from twinbuild.codec.schema import policy_schema

        schema = policy_schema()
    elif document == "policy-input":
        from twinbuild.describe.policyinput import policy_input_schema

        schema = policy_input_schema()
    else:
        from twinbuild.codec.schema import spec_schema

        schema = spec_schema()
    click.echo(json.dumps(schema) if as_json else json.dumps(schema, indent=2, ensure_ascii=False))

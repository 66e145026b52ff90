"""``twinbuild show``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from twinbuild.cli.options import json_option

__all__ = ["command"]


@click.command("show")
@click.option("--section", default="", metavar="NAME", help="Print this section alone, such as rollout.")
@json_option
@click.argument("release", metavar="DIST|FILE|SPEC", type=click.Path(path_type=Path), default=Path(), required=False)
def command(*, release: Path, section: str, as_json: bool) -> None:
    """Print the release manifest of a release: everything that was decided, as YAML.

    Names a release's directory, a manifest.json, or a spec, whose last release is meant. Needs neither network nor
    store.
    """
    from twinbuild.codec.canonical import Json
    from twinbuild.codec.yamltext import as_yaml
    from twinbuild.describe.people import manifest_yaml
    from twinbuild.errors import UsageError
    from twinbuild.pipeline.released import read_release

    found = read_release(release)
    document = found.document
    value: Json = document
    if section:
        if section not in document:
            import difflib

            known = sorted(document)
            near = difflib.get_close_matches(section, known, n=1)
            raise UsageError.of(
                "TB7006",
                f"the release manifest has no section {section[:80]!r}",
                hint=f"did you mean {near[0]!r}?" if near else f"name one of {', '.join(known)}",
                where=str(found.path),
            )
        value = document[section]
    if as_json:
        click.echo(json.dumps({"release": str(found.digest), "manifest": value}))
        return
    if section:
        click.echo(as_yaml(value), nl=False)
    else:
        click.echo(f"# release {found.digest}")
        click.echo(manifest_yaml(found.content).decode(), nl=False)

"""``twinbuild explain``."""

from __future__ import annotations

import difflib
import json

import click

from twinbuild.cli.options import json_option
from twinbuild.errors import UsageError
from twinbuild.errors.catalogue import all_codes

__all__ = ["command"]


@click.command("explain")
@click.argument("code", required=False)
@json_option
def command(*, code: str | None, as_json: bool) -> None:
    """Explain an error CODE, or list all codes."""
    codes = all_codes()
    if code is None:
        if as_json:
            click.echo(json.dumps({key: found.title for key, found in codes.items()}))
        else:
            click.echo("\n".join(f"{key}  {found.title}" for key, found in codes.items()))
        return
    found = codes.get(code.upper())
    if found is None:
        near = difflib.get_close_matches(code.upper(), codes, n=1)
        raise UsageError.of(
            "TB8011",
            f"there is no code {code[:40]!r}",
            hint=f"did you mean {near[0]}?" if near else "`twinbuild explain` lists all codes",
        )
    if as_json:
        click.echo(json.dumps({"code": found.code, "title": found.title, "explanation": found.explanation}))
    else:
        click.echo(f"{found.code}: {found.title}\n\n{found.explanation}")

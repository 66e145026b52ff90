"""``twinbuild explain``."""

from __future__ import annotations

import json
from collections.abc import Iterable

import click

from twinbuild.cli.options import json_option
from twinbuild.errors import UsageError
from twinbuild.errors.catalogue import all_codes

__all__ = ["command"]


def _near(code: str, codes: Iterable[str]) -> str:
    """The nearest code of the same hundred, or ""."""
    if len(code) != 6 or not code[2:].isdecimal():
        return ""
    alike = [each for each in codes if each[:4] == code[:4]]
    return min(alike, key=lambda each: abs(int(each[2:]) - int(code[2:])), default="")


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
        near = _near(code.upper(), codes)
        raise UsageError.of(
            "TB8011",
            f"there is no code {code[:40]!r}",
            hint=f"did you mean {near}?" if near else "`twinbuild explain` lists all codes",
        )
    if as_json:
        click.echo(json.dumps({"code": found.code, "title": found.title, "explanation": found.explanation}))
    else:
        click.echo(f"{found.code}: {found.title}\n\n{found.explanation}")

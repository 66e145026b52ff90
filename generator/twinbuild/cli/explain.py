"""``twinbuild explain``."""

from __future__ import annotations

import difflib
import importlib
import json
import pkgutil

import click

from twinbuild.cli.options import json_option
from twinbuild.errors import UsageError, catalogue
from twinbuild.errors.catalogue import Code

__all__ = ["command"]


def _codes() -> dict[str, Code]:
    found: dict[str, Code] = {}
    for module in pkgutil.iter_modules(catalogue.__path__):
        codes: tuple[Code, ...] = importlib.import_module(f"{catalogue.__name__}.{module.name}").CODES
        found |= {code.code: code for code in codes}
    return found


@click.command("explain")
@click.argument("code", required=False)
@json_option
def command(*, code: str | None, as_json: bool) -> None:
    """Explain an error CODE, or list all codes."""
    codes = _codes()
    if code is None:
        if as_json:
            click.echo(json.dumps({key: codes[key].title for key in sorted(codes)}))
        else:
            click.echo("\n".join(f"{key}  {codes[key].title}" for key in sorted(codes)))
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

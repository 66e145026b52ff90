"""``twinbuild explain-mismatch``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from twinbuild.cli.options import NamedPath, json_option
from twinbuild.cli.outcome import shown

__all__ = ["command"]


@click.command("explain-mismatch")
@click.argument("first", metavar="A", type=NamedPath(path_type=Path))
@click.argument("second", metavar="B", type=NamedPath(path_type=Path))
@click.option("--deep", is_flag=True, help="Ask diffoscope too, where it is installed; it gets no network.")
@json_option
def command(*, first: Path, second: Path, deep: bool, as_json: bool) -> None:
    """Say why two things that should be the same bytes are not (exit 1 on a difference).

    A and B are two releases, OCI image layouts, directories, archives or other files. Each cause is named with its
    first differing byte, the step that made it and the remedy, the likeliest first.
    """
    from twinbuild.pipeline.explain.mismatch import mismatch
    from twinbuild.pipeline.explain.told import mismatch_json, mismatch_lines

    found = mismatch(first, second)
    names = str(first), str(second)
    for line in mismatch_lines(found, names=names) if not as_json else ():
        click.echo(shown(line))  # before diffoscope, which may fail
    report = _deep(first, second) if deep and found.reasons else ""
    if as_json:
        click.echo(json.dumps({**mismatch_json(found, names=names), **({"diffoscope": report} if deep else {})}))
    for line in report.splitlines() if not as_json else ():
        click.echo(shown(line))
    if found.reasons:
        raise click.exceptions.Exit(1)


def _deep(first: Path, second: Path) -> str:
    import os

    from twinbuild.pipeline.explain.deep import deep_report
    from twinbuild.process.runner import SubprocessRunner

    return deep_report(first, second, SubprocessRunner(), path=os.environ.get("PATH", os.defpath))

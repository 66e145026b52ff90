"""``twinbuild why``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from twinbuild.cli.options import NamedPath, json_option
from twinbuild.cli.outcome import shown

if TYPE_CHECKING:  # start-up is measured
    from twinbuild.pipeline.explain.why import Reasons
    from twinbuild.pipeline.explain.whyfile import FileReason

__all__ = ["command"]


@click.command("why")
@click.argument("name", metavar="PACKAGE|PATH")
@click.argument("where", metavar="DIST|SPEC", type=NamedPath(path_type=Path), default=Path(), required=False)
@json_option
def command(*, name: str, where: Path, as_json: bool) -> None:
    """Say why a Python package, a Debian package or a file is in the image.

    Shows all shortest chains from each requirement of the spec, with its place, to the package: a name, NAME==VERSION
    or a package URL. Of a release it knows what is within a wheel, too: bundled libraries, compiled crates. A PATH
    begins with a slash: its layer, its component and what put it there are told; that needs a release. Exit 2 for an
    unknown name.
    """
    from twinbuild.pipeline.explain.asked import read_questioned
    from twinbuild.pipeline.explain.whyfile import why_file
    from twinbuild.pipeline.explain.whypart import why_named

    questioned = read_questioned(where)
    if name.startswith("/"):
        files = why_file(questioned, name)
        if as_json:
            click.echo(json.dumps({"release": questioned.name, "files": [asdict(each) for each in files]}))
        for line in _files(files) if not as_json else ():
            click.echo(shown(line))
        return
    reasons = why_named(questioned, name)
    if as_json:
        click.echo(json.dumps({"release": questioned.name, "packages": [asdict(each) for each in reasons]}))
    for line in _packages(reasons) if not as_json else ():
        click.echo(shown(line))


def _packages(reasons: tuple[Reasons, ...]) -> Iterator[str]:
    for each in reasons:
        yield f"{each.package} ({each.kind}) in {each.target}{f', {each.part}' * bool(each.part)}"
        said = ""
        for chain in each.chains:
            reason = f"{f'{chain.where}  ' * bool(chain.where)}{chain.reason}"
            if reason != said:
                yield f"  {reason}"
            said = reason
            yield f"    {' -> '.join(chain.packages)}"


def _files(files: tuple[FileReason, ...]) -> Iterator[str]:
    for each in files:
        yield f"{each.path} in {each.image}"
        yield f"  layer      {each.layer or 'unknown'}"
        yield f"  component  {each.component or 'none: nothing explains this file'}"
        if each.rule:
            yield f"  by         {each.rule}"
        yield from (f"  {line}" for line in _packages(each.package))

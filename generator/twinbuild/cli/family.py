"""``twinbuild family``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from twinbuild.cli.families import (
    catalogue_option,
    catalogues_of,
    family_names,
    family_table,
    family_text,
    settings_option,
)
from twinbuild.cli.options import NamedPath, json_option, offline_option, quiet_option
from twinbuild.cli.outcome import shown
from twinbuild.codec.amounts import counted

__all__ = ["command"]

_family = click.argument("family", metavar="FAMILY|DIR", shell_complete=family_names)


@click.group("family")
def command() -> None:
    """Templates of model families: list them, show one, test one, bring a project up to date.

    `twinbuild init --family FAMILY DIR` begins a project with one.
    """


@command.command("list")
@json_option
@catalogue_option
def list_command(*, catalogues: tuple[Path, ...], as_json: bool) -> None:
    """List the families of all catalogues."""
    click.echo(family_table(catalogues_of(catalogues), as_json=as_json))


@command.command("show")
@json_option
@catalogue_option
@_family
def show_command(*, family: str, catalogues: tuple[Path, ...], as_json: bool) -> None:
    """Show a family: its digest, variables, blocks and hooks."""
    from twinbuild.pipeline.family.families import family_at, find_family

    known = catalogues_of(catalogues)
    found = family_at(Path(family), known) if "/" in family else find_family(family, known, stated_at="FAMILY")
    click.echo(family_text(found, as_json=as_json))


@command.command("update")
@json_option
@settings_option
@catalogue_option
@click.option("--check", "checked", is_flag=True, help="Write nothing; exit 1 where something would change.")
@click.argument("spec", type=NamedPath(path_type=Path), default=Path(), required=False)
def update_command(
    *,
    spec: Path,
    given: tuple[tuple[str, str], ...],
    catalogues: tuple[Path, ...],
    checked: bool,
    as_json: bool,
) -> int:
    """Make the family's part of a project's spec anew, with the family that is there now.

    That file and its pin in the spec change; with --set also files that the new values make otherwise (data schemas,
    a hook), where they are as the family wrote them.

    SPEC is a spec file or a directory with a release.yaml (default: the current directory).
    """
    import sys

    from twinbuild.pipeline.family.updating import update_project
    from twinbuild.process.runner import SubprocessRunner

    update = update_project(
        spec,
        dict(given),
        catalogues_of(catalogues),
        runner=SubprocessRunner(),
        interpreter=Path(sys.executable),
        write=not checked,
    )
    if as_json:
        changed = [str(path) for path in update.changed]
        click.echo(
            json.dumps(
                {
                    "before": update.before,
                    "after": update.after,
                    "dropped": update.dropped,
                    "added": dict(update.added),
                    "changed": changed,
                    "kept": [str(path) for path in update.kept],
                }
            )
        )
    else:
        click.echo(f"{update.before} -> {update.after}")
        for name in update.dropped:
            click.echo(shown(f"{name} is no variable any more"))
        for name, default in update.added:
            click.echo(shown(f"{name} had no value, and is now the default: {default}"))
        for path in update.changed:
            click.echo(f"{shown(path)} {'would change' if checked else 'written'}")
        for path in update.kept:
            click.echo(f"{shown(path)} stays: it is not as the family wrote it, and these values would change it")
        if not update.changed:
            click.echo("nothing changes")
    return int(checked and bool(update.changed))


@command.command("test")
@json_option
@quiet_option
@offline_option
@settings_option
@catalogue_option
@_family
def test_command(
    *,
    family: str,
    given: tuple[tuple[str, str], ...],
    catalogues: tuple[Path, ...],
    offline: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    """Check that a family is complete, and that a project of it locks, builds twice alike and answers its golden tests.

    FAMILY is a name of a catalogue; with a slash in it (./my-family) it is the directory of a family.
    """
    from twinbuild.cli.session import session
    from twinbuild.pipeline.conformance import prove_family
    from twinbuild.pipeline.family.families import family_at, find_family

    known = catalogues_of(catalogues)
    found = family_at(Path(family), known) if "/" in family else find_family(family, known, stated_at="FAMILY")
    with session(beside=Path(), quiet=quiet or as_json, offline=offline) as machine:
        proven = prove_family(found, dict(given), machine)
    images = [str(image.manifest.digest) for image in proven.released.images]
    if as_json:
        click.echo(
            json.dumps(
                {
                    "family": found.sheet.reference,
                    "digest": str(found.digest),
                    "files": proven.files,
                    "golden": proven.golden,
                    "tests": proven.tests,
                    "images": images,
                    "release": str(proven.released.digest),
                }
            )
        )
        return
    click.echo(f"family   {found.sheet.reference}  {found.digest}")
    click.echo(f"project  {counted(proven.files, 'file')}, documented and pinned")
    for digest in images:
        click.echo(f"image    {digest}  built twice, the same bytes")
    click.echo(f"tests    {counted(proven.golden, 'golden test')} and {proven.tests} of tests/ passed")

"""``twinbuild sbom export``."""

from __future__ import annotations

from pathlib import Path

import click

from twinbuild.cli.options import NamedPath

__all__ = ["export"]


@click.command("export")
@click.argument("release", metavar="DIST", type=NamedPath(path_type=Path))
@click.option(
    "--format",
    "form",
    required=True,
    type=click.Choice(["cyclonedx-json", "cyclonedx-xml", "spdx-json"]),
    help="The format to write.",
)
@click.option("--version", default="", metavar="VERSION", help="CycloneDX 1.6 (default) or 1.7; SPDX 2.3.")
@click.option("--output", type=NamedPath(path_type=Path), metavar="FILE", help="Write it there (default: print it).")
def export(*, release: Path, form: str, version: str, output: Path | None) -> None:
    """Write the bill of materials of the release in DIST in another format or version.

    All files of the release are held against its manifest first. The same release gives the same bytes everywhere.
    SPDX has no model cards, properties and formulation; they stay in the CycloneDX document.
    """
    from twinbuild.pipeline.materials.exporting import export_bom
    from twinbuild.pipeline.output import write_file

    content = export_bom(release, form, version)
    if output is None:
        click.echo(content, nl=False)
    else:
        write_file(output, content)

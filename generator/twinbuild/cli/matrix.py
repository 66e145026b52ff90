"""``twinbuild matrix``."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from twinbuild.cli.options import json_option, overlay_option, spec_argument
from twinbuild.codec.amounts import amount

if TYPE_CHECKING:  # start-up is measured
    from twinbuild.pipeline.matrix import Cell

__all__ = ["command"]

_SHORT: Final = 19  # characters of a digest in the table: sha256: and twelve


@click.command("matrix")
@overlay_option
@json_option
@spec_argument
def command(*, spec: Path, overlays: tuple[Path, ...], as_json: bool) -> None:
    """Show each variant on each platform: lock, image, sizes, oldest driver and sources.

    SPEC is a spec file or a directory with a release.yaml (default: the current directory). Nothing is changed, and no
    network is used.
    """
    from twinbuild.cli.session import session
    from twinbuild.pipeline.matrix import matrix
    from twinbuild.pipeline.project import open_project, read_lock

    project = open_project(spec, overlays)
    with session(beside=spec, quiet=True, offline=True) as machine:
        cells = matrix(project, read_lock(project), machine)
    if as_json:
        name, version = project.spec.metadata.name, project.spec.metadata.version
        click.echo(json.dumps({"name": name, "version": version, "cells": [asdict(cell) for cell in cells]}))
    else:
        click.echo(_table(cells))


def _table(cells: tuple[Cell, ...]) -> str:
    rows = [("VARIANT", "PLATFORM", "ACCELERATOR", "DRIVER", "LOCK", "WHEELS", "DOWNLOAD", "UNPACKED", "IMAGE")]
    rows += [
        (
            cell.variant,
            cell.platform,
            f"{cell.accelerator} {cell.cuda}".strip(),
            f">= {cell.driver}" if cell.driver else "-",
            " ".join((cell.lock, *cell.findings)),
            str(cell.wheels) if cell.lock != "missing" else "-",
            _size(cell.download),
            _size(cell.unpacked),
            cell.image[:_SHORT] or "not built",
        )
        for cell in cells
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    sources = [f"{cell.variant} {cell.platform}: {', '.join((cell.base, *cell.sources))}" for cell in cells]
    return "\n".join([*lines, "", *sources])


def _size(size: int) -> str:
    """Bytes; - for what is not known."""
    return amount(size) if size else "-"

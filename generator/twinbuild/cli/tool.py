"""``twinbuild tool``: pack and run."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from twinbuild.cli.options import NamedPath, json_option, offline_option, quiet_option
from twinbuild.cli.outcome import shown

if TYPE_CHECKING:  # start-up is measured
    from twinbuild.model.tool import ToolRoot

__all__ = ["command"]


@click.group("tool")
def command() -> None:
    """Keep twinbuild itself with a Python and its libraries, and run it where the host has none of them."""


@command.command("pack")
@click.option(
    "--platform",
    "platforms",
    multiple=True,
    metavar="OS/ARCH",
    help="Such as linux/arm64; may be repeated (default: this machine's).",
)
@click.option("--output", type=NamedPath(path_type=Path), metavar="LAYOUT", help="Write an OCI layout (or NAME.tar).")
@offline_option
@quiet_option
@json_option
def pack_command(*, platforms: tuple[str, ...], output: Path | None, offline: bool, quiet: bool, as_json: bool) -> None:
    """Make an image of the running twinbuild: its files, its locked libraries, a Python.

    The same twinbuild gives the same digest on every machine, installed from its wheel or from a checkout.
    """
    from twinbuild.cli.session import session
    from twinbuild.model.platform import SUPPORTED, Platform
    from twinbuild.pipeline.tool.pack import pack_tool, write_tools

    machine_name = os.uname().machine
    here = [name for name in SUPPORTED if Platform.parse(name).machine == machine_name]
    wanted = [Platform.parse(name) for name in dict.fromkeys(platforms)] or [Platform.parse(name) for name in here]
    with session(beside=Path(), quiet=quiet or as_json, offline=offline) as machine:
        packed = [pack_tool(machine, platform) for platform in wanted]
        machine.progress("", 0, 0)
        if output is not None:
            write_tools(packed, machine.store, output)
    if as_json:
        click.echo(json.dumps({"tools": [_document(tool) for tool in packed]}))
        return
    for tool in packed:
        size = sum(blob.size for blob in tool.blobs) / 1e6
        click.echo(f"{tool.digest}  {tool.platform}  twinbuild {tool.version}, Python {tool.python}, {size:.1f} MB")
    if output is not None:
        click.echo(shown(output))


def _document(tool: ToolRoot) -> dict[str, object]:
    return {
        "digest": str(tool.digest),
        "platform": str(tool.platform),
        "version": tool.version,
        "python": tool.python,
        "code": str(tool.code),
        "lock": str(tool.lock),
        "blobs": [{"digest": str(blob.digest), "size": blob.size} for blob in tool.blobs],
        "unpacked": tool.unpacked_size,
    }


_directory = NamedPath(exists=True, file_okay=False, path_type=Path)


@command.command("run", context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.option("--read", multiple=True, type=_directory, metavar="DIR", help="Show this directory; may be repeated.")
@click.option("--write", multiple=True, type=_directory, metavar="DIR", help="Likewise, and let it be written to.")
@click.option(
    "--store",
    type=_directory,
    metavar="DIR",
    help="Use the store there, of a twinbuild that you trust: it writes to it (default: an empty one).",
)
@click.option("--directory", type=_directory, metavar="DIR", help="Start there; it must be shown.")
@quiet_option
@click.argument("layout", type=_directory)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def run_command(
    *,
    read: tuple[Path, ...],
    write: tuple[Path, ...],
    store: Path | None,
    directory: Path | None,
    quiet: bool,
    layout: Path,
    arguments: tuple[str, ...],
) -> int:
    """Run the twinbuild that LAYOUT holds, with ARGUMENTS, and exit with its status.

    It has no network and sees nothing of this machine but the directories that are named, each at its own path.
    """
    from twinbuild.cli.session import session
    from twinbuild.pipeline.tool.opened import open_tool, tool_of_layout
    from twinbuild.pipeline.tool.running import Shown, run_tool, unpacked_tool

    chosen = [*((path, False) for path in read), *((path, True) for path in write)]
    with session(beside=Path(), quiet=quiet, offline=True) as machine:
        tool = open_tool(tool_of_layout(layout, machine.store), machine.store)
        with unpacked_tool(tool, machine) as root:
            machine.progress("", 0, 0)
            done = run_tool(
                tool,
                root,
                machine,
                arguments,
                shown=tuple(Shown(directory=os.path.abspath(path), writable=write) for path, write in chosen),  # noqa: PTH100
                store=Path(os.path.abspath(store)) if store is not None else None,  # noqa: PTH100  links stay
                directory=os.path.abspath(directory) if directory is not None else "/",  # noqa: PTH100
            )
    sys.stdout.buffer.write(done.stdout)
    sys.stdout.flush()
    sys.stderr.buffer.write(done.stderr)
    return done.status if done.status >= 0 else 128 - done.status

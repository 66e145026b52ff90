"""``twinbuild doctor``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from twinbuild.cli.options import json_option

__all__ = ["command"]


@click.command("doctor")
@json_option
def command(*, as_json: bool) -> int:
    """Say what this machine can do, and what to do about the rest (exit 4 if something is missing)."""
    from twinbuild.build.sandbox import Sandbox
    from twinbuild.cli.session import session
    from twinbuild.errors import TwinbuildError
    from twinbuild.pipeline.machine import reach

    found: list[tuple[str, bool, str]] = [("python", sys.version_info >= (3, 11), sys.version.split()[0])]
    with session(beside=Path(), quiet=True) as machine:
        found.append(("store", True, machine.settings.store))
        reason = Sandbox(machine.runner).available()
        found.append(("sandbox", reason is None, reason or "user namespaces work"))
        try:
            settings = reach(machine).settings
            found.append(("package index", "default" in dict(settings.indexes), "known"))
            mirror = "debian" in dict(settings.archives)
            found.append(("debian mirror", mirror, "known" if mirror else "set TWINBUILD_DEBIAN_MIRROR"))
        except TwinbuildError as error:
            found.append(("settings", False, str(error.findings[0])))
    if as_json:
        click.echo(json.dumps([{"name": name, "ok": good, "detail": detail} for name, good, detail in found]))
    else:
        for name, good, detail in found:
            click.echo(f"{'ok     ' if good else 'missing'} {name}: {detail}")
    return 0 if all(good for _, good, _ in found) else 4

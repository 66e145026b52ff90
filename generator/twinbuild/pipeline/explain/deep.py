"""diffoscope, where it is installed and asked for: it knows more formats, and runs other people's programs on them.

It runs in a network namespace of its own and for a bounded time. It is confined in no other way: what it unpacks, it
unpacks as this user.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

from twinbuild.errors import EnvironmentFault
from twinbuild.ports import Runner

__all__ = ["DEEP_SECONDS", "deep_report"]

DEEP_SECONDS: Final = 300
_LARGEST: Final = 1 << 20  # bytes of its report
_NO_NETWORK: Final = ("--user", "--map-current-user", "--net", "--")


def deep_report(first: Path, second: Path, runner: Runner, *, path: str) -> str:
    """What diffoscope says; "" where it finds nothing. ``path`` is where programs are looked for.

    Raises EnvironmentFault TB9305 where diffoscope or unshare is not installed, TB9306 where it fails or no network
    can be taken away, TB5902 where it takes too long.
    """
    programs = {name: shutil.which(name, path=path) for name in ("diffoscope", "unshare")}
    missing = [name for name, found in programs.items() if found is None]
    if missing:
        raise EnvironmentFault.of(
            "TB9305",
            f"--deep needs {' and '.join(missing)}, which is not installed",
            hint="install diffoscope-minimal and util-linux, or leave --deep out",
        )
    argv = (
        str(programs["unshare"]),
        *_NO_NETWORK,
        str(programs["diffoscope"]),
        "--text=-",
        "--text-color=never",
        "--no-progress",
        f"--max-text-report-size={_LARGEST}",
        "--",
        str(first.resolve()),
        str(second.resolve()),
    )
    ended = runner.run(argv, environment=(("LC_ALL", "C.UTF-8"), ("PATH", path)), timeout=DEEP_SECONDS)
    if ended.status not in (0, 1):
        said = ended.stderr.decode("utf-8", "replace").strip()[-400:]
        raise EnvironmentFault.of(
            "TB9306",
            f"diffoscope ended with {ended.status}: {said or 'it said nothing'}",
            hint="leave --deep out, or allow user namespaces, in which it runs without a network",
        )
    return ended.stdout.decode("utf-8", "replace")

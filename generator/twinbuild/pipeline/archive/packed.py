"""Building an archived release by the twinbuild that is archived with it, where the installed one is another.

The packed one runs its own ``reproduce`` in a sandbox: it has no network, sees the archive (read only) and an empty
directory, and makes its island with other clock, user and locale in there. What it says is not believed: the files that
it leaves are compared here.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, Final

from twinbuild.archive.directory import Archive
from twinbuild.build.rootfs import discard
from twinbuild.codec.jsontext import JsonProblem, parse_json
from twinbuild.errors import InternalError, NotReproducible
from twinbuild.model.archive import ArchivedRelease
from twinbuild.pipeline.archive.ended import error_of
from twinbuild.pipeline.archive.takenover import take_over
from twinbuild.pipeline.machine import Machine
from twinbuild.pipeline.observed import RUN
from twinbuild.pipeline.regular import LARGEST, Irregular, read_regular
from twinbuild.pipeline.tool.opened import OpenedTool
from twinbuild.pipeline.tool.running import Shown, run_tool, unpacked_tool

__all__ = ["built_by"]

_ARCHIVE: Final = "/srv/archive"
_OUTPUT: Final = "/srv/output"
_MADE: Final = "release"
_PATIENCE: Final = 4 * 3600.0  # seconds that a build may take
_REMEDY: Final = (
    "the very twinbuild that is archived with it built this, from the same inputs, so this machine builds otherwise: "
    "`twinbuild archive restore`, then `twinbuild explain-mismatch` say why"
)


def built_by(
    tool: OpenedTool, archive: Archive, release: ArchivedRelease, machine: Machine, *, output: Path, tests: bool
) -> dict[str, Any]:
    """Have a packed twinbuild build a release into ``output``, an empty directory; what ``rebuild-archived`` answers.

    Instead of derivations there is ``remedy``, what to do about files that differ. Raises what the packed one raised,
    but that files differ, which is seen here.
    """
    arguments = [
        "reproduce", str(release.digest), "--archive", _ARCHIVE, "--output", f"{_OUTPUT}/{_MADE}",
        "--with-present-tool", "--quiet", "--json",
    ]  # fmt: skip
    machine.progress(f"unpacking twinbuild {tool.version}", 0, 0)
    inside = Path(tempfile.mkdtemp(prefix=".packed-", dir=output))  # nobody else enters it: see ``take_over``
    try:
        with unpacked_tool(tool, machine, store=archive.blobs) as root:
            machine.progress(f"building {release.label} by twinbuild {tool.version}", 0, 0)
            done = run_tool(
                tool,
                root,
                machine,
                (*arguments, *(() if tests else ("--without-tests",))),
                shown=(
                    Shown(directory=str(archive.path.resolve()), inside=_ARCHIVE),
                    Shown(directory=str(inside.resolve()), inside=_OUTPUT, writable=True),
                ),
                timeout=_PATIENCE,
            )
        made = inside / _MADE
        if done.status not in (0, NotReproducible.exit_code) or made.is_symlink() or not made.is_dir():
            raise error_of(done.status, done.stderr, release, of_archive=True)
        take_over(made, output, release)
    finally:
        discard(inside)
    return _account(output, done.stdout, release)


def _account(made: Path, printed: bytes, release: ArchivedRelease) -> dict[str, Any]:
    """What it says of its run: of the tests in run.json, and of what shut it off."""
    try:
        run: Any = parse_json(RUN, read_regular(made / RUN, LARGEST))[0]
        said = run["verification"]
        witnesses = {str(name): str(how) for name, how in said["witnesses"].items()}
        return {
            "release": str(release.digest),
            "tests": dict(said["tests"]),
            "witnesses": sorted(witnesses.items()),
            "remedy": _REMEDY,
        }
    except (Irregular, JsonProblem, LookupError, TypeError, ValueError, AttributeError) as error:
        raise InternalError.of(
            "TB9122",
            f"the archived twinbuild left no account of its run: {error}; it printed {printed[:200]!r}",
            hint="report this as a defect of twinbuild",
        ) from None

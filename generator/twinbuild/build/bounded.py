"""Work on what somebody else wrote, such as a template, in a process of its own that the kernel bounds.

Jinja's sandbox keeps a template from the machine, and does not keep it from being endless: loops in loops, macros that
call each other, texts that double; a regular expression may search for years. So such work may use ten seconds of a
processor and a gigabyte of memory, a thousand times what it takes, and ends with an error that says so.
"""

from __future__ import annotations

import pickle
import resource
import signal
from pathlib import Path
from typing import Final

import twinbuild
from twinbuild.ports import Completed, Runner

__all__ = ["REFUSED", "TOO_MUCH", "bound", "run_bounded", "why_it_ended"]

_SECONDS: Final = 10  # of processor time
_MEMORY: Final = 1 << 30  # bytes of address space
_PATIENCE: Final = 300.0  # seconds: only a machine that does nearly nothing needs as many
TOO_MUCH: Final = 3  # status where memory is short
REFUSED: Final = 2  # status with an error on standard output


def run_bounded(
    module: str, request: object, *, runner: Runner, interpreter: Path, directory: Path | None = None
) -> Completed:
    """Run a module that reads the pickled ``request`` from standard input and calls ``bound`` first."""
    return runner.run(
        (str(interpreter), "-P", "-s", "-m", module),
        environment=(
            ("PYTHONPATH", str(Path(twinbuild.__file__).resolve().parent.parent)),
            ("PYTHONHASHSEED", "0"),
            ("PYTHONDONTWRITEBYTECODE", "1"),
        ),
        stdin=pickle.dumps(request),
        directory=directory,
        timeout=_PATIENCE,
    )


def bound(*, seconds: int = _SECONDS, memory: int = _MEMORY, reserved: bool = False) -> None:
    """Limit this process: seconds of processor time, and bytes of memory.

    ``reserved``: address space that is taken already does not count (an allocator reserved it, and uses little of it).
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    if reserved:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        memory += pages * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


def why_it_ended(done: Completed) -> str:
    """Why a process ended that neither did its work nor refused it (``REFUSED``)."""
    if done.status in (-signal.SIGXCPU, -signal.SIGKILL):
        return f"the template is not done after {_SECONDS} seconds of processor time"
    if done.status == TOO_MUCH:
        return f"the template needs more than {_MEMORY >> 20} MiB of memory"
    if done.status < 0:
        return f"the template cannot be rendered: {signal.Signals(-done.status).name}"
    return f"the template cannot be rendered: {_last(done.stderr)}"


def _last(text: bytes) -> str:
    lines = text.decode(errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")[:300]

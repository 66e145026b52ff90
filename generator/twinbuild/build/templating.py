"""A site's template, rendered in a process of its own that the kernel bounds.

Jinja's sandbox keeps a template from the machine, and does not keep it from being endless: loops in loops, macros that
call each other, texts that double. So what renders it may use ten seconds of a processor and a gigabyte of memory, a
thousand times what a Dockerfile takes, and ends with an error that says so.
"""

from __future__ import annotations

import json
import pickle
import resource
import signal
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Final

import twinbuild
from twinbuild.errors import Location, SpecError
from twinbuild.model.plan import Derivation
from twinbuild.ports import Completed, Runner
from twinbuild.render.dockerfile import SiteTemplate, render_text, require_hermetic

__all__ = ["render_site"]

_SECONDS: Final = 10  # of processor time
_MEMORY: Final = 1 << 30  # bytes of address space
_PATIENCE: Final = 300.0  # seconds: only a machine that does nearly nothing needs as many
_TOO_MUCH: Final = 3  # status where memory is short
_REFUSED: Final = 2  # status with an error on standard output
_LESS: Final = "let its loops run over a few values, and print little: the shipped template takes milliseconds"


def render_site(
    template: str,
    derivation: Derivation,
    *,
    base_diff_id: str,
    pip: str,
    site: SiteTemplate,
    runner: Runner,
    interpreter: Path,
) -> str:
    """``render_dockerfile`` of a site's template, within bounds.

    Raises SpecError TB5230 where it fails or exceeds them, TB5231 where the text would need more than its context.
    """
    request = (template, derivation, base_diff_id, pip, site)
    done = runner.run(
        (str(interpreter), "-P", "-s", "-m", "twinbuild.build.templating"),
        environment=(
            ("PYTHONPATH", str(Path(twinbuild.__file__).resolve().parent.parent)),
            ("PYTHONHASHSEED", "0"),
            ("PYTHONDONTWRITEBYTECODE", "1"),
        ),
        stdin=pickle.dumps(request),
        timeout=_PATIENCE,
    )
    if done.status:
        raise _failed(done, site)
    text = done.stdout.decode()
    require_hermetic(text, derivation, site)
    return text


def _failed(done: Completed, site: SiteTemplate) -> SpecError:
    """What went wrong in the process; its answer is a text like any other, and decides nothing here."""
    message, hint, line = f"the template cannot be rendered: {_last(done.stderr)}", _LESS, 0
    if done.status in (-signal.SIGXCPU, -signal.SIGKILL):
        message = f"the template is not done after {_SECONDS} seconds of processor time"
    elif done.status == _TOO_MUCH:
        message = f"the template needs more than {_MEMORY >> 20} MiB of memory"
    elif done.status == _REFUSED:
        answer = json.loads(done.stdout)
        message, hint, line = str(answer["message"]), str(answer["hint"]), int(answer["line"])
    elif done.status < 0:
        message = f"the template cannot be rendered: {signal.Signals(-done.status).name}"
    return SpecError.of("TB5230", message, hint=hint, where=Location(file=site.name, line=line))


def _last(text: bytes) -> str:
    lines = text.decode(errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")[:300]


def _main() -> int:
    """Render the request of standard input, which is our own parent's."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    template, derivation, base_diff_id, pip, site = pickle.loads(sys.stdin.buffer.read())  # noqa: S301
    try:
        text = render_text(template, derivation, base_diff_id=base_diff_id, pip=pip, site=site)
    except SpecError as error:
        if isinstance(error.__cause__, MemoryError):
            return _TOO_MUCH
        finding = error.findings[0]
        answer = {"message": finding.message, "hint": finding.hint, "line": asdict(finding.where)["line"]}
        sys.stdout.write(json.dumps(answer))
        return _REFUSED
    sys.stdout.buffer.write(text.encode())
    return 0


if __name__ == "__main__":
    sys.exit(_main())

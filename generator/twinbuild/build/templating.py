"""A site's template, rendered in a process of its own that the kernel bounds."""

from __future__ import annotations

import json
import pickle
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Final

from twinbuild.build.bounded import REFUSED, TOO_MUCH, bound, run_bounded, why_it_ended
from twinbuild.errors import Location, SpecError
from twinbuild.model.plan import Derivation
from twinbuild.ports import Completed, Runner
from twinbuild.render.dockerfile import SiteTemplate, render_text, require_hermetic

__all__ = ["render_site"]

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
    done = run_bounded("twinbuild.build.templating", request, runner=runner, interpreter=interpreter)
    if done.status:
        raise _failed(done, site)
    text = done.stdout.decode()
    require_hermetic(text, derivation, site)
    return text


def _failed(done: Completed, site: SiteTemplate) -> SpecError:
    """What went wrong in the process; its answer is a text like any other, and decides nothing here."""
    message, hint, line = "", _LESS, 0
    if done.status == REFUSED:
        answer = json.loads(done.stdout)
        message, hint, line = str(answer["message"]), str(answer["hint"]), int(answer["line"])
    message = message or why_it_ended(done)
    return SpecError.of("TB5230", message, hint=hint, where=Location(file=site.name, line=line))


def _main() -> int:
    """Render the request of standard input, which is our own parent's."""
    bound()
    template, derivation, base_diff_id, pip, site = pickle.loads(sys.stdin.buffer.read())  # noqa: S301
    try:
        text = render_text(template, derivation, base_diff_id=base_diff_id, pip=pip, site=site)
    except SpecError as error:
        if isinstance(error.__cause__, MemoryError):
            return TOO_MUCH
        finding = error.findings[0]
        answer = {"message": finding.message, "hint": finding.hint, "line": asdict(finding.where)["line"]}
        sys.stdout.write(json.dumps(answer))
        return REFUSED
    sys.stdout.buffer.write(text.encode())
    return 0


if __name__ == "__main__":
    sys.exit(_main())

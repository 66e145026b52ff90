"""The files of a new project, made in a process that the kernel bounds: a catalogue may be anybody's."""

from __future__ import annotations

import base64
import json
import pickle
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from twinbuild.build.bounded import REFUSED, TOO_MUCH, bound, run_bounded, why_it_ended
from twinbuild.errors import Finding, Location, SpecError, TwinbuildError, UsageError
from twinbuild.model.family import Family, Written
from twinbuild.ports import Completed, Runner
from twinbuild.render.family import instantiate

__all__ = ["render_family"]


def render_family(
    family: Family, given: Mapping[str, str], standard: Mapping[str, str], *, runner: Runner, interpreter: Path
) -> tuple[Written, ...]:
    """``render.family.instantiate`` within bounds. Raises as that does, and SpecError TB7510 where it exceeds them."""
    request = (family, dict(given), dict(standard))
    done = run_bounded("twinbuild.build.family", request, runner=runner, interpreter=interpreter)
    if done.status:
        raise _failed(done, family)
    return tuple(
        Written(path=str(path), content=base64.b64decode(content), executable=bool(executable))
        for path, content, executable in json.loads(done.stdout)
    )


def _failed(done: Completed, family: Family) -> TwinbuildError:
    if done.status != REFUSED:
        return SpecError.of(
            "TB7510",
            why_it_ended(done),
            hint="let loops run over a few values, print little, and keep patterns simple: it takes milliseconds",
            where=Location(file=family.directory),
        )
    answer = json.loads(done.stdout)
    findings = tuple(Finding(**{**finding, "where": Location(**finding["where"])}) for finding in answer["findings"])
    return (UsageError if answer["usage"] else SpecError)(findings)


def _main() -> int:
    """Make the files that the request of standard input asks for, which is our own parent's."""
    bound()
    family, given, standard = pickle.loads(sys.stdin.buffer.read())  # noqa: S301
    try:
        written = instantiate(family, given, standard)
    except MemoryError:
        return TOO_MUCH
    except (SpecError, UsageError) as error:
        findings = [asdict(finding) for finding in error.findings]
        sys.stdout.write(json.dumps({"usage": isinstance(error, UsageError), "findings": findings}))
        return REFUSED
    answer = [[file.path, base64.b64encode(file.content).decode(), file.executable] for file in written]
    sys.stdout.write(json.dumps(answer))
    return 0


if __name__ == "__main__":
    sys.exit(_main())

"""Capture: the program that looks at an environment, and running it here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from twinbuild.build import capture
from twinbuild.deploy.parity.captures import asked_of
from twinbuild.deploy.parity.variables import declared_variables
from twinbuild.errors import UsageError
from twinbuild.pipeline.reading.records import image_variables
from twinbuild.pipeline.reading.released import Released
from twinbuild.ports import Runner

__all__ = ["capture_here", "capture_program"]

_ASK: Final = 'ASK: dict[str, Any] = {"files": [], "variables": []}\n'


def capture_program(release: Released) -> str:
    """The text of the program that asks what is of interest of this release; it needs Python alone."""
    text = Path(capture.__file__).read_text("utf-8")
    before, found, after = text.partition(_ASK)
    assert found
    wanted = asked_of(release.document)
    if release.directory is not None:
        declared = declared_variables(release.document)
        own = image_variables(release.directory, release.document)
        wanted["variables"] = [*sorted({*declared.shown, *own} - declared.secrets)]
    asked = json.dumps(wanted, ensure_ascii=True, sort_keys=True)
    return f"{before}ASK: dict[str, Any] = json.loads({asked!r})\n{after}"


def capture_here(
    release: Released, python: str, runner: Runner, *, environment: Mapping[str, str], image: str = ""
) -> bytes:
    """What the program says of the environment of an interpreter of this machine, with these variables.

    Raises UsageError TB7604 where the program does not end as it should, EnvironmentFault TB5901 where it cannot start.
    """
    arguments = (python, "-I", "-S", "-", *(("--image", image) if image else ()))
    completed = runner.run(arguments, environment=tuple(environment.items()), stdin=capture_program(release).encode())
    if completed.status != 0:
        last = completed.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        raise UsageError.of(
            "TB7604",
            f"{python} ended with status {completed.status}: {last[:200]}",
            hint="name the Python of the environment with --python",
            where="--python",
        )
    return completed.stdout

"""What a trial has found and seen so far, for whoever tries a part of it."""

from __future__ import annotations

from typing import Any

from twinbuild.errors import Finding, Location
from twinbuild.pipeline.project import Project
from twinbuild.trial.asking import Answer
from twinbuild.trial.limits import Measure

__all__ = ["TrialRun", "finding_at", "note_measure"]


class TrialRun:
    """What was found and seen so far. ``observed`` becomes JSON; ``answers`` are the first start's, by golden test."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.observed: dict[str, Any] = {}
        self.answers: dict[str, Answer] = {}
        self.output = b""  # of the last start


def finding_at(project: Project, code: str, message: str, hint: str, *at: int | str) -> Finding:
    """What is wrong, at a place of the spec; nowhere in it where none is given."""
    return Finding(code=code, message=message, hint=hint, where=project.loaded.where(*at) if at else Location())


def note_measure(project: Project, run: TrialRun, measure: Measure, code: str, *, also: str = "") -> None:
    """Note a figure, and object where it is beyond its limit."""
    run.observed.setdefault("figures", {})[measure.key] = round(measure.value, 6)
    if measure.limit is not None:
        run.observed.setdefault("limits", {})[measure.key] = measure.limit
    if not measure.kept:
        what = f"{measure.key} is {measure.shown}{also}, expected {measure.allowed}"
        hint = "make the service faster or smaller, or set a limit that it can keep"
        run.findings.append(finding_at(project, code, what, hint, "tests", "performance", measure.key))

"""A log level that may change while the service runs: its lines show it, and show that it comes back."""

from __future__ import annotations

import time
from typing import Final

from twinbuild.errors import Finding
from twinbuild.model.knobs import LIVE
from twinbuild.model.spec.knob import Knob
from twinbuild.pipeline.project import Project
from twinbuild.pipeline.run.livevolume import LiveVolume
from twinbuild.pipeline.run.trying import Trial
from twinbuild.pipeline.trial.fallbacks import patience_for
from twinbuild.pipeline.trial.golden import question_of
from twinbuild.pipeline.trial.loglevel import effect_of_level, has_lesser
from twinbuild.pipeline.trial.record import finding_at

__all__ = ["level_live"]

_WITHIN: Final = 5.0  # seconds until another level has its effect
_QUIET: Final = 0.3  # seconds without a line, after which no more of them is expected
_LATE: Final = 3.0  # seconds that lines are waited for at most
_PAUSE: Final = 0.02


def level_live(
    project: Project, service: Trial, volume: LiveVolume, knob: Knob, level: str
) -> tuple[list[Finding], bool]:
    """What is wrong with a live change to a level and back, and whether it was shown.

    Nothing can be shown where the golden tests lead to no lesser line. Raises NoAnswer.
    """
    assert knob.variable is not None
    volume.hold({})
    plain = _said(project, service)
    if not has_lesser(project, plain, level):
        return [], False
    volume.hold({knob.variable: level})
    end = time.monotonic() + _WITHIN
    while has_lesser(project, severe := _said(project, service), level):
        if time.monotonic() >= end:
            return list(effect_of_level(project, knob, level, plain=plain, severe=severe)), False
    volume.hold({})
    end = time.monotonic() + _WITHIN
    while not has_lesser(project, _said(project, service), level):
        if time.monotonic() >= end:
            what = f"{_WITHIN:g} s after {LIVE}/{knob.variable} went, the log level is still {level}"
            hint = "go back to what the service was started with where there is no file"
            index = [each.name for each in project.spec.configuration.parameters].index(knob.name)
            return [finding_at(project, "TB7230", what, hint, "configuration", "parameters", index, "kind")], False
    return [], True


def _said(project: Project, service: Trial) -> bytes:
    """What is printed in answer to all golden tests, late lines included."""
    before = len(service.output)
    for golden in project.spec.tests.golden:
        service.ask(question_of(golden, service), patience=patience_for(project.spec, golden))
    since, size, end = time.monotonic(), len(service.output), time.monotonic() + _LATE
    while time.monotonic() - since < _QUIET and time.monotonic() < end:
        time.sleep(_PAUSE)
        if (now := len(service.output)) != size:
            since, size = time.monotonic(), now
    return service.output[before:]

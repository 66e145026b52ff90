"""Running what was reproduced as a stage ran it: its values, the archived golden tests, and requests of one's own.

An incident is explained by the same bytes under the same conditions. So the image is started with the configuration
that the release has for the stage, in the sandbox that its tests ran in.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from twinbuild.errors import Finding, Location, UsageError
from twinbuild.model.archive import ArchivedRelease
from twinbuild.model.knobs import written
from twinbuild.model.platform import Platform
from twinbuild.pipeline.machine import Machine
from twinbuild.pipeline.measure.shadowing import answer_of, golden_requests, read_side, served
from twinbuild.pipeline.regular import LARGEST, Irregular, read_regular
from twinbuild.store.disk import DiskStore
from twinbuild.trial.asking import Answer
from twinbuild.trial.comparing import mismatch_of
from twinbuild.trial.shadowing import Recorded, recorded_requests

__all__ = ["Answered", "Rerun", "golden_finding", "read_requests", "refuse_other", "rerun", "stage_environment"]

_PATIENCE: Final = 300.0  # seconds that a service gets to start
_REQUESTS: Final = 64 << 20  # bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """One request and what came back: an answer, or why there was none."""

    name: str
    answer: Answer | str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rerun:
    """What the stage's variables were, how many golden tests were asked and what differed, and the answers."""

    environment: tuple[tuple[str, str], ...]
    golden: int
    differing: tuple[Finding, ...]
    answers: tuple[Answered, ...]


def read_requests(file: Path | None) -> tuple[Recorded, ...]:
    """The requests of a JSON Lines file, one at least; () where none is named. Raises UsageError TB7301, TB7302."""
    if file is None:
        return ()
    try:
        content = read_regular(file, _REQUESTS, follow=True)
    except Irregular as error:
        message = f"{file.name} {error}"
        raise UsageError.of("TB7301", message, hint="name a JSON Lines file", where=str(file)) from None
    found = recorded_requests(content, file=str(file))
    if not found:
        message, hint = "got no requests, expected one at least", "write one JSON object a line"
        raise UsageError.of("TB7301", message, hint=hint, where=str(file))
    return found


def rerun(
    output: Path, machine: Machine, *, stage: str, variant: str = "", requests: tuple[Recorded, ...] = ()
) -> Rerun:
    """Start the image of the release in a directory as a stage does ("" with its defaults), and ask it.

    Raises UsageError TB9132 for a stage that the release has not, TB7303, TB7304 for its image; EnvironmentFault TB5910
    without a sandbox, TB5912 where the service does not start.
    """
    side = read_side(output, variant=variant, machine=os.uname().machine)
    environment = stage_environment(output, side.document, stage)
    golden = golden_requests(side)
    machine.scratch.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="rerun-", dir=machine.scratch) as directory,
        DiskStore(Path(directory, "store"), durable=False) as store,
        served(side, replace(machine, store=store), also=environment) as service,
    ):
        service.wait_until_ready(_PATIENCE)
        machine.progress(f"asking {side.name}", 0, 0)
        expected = [answer_of(service, each.request) for each in golden]
        answers = tuple(Answered(name=each.name, answer=answer_of(service, each.request)) for each in requests)
    differing = tuple(
        finding
        for stated, answer in zip(side.document["tests"]["golden"] if golden else (), expected, strict=True)
        if (finding := golden_finding(side.name, stated, answer)) is not None
    )
    return Rerun(environment=environment, golden=len(golden), differing=differing, answers=answers)


def stage_environment(output: Path, document: Mapping[str, Any], stage: str) -> tuple[tuple[str, str], ...]:
    """The variables of a stage, from the release's own ``deploy/STAGE/configuration.json``; () for no stage.

    Raises UsageError TB9132 with the stages that there are.
    """
    if not stage:
        return ()
    path = _require_stage({each["path"] for each in document["documents"]}, stage)
    values: dict[str, Any] = json.loads(read_regular(output / path, LARGEST))["values"]
    knobs = document["configuration"]["parameters"]
    variables = {knob["name"]: knob.get("environment") or "" for knob in knobs}
    return tuple((variables[name], written(value)) for name, value in values.items() if variables.get(name))


def refuse_other(release: ArchivedRelease, *, stage: str, variant: str) -> None:
    """Raise what ``rerun`` would of a stage and a variant, before minutes are spent on building the release again.

    UsageError TB9132, TB7304.
    """
    if stage:
        _require_stage({file.path for file in release.files}, stage)
    machine = os.uname().machine
    images = [each for each in release.images if Platform.parse(each.platform).machine == machine]
    if len([each for each in images if variant in ("", each.variant)]) != 1:
        there = ", ".join(f"{each.variant} ({each.platform})" for each in release.images)
        got = f"the variant {variant[:80]!r}" if variant else "no variant"
        raise UsageError.of(
            "TB7304",
            f"got {got} to run on {machine}, expected one that has one image for it: {there}",
            hint="choose one with --variant",
            where=release.label,
        )


def _require_stage(covered: AbstractSet[str], stage: str) -> str:
    """The path of a stage's values."""
    path = f"deploy/{stage}/configuration.json"
    if path not in covered:
        stages = sorted(name.split("/")[1] for name in covered if name.endswith("/configuration.json"))
        known = f"one of {', '.join(stages)}" if stages else "none: the release has none"
        raise UsageError.of(
            "TB9132",
            f"got the stage {stage[:80]!r}, expected {known}",
            hint="name a stage of the release, or leave --stage out for its defaults",
            where="--stage",
        )
    return path


def golden_finding(release: str, golden: Mapping[str, Any], answer: Answer | str) -> Finding | None:
    """TB9131 where a golden test, as the release manifest has it, is not answered as it says; else None."""
    if isinstance(answer, Answer):
        expected = golden["expect"]
        body, tolerance = expected.get("body"), expected.get("tolerance", 0.0)
        found = mismatch_of(answer, status=expected["status"], body=body, tolerance=tolerance)
        if found is None:
            return None
        said = str(found)
    else:
        said = f"no answer: {answer}"
    return Finding(
        code="TB9131",
        message=f"golden test {golden['name']!r} is answered otherwise: {said}",
        hint="where the values of the stage change answers on purpose, ask without --stage; else this machine "
        "computes otherwise than the one that released it",
        where=Location(subject=release),
    )

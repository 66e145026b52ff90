"""Build steps in the plan: what a step's root file system is made of, and what lies below its /inputs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import PurePosixPath

from twinbuild.build.steps import STEPS
from twinbuild.errors import Finding, Location, LockError, SpecError
from twinbuild.model.lock import Lock, LockedDeb, LockedStep, Target
from twinbuild.model.plan import (
    FileInput,
    LayerDerivation,
    LayerRecipe,
    StepOutput,
    StepRecipe,
    WheelInput,
    WheelsRecipe,
)
from twinbuild.model.spec.release import ReleaseSpec
from twinbuild.model.spec.steps import BuildStep
from twinbuild.model.spec.values import duration_seconds, quantity_value
from twinbuild.pipeline.plan.standing import base_input

__all__ = ["overlaps", "step_layers"]


def step_layers(
    spec: ReleaseSpec,
    lock: Lock,
    target: Target,
    below: tuple[LayerDerivation, ...],
    *,
    layer: Callable[[str, LayerRecipe], LayerDerivation],
    system: Callable[[Target], LayerRecipe],
    prefix: str,
    epoch: int,
) -> Iterator[LayerDerivation]:
    """The layers of those steps whose outputs the image has.

    A step stands on ``below``, the image's packages or account, environment and wheels, with its own packages
    (``system`` makes the recipe of such a target) and wheels besides. Raises LockError TB2250, SpecError TB5323 where
    an input names nothing.
    """
    made: list[LayerDerivation] = []
    for step in spec.environment.steps:
        locked = _locked(target, step)
        ground, *others = below
        if locked.debs:
            ground = layer("Debian packages", system(replace(target, debs=_debs(target, locked))))
        have = {wheel.sha256 for wheel in target.wheels}
        wheels = tuple(
            WheelInput(filename=wheel.filename, sha256=wheel.sha256, size=wheel.size)
            for wheel in sorted(locked.wheels, key=lambda wheel: wheel.filename)
            if wheel.sha256 not in have
        )
        if wheels:
            recipe = WheelsRecipe(prefix=prefix, python=target.python.minor, bytecode=None, wheels=wheels)
            others.append(layer(f"{len(wheels)} wheels of the step", recipe))
        known = {done.recipe.step: done for done in made if isinstance(done.recipe, StepRecipe)}
        user = spec.serving.user
        done = layer(
            f"step {step.name}",
            StepRecipe(
                step=step.name,
                runner=STEPS,
                base=base_input(target.base).layers if target.base is not None else (),
                root=(ground, *others),
                files=tuple(sorted(_files(spec, lock, step, locked), key=lambda file: file.path)),
                steps=tuple(known[name] for name in sorted(step.inputs.steps)),
                command=tuple(step.command),
                environment=_environment(step, prefix, epoch),
                directory=step.directory,
                uid=user.uid,
                gid=user.gid,
                outputs=tuple(
                    StepOutput(path=output.path.lstrip("/"), directory=output.kind == "directory")
                    for output in sorted(step.outputs, key=lambda output: output.path)
                ),
                timeout=math.ceil(duration_seconds(step.timeout)),
                memory=int(quantity_value(step.memory)),
                space=int(quantity_value(step.space)),
                processes=step.processes,
                fixed_clock=step.fixed_clock,
            ),
        )
        made.append(done)
        if step.image:
            yield done


def _locked(target: Target, step: BuildStep) -> LockedStep:
    for locked in target.steps:
        if locked.name == step.name:
            return locked
    raise LockError.of("TB2250", f"the lock has no step {step.name!r} of {target.key}", hint="run `twinbuild lock`")


def _debs(target: Target, locked: LockedStep) -> tuple[LockedDeb, ...]:
    """All packages of a step's root file system, sorted by name."""
    debs = {deb.name: deb for deb in (*target.debs, *locked.debs)}
    return tuple(debs[name] for name in sorted(debs))


def _environment(step: BuildStep, prefix: str, epoch: int) -> tuple[tuple[str, str], ...]:
    return tuple(
        sorted(
            {
                "HOME": "/work",
                "LC_ALL": "C.UTF-8",
                "PATH": f"/{prefix}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                "PYTHONDONTWRITEBYTECODE": "1",
                "PYTHONHASHSEED": "0",
                "SOURCE_DATE_EPOCH": str(epoch),
                "TMPDIR": "/tmp",  # noqa: S108  of the sandbox
                "TZ": "UTC",
                **{name: str(value) for name, value in step.environment.items()},
            }.items()
        )
    )


def _files(spec: ReleaseSpec, lock: Lock, step: BuildStep, locked: LockedStep) -> Iterator[FileInput]:
    """Everything below /inputs but for earlier steps, each path once."""
    findings: list[Finding] = []
    found: dict[str, FileInput] = {}
    inputs = step.inputs

    def refuse(kind: str, name: str, hint: str) -> None:
        message = f"step {step.name!r} declares the {kind} {name!r}, which is not there"
        where = Location(pointer=f"/environment/steps/{spec.environment.steps.index(step)}/inputs")
        findings.append(Finding(code="TB5323", message=message, hint=hint, where=where))

    for declared in inputs.application:
        files = [file for file in lock.source if f"{file.path}/".startswith(f"{declared}/") or declared == "."]
        for file in files:
            path = f"application/{file.path}"
            mode = 0o755 if file.executable else 0o644
            found[path] = FileInput(path=path, sha256=file.sha256, size=file.size, mode=mode)
        if not files:
            refuse("application file", declared, "name a file or directory below source.directory")
    targets = {artifact.name: PurePosixPath(artifact.target).name for artifact in spec.model.artifacts}
    artifacts = {artifact.name: artifact for artifact in lock.artifacts}
    for name in inputs.artifacts:
        if name not in targets or name not in artifacts:
            refuse("artifact", name, "name an artifact of model.artifacts")
            continue
        path = f"artifacts/{name}/{targets[name]}"
        found[path] = FileInput(path=path, sha256=artifacts[name].sha256, size=artifacts[name].size, mode=0o644)
    for file in locked.files:
        path = f"directory/{file.path}"
        mode = 0o755 if file.executable else 0o644
        found[path] = FileInput(path=path, sha256=file.sha256, size=file.size, mode=mode)
    for sdist in locked.sdists:
        path = f"sdists/{sdist.filename}"
        found[path] = FileInput(path=path, sha256=sdist.sha256, size=sdist.size, mode=0o644)
    if findings:
        raise SpecError(tuple(findings))
    yield from found.values()


def overlaps(spec: ReleaseSpec, lock: Lock) -> Iterable[Finding]:
    """TB1115 for each output of a step in the image that lies where an artifact or the application does."""
    others = [(artifact.target, f"artifact {artifact.name!r}") for artifact in spec.model.artifacts]
    others += [(str(PurePosixPath(spec.source.target, file.path)), "the application") for file in lock.source]
    for number, step in enumerate(spec.environment.steps):
        if not step.image:
            continue
        for output in step.outputs:
            for place, whose in others:
                if f"{place}/".startswith(f"{output.path}/") or f"{output.path}/".startswith(f"{place}/"):
                    yield Finding(
                        code="TB1115",
                        message=f"step {step.name!r} makes {output.path}, where {whose} has {place}",
                        hint="give the output a place of its own, such as /models/NAME",
                        where=Location(pointer=f"/environment/steps/{number}/outputs"),
                    )
                    break

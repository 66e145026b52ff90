"""The build context of a Dockerfile: everything that an image is made of, verified, as files in a directory.

Nothing in it depends on the machine: names, modes and times are the same everywhere, and so are the bytes.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from twinbuild.build.bytecode import TREE_PROGRAM
from twinbuild.build.clock import fixed_clock
from twinbuild.build.docker.programs import PIP_PROGRAM, STEP_PROGRAM, step_document
from twinbuild.build.embedded import EmbeddedBuilder
from twinbuild.build.unpack import layer_chunks
from twinbuild.model.image import BuiltLayer, Image
from twinbuild.model.lock import Lock, LockedWheel
from twinbuild.model.plan import ApplicationRecipe, ArtifactRecipe, Derivation, FileInput, MetadataRecipe, Plan
from twinbuild.pipeline.build.dockerfiles import dockerfile
from twinbuild.pipeline.lock.installer import installer_of
from twinbuild.pipeline.machine import Machine
from twinbuild.pipeline.output import CONTEXT_MARK, Output, copy_blob, replace_directory
from twinbuild.pipeline.project import Project
from twinbuild.render.dockerfile import SiteTemplate
from twinbuild.render.requirements import render_requirements
from twinbuild.render.stages import Stage, stages_of

_SYSTEM, _ENVIRONMENT = 0, 1  # layers that the assembler makes, which a Dockerfile adds as archives

__all__ = ["fill_context", "write_context"]


def write_context(
    project: Project, plan: Plan, images: tuple[Image, ...], lock: Lock, machine: Machine, *, target: Path
) -> None:
    """Write the context of the release's image to ``target``; of several, each to ``target/VARIANT-PLATFORM``.

    The directory appears at once or not at all. Raises UsageError TB8020 where something else lies there,
    EnvironmentFault TB2041 where the pinned pip cannot be had, IntegrityError for damaged blobs.
    """
    pip = installer_of(lock, machine)
    with replace_directory(target, Output.CONTEXT) as fresh:
        for derivation, image in zip(plan.derivations, images, strict=True):
            place = fresh
            if len(images) > 1:
                place = fresh / f"{derivation.variant}-{derivation.platform.file_part}"
                place.mkdir()
            made = image.layers[len(image.layers) - len(derivation.layers) :]
            fill_context(place, derivation, made, lock, machine, pip=pip, site=project.site)
            _write_roots(place, derivation, machine)
            if derivation.base is None:
                _write_archive(place / "base.tar", made[_SYSTEM], machine)
        (fresh / CONTEXT_MARK).write_text("The context of a Dockerfile, written by `twinbuild fetch --into`.\n")
        _settle(fresh, plan.derivations[0].source_date_epoch)


def fill_context(
    place: Path,
    derivation: Derivation,
    layers: Sequence[BuiltLayer],
    lock: Lock,
    machine: Machine,
    *,
    pip: LockedWheel,
    site: SiteTemplate | None,
    reverse: bool = False,
    time: int | None = None,
) -> None:
    """Fill an empty directory with all that a Dockerfile needs above its base.

    ``layers`` are the derivation's lowest two: the system or the account, and the environment's skeleton. ``reverse``
    makes the files in the other order; ``time`` is theirs in seconds since 1970, if not that of ``write_context``:
    neither may change a byte of an image.
    """
    target = lock.target(derivation.variant, derivation.platform)
    assert target is not None, "an image is built from a target of the lock"
    (place / "Dockerfile").write_bytes(dockerfile(derivation, layers[_SYSTEM], machine, pip=pip.version, site=site))
    (place / "compile.py").write_text(TREE_PROGRAM, encoding="utf-8")
    (place / "pip.py").write_text(PIP_PROGRAM, encoding="utf-8")
    text = render_requirements(target, target.wheels, resolver=lock.resolver)
    (place / "requirements.txt").write_text(text, encoding="utf-8")
    if derivation.base is not None:
        _write_archive(place / "account.tar", layers[_SYSTEM], machine)
    _write_archive(place / "environment.tar", layers[_ENVIRONMENT], machine)
    for directory in ("wheels", "pip", "model", "application", "documents"):
        (place / directory).mkdir()
    copy_blob(machine.store, pip.sha256, place / "pip" / pip.filename)
    for wheel in sorted(target.wheels, key=lambda wheel: wheel.filename, reverse=reverse):
        copy_blob(machine.store, wheel.sha256, place / "wheels" / wheel.filename)
    for directory, file in sorted(_files(derivation), key=lambda item: item[1].path, reverse=reverse):
        _place(place / directory, file, machine)
    for stage in stages_of(derivation):
        _fill_step(place / "steps" / stage.recipe.step, stage, machine, reverse=reverse)
        (place / "step.py").write_text(STEP_PROGRAM, encoding="utf-8")
    if time is not None:
        _settle(place, time)


def _fill_step(place: Path, stage: Stage, machine: Machine, *, reverse: bool) -> None:
    """What a build step is given: its inputs, and how it is started."""
    recipe, layer = stage.recipe, stage.layer
    (place / "inputs").mkdir(parents=True)
    for file in sorted(recipe.files, key=lambda file: file.path, reverse=reverse):
        _place(place / "inputs", file, machine)
    for earlier in stage.earlier:
        (place / "inputs" / "steps" / earlier).mkdir(parents=True)
    (place / "step.json").write_bytes(step_document(recipe))
    if recipe.fixed_clock:
        (place / "clock").write_bytes(fixed_clock(layer.platform.machine, layer.source_date_epoch))


def _write_roots(place: Path, derivation: Derivation, machine: Machine) -> None:
    """The layers of each step's root file system as archives, for a build by hand."""
    assembler = EmbeddedBuilder(store=machine.store, runner=machine.runner, scratch=machine.scratch)
    for stage in stages_of(derivation):
        for number, layer in enumerate(assembler.realise(stage.recipe.root), start=1):
            _write_archive(place / "steps" / stage.recipe.step / f"root-{number}.tar", layer, machine)


def _write_archive(path: Path, layer: BuiltLayer, machine: Machine) -> None:
    with path.open("xb") as stream:
        for chunk in layer_chunks(layer, machine.store):
            stream.write(chunk)


def _files(derivation: Derivation) -> Iterator[tuple[str, FileInput]]:
    """The files that are copied as they are, with the directory of the context that each lies in."""
    for layer in derivation.layers:
        match layer.recipe:
            case ArtifactRecipe(file=file):
                yield "model", file
            case ApplicationRecipe(files=files):
                yield from (("application", file) for file in files)
            case MetadataRecipe(files=files):
                yield from (("documents", file) for file in files)
            case _:
                pass  # wheels and the system have a form of their own


def _place(root: Path, file: FileInput, machine: Machine) -> None:
    path = root / file.path
    path.parent.mkdir(parents=True, exist_ok=True)
    copy_blob(machine.store, file.sha256, path)
    path.chmod(file.mode)


def _settle(root: Path, epoch: int) -> None:
    """The same modes and times for whoever writes it: an engine may copy both.

    BuildKit takes a file of an earlier context of that name for this one's if size and time are the same. So each has a
    part of a second that its content decides; layers hold whole seconds.
    """
    for directory, names, files in os.walk(root, topdown=False):
        for name in files:
            path = Path(directory, name)
            path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
            with path.open("rb") as stream:
                part = int.from_bytes(hashlib.file_digest(stream, "sha256").digest()[:8]) % 10**9
            os.utime(path, ns=(epoch * 10**9 + part, epoch * 10**9 + part))
        for name in names:
            Path(directory, name).chmod(0o755)
            os.utime(Path(directory, name), (epoch, epoch))
    os.utime(root, (epoch, epoch))

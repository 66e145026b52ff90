"""Build: lock → images in the store, without a network. And verify: build again, otherwise, and compare."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from twinbuild.build.clock import fixed_clock
from twinbuild.build.embedded import EmbeddedBuilder, forget_images
from twinbuild.debian.scripts import effects_digest
from twinbuild.describe.contents import contents_documents
from twinbuild.model.image import Image
from twinbuild.model.lock import Lock, Target
from twinbuild.model.plan import Plan
from twinbuild.model.spec.values import epoch as epoch_of
from twinbuild.model.verification import Identical
from twinbuild.oci.compress import compressor
from twinbuild.pipeline.build.preflight import preflight_files
from twinbuild.pipeline.fresh.evidence import Evidence, forget_proof, proven_images, proven_layers, remember_proof
from twinbuild.pipeline.machine import Machine
from twinbuild.pipeline.placing import placed_in_spec
from twinbuild.pipeline.plan.plan import Tooling, make_plan
from twinbuild.pipeline.project import Project
from twinbuild.ports import Builder
from twinbuild.resolve.git import require_commit
from twinbuild.store.overlay import scratch_store
from twinbuild.verify.cause import Clue, Observed
from twinbuild.verify.compare import compare_builds
from twinbuild.verify.conditions import CLOCK_OFFSET, RECOGNISABLE, VARIATIONS, Conditions, here, unlike
from twinbuild.verify.second import build_again

__all__ = ["build_images", "builder_clue", "plan_release", "source_epoch", "verify_images"]


def source_epoch(project: Project, machine: Machine) -> int:
    """SOURCE_DATE_EPOCH of the release: the spec's date, or the source commit's. Raises SpecError TB2320."""
    date = project.spec.metadata.date
    if date != "commit":
        return epoch_of(date)
    with placed_in_spec(project):
        purpose = "metadata.date is `commit`"
        return require_commit(project.directory, machine.runner, purpose=purpose, pointer="/metadata/date").date


def plan_release(project: Project, lock: Lock, *, epoch: int) -> Plan:
    """The plan of a project's release. Raises SpecError TB1115 and TB5323, at their lines of the spec."""
    spec = project.spec
    tooling = Tooling(compressor=compressor, effects=effects_digest)

    def documents(target: Target) -> tuple[tuple[str, bytes], ...]:
        return (*contents_documents(spec, lock, target, epoch=epoch), *preflight_files(spec, lock, target.variant))

    with placed_in_spec(project):
        return make_plan(spec, lock, tooling, epoch=epoch, documents=documents)


def build_images(plan: Plan, machine: Machine) -> tuple[Image, ...]:
    """Realise every derivation of a plan; blobs that it needs and that are missing are named all at once.

    Raises LockError TB3102, BuildError, IntegrityError.
    """
    for document in plan.documents:
        if not machine.store.has(document.digest):
            machine.store.put(document.content)
    builder: Builder = EmbeddedBuilder(store=machine.store, runner=machine.runner, scratch=machine.scratch)
    return tuple(builder.build(derivation, machine.progress) for derivation in plan.derivations)


def verify_images(
    project: Project, images: tuple[Image, ...], machine: Machine, *, epoch: int, again: bool = False
) -> Evidence:
    """Build everything a second time under other conditions and compare.

    Evidence for the same derivations and the same bytes on this machine, of all images or of single layers, is reused
    unless ``again``. Raises BuildError TB6001 if the second build fails; that builds differ is a result, not an error.
    """
    known = None if again else proven_images(images, machine.store)
    if known is not None:
        remember_proof(images, known.witnesses, machine.store)  # each layer's, where collection took it
        return known
    proven = () if again else proven_layers(images, machine.store)
    machine.progress("second build", 0, 0)
    machine.scratch.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix="second-", dir=machine.scratch))
    try:
        started = time.time()
        mine = here(machine.environment)
        others = unlike(mine)
        second = build_again(
            machine.runner,
            interpreter=machine.interpreter,
            spec=project.spec_path,
            overlays=project.overlays,
            store=Path(machine.settings.store),
            scratch=scratch,
            epoch=epoch,
            conditions=others,
            clock=fixed_clock(os.uname().machine, int(started) + CLOCK_OFFSET),
            proven=proven,
            variants=project.variants,
        )
        with scratch_store(machine.store, second.store) as other:
            verification = compare_builds(
                images,
                second.images,
                stores=(machine.store, other),
                variations=VARIATIONS,
                clue=_clue(started, machine, scratch, mine, others),
            )
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    if isinstance(verification, Identical):
        remember_proof(images, second.witnesses, machine.store)
    else:
        forget_images(machine.store, images)  # one of the two is wrong: neither may serve a later build
        forget_proof(images, machine.store)
    return Evidence(
        verification=verification,
        witnesses=second.witnesses,
        reused=False,
        earlier=tuple(layer.derivation for layer in proven),
    )


def builder_clue(machine: Machine) -> Clue:
    """What a build here and one in an engine's sandbox could see, as far as it is known."""
    return _clue(time.time(), machine, machine.scratch, here(machine.environment), unlike(here(machine.environment)))


def _clue(started: float, machine: Machine, scratch: Path, mine: Conditions, others: Conditions) -> Clue:
    """What each of the two builds could see."""
    processors = len(os.sched_getaffinity(0))
    first = _observed(mine, started, (str(Path.cwd()), str(machine.scratch)), processors)
    second = _observed(others, started + CLOCK_OFFSET, (str(scratch), str(scratch)), processors + 1)
    return Clue(first=first, second=replace(second, environment=RECOGNISABLE))


def _observed(conditions: Conditions, now: float, directories: tuple[str, ...], processors: int) -> Observed:
    return Observed(
        time=now,
        host_name=conditions.host_name,
        user=conditions.user,
        directories=directories,
        time_zones=(conditions.time_zone, _offset(conditions.time_zone, now)),
        locale=conditions.locale,
        environment=(),
        processors=processors,
    )


def _offset(zone: str, now: float) -> str:
    """A zone's offset from UTC at a time, such as +0530; nothing for one that is no name."""
    try:
        return datetime.fromtimestamp(now, ZoneInfo(zone)).strftime("%z")
    except (KeyError, OSError, ValueError):
        return ""

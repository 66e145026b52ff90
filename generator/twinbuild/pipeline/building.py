"""Build: lock → images in the store, without a network. And verify: build again, otherwise, and compare."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from twinbuild.build.embedded import EmbeddedBuilder, forget_images
from twinbuild.debian.scripts import effects_digest
from twinbuild.describe.contents import contents_documents
from twinbuild.model.image import Image
from twinbuild.model.lock import Lock
from twinbuild.model.plan import Plan
from twinbuild.model.spec.values import epoch as epoch_of
from twinbuild.model.verification import Identical
from twinbuild.oci.compress import compressor
from twinbuild.pipeline.evidence import Evidence, forget_proof, proven_images, proven_layers, remember_proof
from twinbuild.pipeline.machine import Machine
from twinbuild.pipeline.plan import Tooling, make_plan
from twinbuild.pipeline.project import Project
from twinbuild.ports import Builder
from twinbuild.resolve.git import require_commit
from twinbuild.store.overlay import scratch_store
from twinbuild.verify.cause import Clue, Observed
from twinbuild.verify.compare import compare_builds
from twinbuild.verify.conditions import CLOCK_OFFSET, HOST_NAME, LOCALE, RECOGNISABLE, TIME_ZONE, USER, VARIATIONS
from twinbuild.verify.second import build_again

__all__ = ["build_images", "plan_release", "source_epoch", "verify_images"]


def source_epoch(project: Project, machine: Machine) -> int:
    """SOURCE_DATE_EPOCH of the release: the spec's date, or the source commit's. Raises SpecError TB2320."""
    date = project.spec.metadata.date
    if date != "commit":
        return epoch_of(date)
    return require_commit(project.directory, machine.runner, purpose="metadata.date is `commit`").date


def plan_release(project: Project, lock: Lock, *, epoch: int) -> Plan:
    """The plan of a project's release."""
    spec = project.spec
    tooling = Tooling(compressor=compressor, effects=effects_digest)
    return make_plan(
        spec, lock, tooling, epoch=epoch, documents=lambda target: contents_documents(spec, lock, target, epoch=epoch)
    )


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
        second = build_again(
            machine.runner,
            interpreter=machine.interpreter,
            spec=project.spec_path,
            overlays=project.overlays,
            store=Path(machine.settings.store),
            scratch=scratch,
            epoch=epoch,
            proven=proven,
        )
        with scratch_store(machine.store, second.store) as other:
            verification = compare_builds(
                images,
                second.images,
                stores=(machine.store, other),
                variations=VARIATIONS,
                clue=_clue(started, machine, scratch),
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


def _clue(started: float, machine: Machine, scratch: Path) -> Clue:
    user = "unknown"
    with suppress(KeyError, OSError):
        user = getpass.getuser()
    first = Observed(
        time=started,
        host_name=socket.gethostname(),
        user=user,
        directories=(str(Path.cwd()), str(machine.scratch)),
        time_zones=(os.environ.get("TZ", "UTC"), time.strftime("%z", time.localtime(started))),
        locale=os.environ.get("LC_ALL", os.environ.get("LANG", "C")),
        environment=(),
        processors=len(os.sched_getaffinity(0)),
    )
    second = Observed(
        time=started + CLOCK_OFFSET,
        host_name=HOST_NAME,
        user=USER,
        directories=(str(scratch), str(scratch)),
        time_zones=TIME_ZONE,
        locale=LOCALE,
        environment=RECOGNISABLE,
        processors=first.processors + 1,
    )
    return Clue(first=first, second=second)

"""Docker's BuildKit as a second builder: build a plan through it, and compare what it builds with other images.

The two builders share the plan, the inputs' bytes, the layer of the base, the writer of layers, and nothing else: pip
installs the wheels, BuildKit copies the files, and a whole interpreter compiles the byte code.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from twinbuild.build.docker.builder import DockerBuilder, Surroundings
from twinbuild.build.docker.engine import Toolchain, find_toolchain
from twinbuild.build.embedded import EmbeddedBuilder
from twinbuild.codec.canonical import canonical, digest_of
from twinbuild.describe.witnesses import BuildKitEvidence
from twinbuild.model.digest import Digest
from twinbuild.model.image import Image
from twinbuild.model.lock import Lock
from twinbuild.model.plan import Derivation, Plan
from twinbuild.model.verification import Identical, Variation, Verification
from twinbuild.pipeline.build.building import builder_clue
from twinbuild.pipeline.build.context import fill_context
from twinbuild.pipeline.build.dockerfiles import dockerfiles
from twinbuild.pipeline.fresh.evidence import evidence_key
from twinbuild.pipeline.lock.installer import installer_of
from twinbuild.pipeline.machine import Machine
from twinbuild.pipeline.project import Project
from twinbuild.ports import Builder, Store
from twinbuild.store.overlay import scratch_store
from twinbuild.verify.compare import compare_builds

__all__ = ["BUILDKIT_VARIATIONS", "build_with_docker", "verify_with_docker"]

BUILDKIT_VARIATIONS: Final = (
    Variation(name="builder", description="Docker's BuildKit instead of the embedded assembler"),
    Variation(name="cache", description="no step from a cache, twice"),
    Variation(name="network", description="no network in any step"),
    Variation(name="host-name", description="another host name in the sandbox of each step"),
    Variation(name="directory", description="another directory for the context"),
    Variation(name="directory-order", description="the context's files made in the other order"),
    Variation(name="clock", description="the context's files a day and an hour later"),
    Variation(name="umask", description="the context written under umask 0077"),
    Variation(name="time-zone", description="another time zone and locale for the client"),
)
_KIND: Final = "buildkit"
_PLAIN: Final = Surroundings()
_LATER: Final = 86_400 + 3_661
_OTHER: Final = Surroundings(
    directory="another-place/of-the-context",
    host_name="another-sandbox",
    later=_LATER,
    reverse=True,
    umask=0o077,
    environment=(("LC_ALL", "tr_TR.UTF-8"), ("TZ", "Etc/GMT-14")),
)


def build_with_docker(
    project: Project, plan: Plan, lock: Lock, machine: Machine, *, buildx_builder: str = "", cached: bool = True
) -> tuple[Image, ...]:
    """Every image of the plan, by BuildKit; its blobs lie in the store. Raises as ``DockerBuilder.build``."""
    _put_documents(plan, machine.store)
    return tuple(
        _builder(
            project, lock, machine, machine.store, _toolchain(derivation, machine, buildx_builder), cached=cached
        ).build(derivation, machine.progress)
        for derivation in plan.derivations
    )


def verify_with_docker(
    project: Project,
    plan: Plan,
    images: tuple[Image, ...],
    lock: Lock,
    machine: Machine,
    *,
    buildx_builder: str = "",
    again: bool = False,
) -> BuildKitEvidence:
    """Build the plan twice by BuildKit, the second time in other surroundings, and compare both with ``images``.

    Evidence of an earlier run on this machine, for the same derivations and the same bytes, is reused unless ``again``.
    """
    pip = installer_of(lock, machine)
    files = dockerfiles(plan, images, machine, pip=pip.version, site=project.site)
    key = digest_of(
        {
            "evidence": str(evidence_key(images)),
            "images": [str(image.manifest.digest) for image in images],
            "dockerfiles": {name: str(Digest.of(content)) for name, content in files.items()},
        }
    )
    known = None if again else _decode(machine.store.record(_KIND, key), images)
    if known is not None:
        return known
    clue = builder_clue(machine)
    toolchains = [_toolchain(derivation, machine, buildx_builder) for derivation in plan.derivations]
    verification: Verification = Identical(
        variations=BUILDKIT_VARIATIONS, images=tuple(image.manifest.digest for image in images)
    )
    builds: list[tuple[Digest, ...]] = []
    for surroundings in (_PLAIN, _OTHER):
        with _scratch(machine) as store:
            _put_documents(plan, store)
            built = tuple(
                _builder(project, lock, machine, store, toolchain, surroundings=surroundings).build(
                    derivation, machine.progress
                )
                for derivation, toolchain in zip(plan.derivations, toolchains, strict=True)
            )
            builds.append(tuple(image.manifest.digest for image in built))
            verification = compare_builds(
                images, built, stores=(machine.store, store), variations=BUILDKIT_VARIATIONS, clue=clue
            )
        if not isinstance(verification, Identical):
            break
    first = toolchains[0]
    evidence = BuildKitEvidence(
        verification=verification,
        builds=tuple(builds),
        engine=first.engine.version if first.engine is not None else first.driver,
        buildkit=first.buildkit,
        buildx=first.buildx,
        reused=False,
    )
    identical = isinstance(verification, Identical)
    facts = {"engine": evidence.engine, "buildkit": evidence.buildkit, "buildx": evidence.buildx}
    machine.store.put_record(_KIND, key, canonical(facts) if identical else b"")
    return evidence


def _decode(record: bytes | None, images: tuple[Image, ...]) -> BuildKitEvidence | None:
    if not record:
        return None
    facts = json.loads(record)
    same = tuple(image.manifest.digest for image in images)  # remembered is only what was so
    return BuildKitEvidence(
        builds=(same, same),
        verification=Identical(variations=BUILDKIT_VARIATIONS, images=tuple(image.manifest.digest for image in images)),
        engine=str(facts["engine"]),
        buildkit=str(facts["buildkit"]),
        buildx=str(facts["buildx"]),
        reused=True,
    )


def _toolchain(derivation: Derivation, machine: Machine, buildx_builder: str) -> Toolchain:
    return find_toolchain(machine.runner, machine.environment, derivation.platform, builder=buildx_builder)


def _builder(
    project: Project,
    lock: Lock,
    machine: Machine,
    store: Store,
    toolchain: Toolchain,
    *,
    cached: bool = False,
    surroundings: Surroundings = _PLAIN,
) -> Builder:
    pip = installer_of(lock, machine)

    def write(target: Derivation, place: Path, around: Surroundings) -> None:
        assembler = EmbeddedBuilder(store=machine.store, runner=machine.runner, scratch=machine.scratch)
        layers = assembler.realise(target.layers[:2])
        before = os.umask(around.umask)
        try:
            fill_context(
                place,
                target,
                layers,
                lock,
                machine,
                pip=pip,
                site=project.site,
                reverse=around.reverse,
                time=target.source_date_epoch + around.later,
            )
        finally:
            os.umask(before)

    return DockerBuilder(
        store=store,
        assembled=machine.store,
        runner=machine.runner,
        scratch=machine.scratch,
        toolchain=toolchain,
        write_context=write,
        cached=cached,
        surroundings=surroundings,
    )


def _put_documents(plan: Plan, store: Store) -> None:
    for document in plan.documents:
        if not store.has(document.digest):
            store.put(document.content)


@contextmanager
def _scratch(machine: Machine) -> Iterator[Store]:
    """A store over the machine's whose blobs are gone afterwards."""
    machine.scratch.mkdir(parents=True, exist_ok=True)
    root = Path(tempfile.mkdtemp(prefix="buildkit-", dir=machine.scratch))
    try:
        with scratch_store(machine.store, root / "store") as store:
            yield store
    finally:
        shutil.rmtree(root, ignore_errors=True)

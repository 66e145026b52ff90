"""Run: a built image's service in a sandbox, without an engine, a network or root."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from twinbuild.build.rootfs import discard
from twinbuild.build.sandbox import Confinement, Sandbox
from twinbuild.build.service import RunningService
from twinbuild.build.unpack import unpack_image
from twinbuild.errors import UsageError
from twinbuild.model.image import Image
from twinbuild.model.plan import Derivation, ImageConfig
from twinbuild.model.platform import Platform
from twinbuild.model.spec.environment import Environment
from twinbuild.pipeline.build.building import build_images, plan_release, source_epoch
from twinbuild.pipeline.keeping import keep_built
from twinbuild.pipeline.lock.lockfiles import ensure_lock
from twinbuild.pipeline.machine import Machine
from twinbuild.pipeline.project import Project

__all__ = ["choose_image", "confinement_of", "run_once", "running_service", "unpacked_here", "unpacked_image"]


def choose_image(environment: Environment, *, machine: str) -> tuple[str, Platform]:
    """Variant and platform of the image to run: the spec's only one; of several platforms, ``machine``'s.

    ``machine`` is what ``uname -m`` prints. It is chosen before anything is built: the others need not be there.
    Raises UsageError TB8012.
    """
    known = [
        (variant.name, platform)
        for variant in sorted(environment.variants, key=lambda variant: variant.name)
        for platform in sorted(map(Platform.parse, variant.platforms or environment.platforms))
    ]
    found = known
    if len(found) > 1:
        found = [(variant, platform) for variant, platform in known if platform.machine == machine]
    if len(found) != 1:
        names = ", ".join(f"{variant} ({platform})" for variant, platform in known)
        raise UsageError.of(
            "TB8012",
            f"got {len(found)} images for this machine ({machine}), expected one of {names}",
            hint="choose one with --variant" if found else "run it on a machine of one of these platforms",
            where="--variant",
        )
    return found[0]


def confinement_of(config: ImageConfig, environment: tuple[tuple[str, str], ...], *, host_network: bool) -> Confinement:
    """The sandbox for an image: its user, directory and environment, with ``environment`` over the latter."""
    uid, _, gid = config.user.partition(":")
    return Confinement(
        environment=tuple({**dict(config.environment), **dict(environment)}.items()),
        directory=config.working_directory,
        uid=int(uid),
        gid=int(gid),
        network="host" if host_network else "none",
    )


@contextmanager
def unpacked_image(image: Image, machine: Machine, *, base: int = 0) -> Iterator[Path]:
    """The image's root file system in a directory that is deleted afterwards; ``base`` layers are another image's."""
    machine.scratch.mkdir(parents=True, exist_ok=True)
    root = Path(tempfile.mkdtemp(prefix="root-", dir=machine.scratch))
    try:
        machine.progress("unpacking the image", 0, 0)
        unpack_image(image, machine.store, root, base=base)
        yield root
    finally:
        discard(root)


@contextmanager
def unpacked_here(
    project: Project, platform: Platform, machine: Machine, *, locked: bool
) -> Iterator[tuple[Derivation, Image, Path]]:
    """The image of a project's one variant for a platform: built from the lock, kept, and unpacked as above.

    Raises as ``ensure_lock`` and ``build_images`` do.
    """
    lock = ensure_lock(project, machine, locked=locked, discover=False)
    plan = plan_release(project, lock, epoch=source_epoch(project, machine))
    plan = replace(plan, derivations=tuple(each for each in plan.derivations if each.platform == platform))
    (derivation,) = plan.derivations
    (image,) = build_images(plan, machine)
    keep_built(project, (image,), machine)
    base = len(derivation.base.layers) if derivation.base is not None else 0
    with unpacked_image(image, machine, base=base) as root:
        yield derivation, image, root


def run_once(
    derivation: Derivation,
    root: Path,
    machine: Machine,
    *,
    command: tuple[str, ...],
    environment: tuple[tuple[str, str], ...] = (),
    host_network: bool = False,
    timeout: float = 600.0,
) -> tuple[int, bytes, bytes]:
    """Run a command in an unpacked image and wait for it: status, output and errors."""
    confinement = confinement_of(derivation.config, environment, host_network=host_network)
    completed = Sandbox(machine.runner).run(root, command, confinement=confinement, timeout=timeout)
    return completed.status, completed.stdout, completed.stderr


@contextmanager
def running_service(
    derivation: Derivation,
    root: Path,
    machine: Machine,
    *,
    log: Path,
    environment: tuple[tuple[str, str], ...] = (),
    host_network: bool = False,
) -> Iterator[RunningService]:
    """The service of an unpacked image, until the context ends; what it prints goes to ``log``."""
    config = derivation.config
    confinement = confinement_of(config, environment, host_network=host_network)
    argv = (*config.entrypoint, *config.command)
    with Sandbox(machine.runner).start(root, argv, log=log, confinement=confinement) as service:
        yield service

"""What the store keeps: for each lock what it names, for each spec its last builds, for each release its images.

Everything else may be collected by ``twinbuild store gc``. A lock, spec or release that is deleted or moved away keeps
nothing any more. A spec's builds are kept image by image, so that a build of one variant leaves those of the others; a
variant or platform that the lock no longer has keeps nothing either.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from twinbuild.model.digest import Digest
from twinbuild.model.image import Image
from twinbuild.model.lock import Lock
from twinbuild.pipeline.machine import Machine
from twinbuild.pipeline.project import Project

__all__ = ["image_blobs", "keep_built", "keep_locked", "keep_released", "locked_blobs"]

_LONGEST: Final = 100  # characters that the store allows


def keep_locked(project: Project, lock: Lock, machine: Machine) -> None:
    """Keep the stored files that the project's lock names, as long as the lock lies there; and no builds of others."""
    _keep("lock", project.lock_path, locked_blobs(lock, machine), machine)
    locked = {_build(project, target.key) for target in lock.targets}
    for name in machine.store.kept(_build(project, "").rstrip("-")):
        if name not in locked:
            machine.store.unkeep(name)


def keep_built(project: Project, images: tuple[Image, ...], machine: Machine) -> None:
    """Keep each image in place of the last one of its variant and platform, so that the next build finds its layers."""
    for image in images:
        name = _build(project, f"{image.variant}-{image.platform.file_part}")
        machine.store.keep(name, image_blobs((image,)), origin=project.spec_path)


def keep_released(directory: Path, lock: Lock, images: tuple[Image, ...], machine: Machine) -> None:
    """Keep the images of a release and what they were made from, as long as its directory is there."""
    _keep("release", directory, (*locked_blobs(lock, machine), *image_blobs(images)), machine)


def locked_blobs(lock: Lock, machine: Machine) -> Iterable[Digest]:
    """What the lock names, as far as it is here: a lock may name files of variants that are not built here."""
    named = [artifact.sha256 for artifact in lock.artifacts]
    named += [file.sha256 for file in lock.source]
    named += [lock.installer.sha256] if lock.installer is not None else []
    for target in lock.targets:
        named += [deb.sha256 for deb in target.debs]
        named += [blob.digest for blob in target.base.blobs] if target.base is not None else []
        for step in target.steps:
            named += [item.sha256 for item in (*step.fetched, *step.files)]
        named += [wheel.sha256 for wheel in (*target.wheels, *target.build, *target.development, *target.test)]
    return (digest for digest in named if machine.store.has(digest))


def image_blobs(images: tuple[Image, ...]) -> Iterable[Digest]:
    """Manifests, configurations and layers."""
    for image in images:
        yield from (image.manifest.digest, image.config.digest, *(layer.blob.digest for layer in image.layers))


def _build(project: Project, target: str) -> str:
    """The name of what a build of a target (``cpu-linux-amd64``) keeps; for "" how those of the spec begin."""
    name = f"build-{_key(project.spec_path)[:32]}-{target}"
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 17]}-{Digest.of(target.encode()).hex[:16]}"


def _keep(kind: str, origin: Path, digests: Iterable[Digest], machine: Machine) -> None:
    machine.store.keep(f"{kind}-{_key(origin)}", digests, origin=origin)


def _key(origin: Path) -> str:
    return Digest.of(os.fsencode(origin.absolute())).hex

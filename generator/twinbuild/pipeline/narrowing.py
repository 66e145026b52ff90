"""A release of some of a spec's variants: the same lock, of which it uses a part."""

from __future__ import annotations

from dataclasses import replace

from twinbuild.model.lock import Lock
from twinbuild.pipeline.project import Project

__all__ = ["narrowed", "variants_of"]


def narrowed(project: Project, lock: Lock) -> Lock:
    """The part of a lock that the project's run is about. What is left out is locked, but not built."""
    if not project.variants:
        return lock
    return replace(lock, targets=tuple(target for target in lock.targets if target.variant in project.variants))


def variants_of(lock: Lock) -> tuple[str, ...]:
    """The variants of a lock, sorted."""
    return tuple(sorted({target.variant for target in lock.targets}))

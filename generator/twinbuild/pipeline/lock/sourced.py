"""From where each file of a release was fetched, which no digest covers: mirrors differ between machines."""

from __future__ import annotations

from twinbuild.model.lock import Lock, LockedArtifact
from twinbuild.ports import Store
from twinbuild.sources.artifact import is_in_wheel
from twinbuild.sources.fetch import Item
from twinbuild.sources.origins import origin_of

__all__ = ["files_of", "sources_of"]


def files_of(lock: Lock) -> tuple[Item, ...]:
    """Packages, wheels and artifacts that images of the lock need, each once."""
    items: dict[str, Item] = {}
    for target in lock.targets:
        items |= {deb.sha256.hex: deb for deb in target.debs}
        items |= {wheel.sha256.hex: wheel for wheel in (*target.wheels, *target.build)}
        for step in target.steps:
            items |= {item.sha256.hex: item for item in step.fetched}
    if lock.installer is not None:
        items[lock.installer.sha256.hex] = lock.installer
    return tuple((items | {artifact.sha256.hex: artifact for artifact in lock.artifacts}).values())


def sources_of(lock: Lock, store: Store) -> dict[str, object]:
    """``run.json``'s ``sources``: for each file the address that gave it, in this run or in an earlier one.

    ``stored`` lists those that no fetch of this store brought: they were there already.
    """
    fetched, stored = [], []
    for item in files_of(lock):
        if isinstance(item, LockedArtifact) and is_in_wheel(item.uri):
            continue
        name = item.name if isinstance(item, LockedArtifact) else item.filename
        origin = origin_of(store, item.sha256)
        if origin is None:
            stored.append(name)
        else:
            fetched.append((name, item.sha256.hex, origin))
    return {
        "fetched": [{"file": name, "sha256": digest, "from": origin} for name, digest, origin in sorted(fetched)],
        "stored": sorted(stored),
    }

"""The second build, from spec and lock anew: it shares only the inputs' bytes with the first."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from twinbuild.build.embedded import remember_layers
from twinbuild.model.image import Image
from twinbuild.pipeline.build.building import build_images, plan_release
from twinbuild.pipeline.machine import apart
from twinbuild.pipeline.project import open_project, read_lock, require_lock
from twinbuild.store.disk import DiskStore
from twinbuild.store.overlay import scratch_store

__all__ = ["rebuild"]


def rebuild(request: Mapping[str, object]) -> tuple[Image, ...]:
    """Build what a request of ``verify.second`` asks for; its blobs and layer cache are those of a new store.

    The cache is empty but for the layers that the request calls proven: each answers for its own derivation alone.
    """
    overlays = request["overlays"]
    assert isinstance(overlays, list)
    scratch = Path(str(request["scratch"]))
    epoch = request["epoch"]
    assert isinstance(epoch, int)
    proven = request.get("proven", [])
    assert isinstance(proven, list)
    project = open_project(Path(str(request["spec"])), tuple(Path(path) for path in overlays))
    variants = request.get("variants", [])
    assert isinstance(variants, list)
    project = project.only(tuple(variants))
    lock = require_lock(read_lock(project), project)
    inputs = DiskStore(Path(str(request["store"])))
    with scratch_store(inputs, scratch / "store") as store:
        remember_layers(store, proven)
        machine = apart(store, scratch)
        return build_images(plan_release(project, lock, epoch=epoch), machine)

"""The files below ``deploy/`` of a release: what each renderer makes of the same deployment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from twinbuild.deploy.deployment import Deployment
from twinbuild.deploy.observability.files import observability_files
from twinbuild.deploy.rollout.files import rollout_files
from twinbuild.deploy.stages import stage_files

__all__ = ["deploy_files"]

_RENDERERS: Final[tuple[Callable[[Deployment], dict[str, bytes]], ...]] = (
    stage_files,
    observability_files,
    rollout_files,
)


def deploy_files(deployment: Deployment) -> dict[str, bytes]:
    """Content by path below ``deploy/``, sorted; two renderers never write one path."""
    files: dict[str, bytes] = {}
    for render in _RENDERERS:
        rendered = render(deployment)
        assert files.keys().isdisjoint(rendered), "two renderers write one path"
        files |= rendered
    return dict(sorted(files.items()))

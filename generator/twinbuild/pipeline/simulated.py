"""Whose rollout is played through: that of a spec, or of a release, which says all that is needed of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from twinbuild.errors import UsageError
from twinbuild.model.spec.observability import Observability
from twinbuild.model.spec.release import ReleaseSpec
from twinbuild.model.spec.rollout import Rollout
from twinbuild.pipeline.project import open_project
from twinbuild.pipeline.reading.released import Released, read_release

__all__ = ["Simulated", "rollout_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """Name and version, and a spec of which sections but ``rollout`` and ``observability`` may be missing."""

    title: str
    spec: ReleaseSpec


def rollout_of(where: Path, overlays: tuple[Path, ...]) -> Simulated:
    """The rollout of a spec, its directory, a release's directory or a release manifest.

    Raises what reading a spec or a release raises; UsageError TB7412 for a release whose sections cannot be read, or
    that is to be overlaid.
    """
    if not (where / "manifest.json").is_file() and not (where.is_file() and where.suffix == ".json"):
        spec = open_project(where, overlays).spec
        return Simulated(title=f"{spec.metadata.name} {spec.metadata.version}", spec=spec)
    release = read_release(where)
    if overlays:
        message = "an overlay is merged over a spec, and this is a release"
        raise UsageError.of("TB7412", message, hint="name the spec, or leave --overlay out", where=str(release.path))
    document = release.document
    metadata = document["metadata"]
    named = metadata if isinstance(metadata, dict) else {}
    try:
        sections: dict[str, Any] = {  # the others are asked for nothing
            "rollout": Rollout.model_validate(document.get("rollout", {})),
            "observability": Observability.model_validate(document.get("observability", {})),
        }
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise _unread(release, f"{'/'.join(map(str, first['loc']))}: {first['msg']}") from None
    spec = ReleaseSpec.model_construct(None, **sections)
    known = {metric.name for metric in spec.observability.metrics}
    for condition in (*spec.rollout.promote, *spec.rollout.rollback):
        for name in (condition.metric, condition.per):
            if name is not None and name not in known:
                raise _unread(release, f"a condition measures {name!r}, which is no metric of it")
    return Simulated(title=f"{named.get('name')} {named.get('version')}", spec=spec)


def _unread(release: Released, why: str) -> UsageError:
    message = f"the rollout of the release cannot be read: {why}"
    return UsageError.of("TB7412", message, hint="release it again", where=str(release.path))

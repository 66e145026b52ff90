"""What becomes of measurements: findings where a declared impact is contradicted, and an entry of ``run.json``."""

from __future__ import annotations

import json
from typing import Any

from twinbuild.errors import Finding
from twinbuild.model.image import Image
from twinbuild.pipeline.alone import alone_in
from twinbuild.pipeline.measure.measuring import Measured
from twinbuild.pipeline.observed import RUN
from twinbuild.pipeline.output import write_file
from twinbuild.pipeline.project import Project

__all__ = ["contradictions", "remember"]


def contradictions(project: Project, measured: tuple[Measured, ...]) -> tuple[Finding, ...]:
    """A finding, at its place in the spec, for each declared impact that the figures contradict."""
    indexes = {knob.name: index for index, knob in enumerate(project.spec.configuration.parameters)}
    return tuple(
        Finding(
            code="TB7113",
            message=(
                f"knob {each.knob!r} declares the {one.dimension} {one.declared!r}, but from {each.points[0].text} to "
                f"{each.points[-1].text} it is {one.ratio:.2f} times what it was"
            ),
            hint="correct the declared impact, or find out why",
            where=project.loaded.where("configuration", "parameters", indexes[each.knob], "impact", one.dimension),
        )
        for each in measured
        for one in each.judgements
        if one.verdict == "contradicts"
    )


def remember(project: Project, image: Image, measurements: list[dict[str, Any]]) -> None:
    """Add measurements to ``run.json`` of the release in ``dist``, if it holds this very image."""
    metadata = project.spec.metadata
    directory = project.directory / "dist" / "-".join((metadata.name, metadata.version, *project.variants))
    if not (directory / "image" / "blobs" / "sha256" / image.manifest.digest.hex).is_file():
        return
    with alone_in(directory):
        try:
            run: dict[str, Any] = json.loads((directory / RUN).read_bytes())
        except (OSError, ValueError):
            return
        run.setdefault("measurements", {})[f"{image.variant} {image.platform}"] = measurements
        write_file(directory / RUN, (json.dumps(run, indent=2, sort_keys=True, allow_nan=False) + "\n").encode())

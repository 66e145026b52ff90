"""``twinbuild measure``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from twinbuild.cli.options import Asked, common, locked_option, variant_option

if TYPE_CHECKING:  # start-up is measured
    from twinbuild.pipeline.measure.measuring import Measured

__all__ = ["command"]


@click.command("measure")
@common
@locked_option
@variant_option
@click.option("--knob", "names", multiple=True, metavar="NAME", help="Only this knob; may be repeated.")
@click.option(
    "--requests",
    type=click.IntRange(1, 1_000_000),
    default=None,
    help="Requests of a round (default: tests.performance.requests).",
)
@click.option(
    "--output", type=click.Path(path_type=Path, dir_okay=False), help="Also write an in-toto statement of the figures."
)
def command(
    *,
    asked: Asked,
    locked: bool,
    variants: tuple[str, ...],
    names: tuple[str, ...],
    requests: int | None,
    output: Path | None,
) -> None:
    """Start the image with each knob at its lowest, default and highest value, and measure it under load.

    Three rounds of the golden requests for each value, and three more where they contradict the spec. The figures are
    held against the `impact` that the spec declares; exit code 1 where one contradicts it. They are added to run.json
    of the release's directory if that holds this very image.
    """
    import os

    from twinbuild.cli.session import session_for
    from twinbuild.errors import DifferenceFound
    from twinbuild.pipeline.measure.measured import contradictions, remember
    from twinbuild.pipeline.measure.measuring import facts, measure_knobs, passed_over, statement_of_measurements
    from twinbuild.pipeline.output import write_file
    from twinbuild.pipeline.project import open_project
    from twinbuild.pipeline.run.running import choose_image, unpacked_here

    project = open_project(asked.spec, asked.overlays).only(variants)
    variant, platform = choose_image(project.spec.environment, machine=os.uname().machine)
    project = project.only((variant,))
    with session_for(asked) as machine:
        with unpacked_here(project, platform, machine, locked=locked) as (derivation, image, root):
            measured = measure_knobs(
                project,
                derivation,
                root,
                machine,
                image=str(image.manifest.digest),
                names=names,
                requests=requests or 0,
            )
        machine.progress("", 0, 0)
    if output is not None:
        write_file(output, statement_of_measurements(project, image, measured))
    remember(project, image, facts(measured))
    left = passed_over(project, names)
    if asked.as_json:
        click.echo(
            json.dumps({"image": str(image.manifest.digest), "knobs": facts(measured), "not_measured": dict(left)})
        )
    else:
        click.echo("\n".join((_text(measured), *(f"{name}\n  not measured: {why}" for name, why in left))))
    findings = contradictions(project, measured)
    if findings:
        raise DifferenceFound(findings)


def _text(measured: tuple[Measured, ...]) -> str:
    from statistics import median

    from twinbuild.trial.limits import bytes_text, seconds_text

    lines = []
    for each in measured:
        lines.append(each.knob)
        width = max((len(point.text) for point in each.points), default=0)
        lines += [
            f"  {point.text:>{width}}  p50 {seconds_text(median(point.latency))}, "
            f"p95 {seconds_text(median(point.latency_p95))}, p99 {seconds_text(median(point.latency_p99))}, "
            f"{median(point.throughput):,.1f} answers/s, {bytes_text(median(point.memory))}"
            for point in each.points
        ]
        for one in each.judgements:
            lines.append(
                f"  {one.dimension}: {one.verdict} (declared {one.declared}, measured {one.ratio:.2f} times"
                f"{'' if one.apart else ', rounds overlap'})"
            )
        lines += [f"  {text} is left out: {reason}" for text, reason in each.left_out]
    return "\n".join(lines)

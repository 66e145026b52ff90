"""``twinbuild shadow``."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from twinbuild.cli.options import json_option, quiet_option
from twinbuild.cli.outcome import shown
from twinbuild.codec.amounts import counted

if TYPE_CHECKING:
    from twinbuild.pipeline.measure.shadowing import Shadowed, Side

__all__ = ["command"]

_SHARES = (("p50", 0.50), ("p95", 0.95), ("p99", 0.99))


def _pointers(_context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        if not value.startswith("/"):
            raise click.BadParameter(f"got {value[:80]!r}, expected a JSON pointer such as /model_version")
    return values


@click.command("shadow")
@click.argument("first", metavar="A", type=click.Path(path_type=Path))
@click.argument("second", metavar="B", type=click.Path(path_type=Path))
@click.option(
    "--traffic",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Recorded requests, a JSON object a line (default: the golden requests of A).",
)
@click.option("--repeat", type=click.IntRange(1, 10_000), default=10, show_default=True, help="How often all are sent.")
@click.option(
    "--tolerance",
    type=click.FloatRange(0, 1),
    default=0.0,
    show_default=True,
    help="Difference of two numbers that still counts as equal, absolute or relative.",
)
@click.option(
    "--ignore",
    "ignored",
    multiple=True,
    callback=_pointers,
    metavar="POINTER",
    help="Part of an answer that may differ, such as /model_version or /verdicts/*/score; may be repeated.",
)
@click.option("--variant", default="", metavar="NAME", help="Variant, where the releases have several.")
@quiet_option
@json_option
def command(
    *,
    first: Path,
    second: Path,
    traffic: Path | None,
    repeat: int,
    tolerance: float,
    ignored: tuple[str, ...],
    variant: str,
    quiet: bool,
    as_json: bool,
) -> None:
    """Send the same traffic to two releases, and compare answers and latency (exit 1 where an answer differs).

    A and B are directories of releases, or specs (their last release). Each image runs in a sandbox of its own, without
    a network; each request goes to both, now to one first and now to the other.
    """
    from twinbuild.cli.session import session
    from twinbuild.pipeline.measure.shadowing import read_side, shadow, traffic_of

    here = os.uname().machine
    sides = (read_side(first, variant=variant, machine=here), read_side(second, variant=variant, machine=here))
    requests = traffic_of(sides[0], traffic)
    with session(beside=Path(), quiet=quiet or as_json) as machine:
        found = shadow(sides, requests, machine, repeat=repeat, tolerance=tolerance, ignored=ignored)
    click.echo(_json(sides, found) if as_json else _text(sides, found))
    if found.differing:
        raise click.exceptions.Exit(1)


def _json(sides: tuple[Side, Side], found: Shadowed) -> str:
    return json.dumps(
        {
            "sides": [
                {
                    "release": str(side.digest),
                    "name": side.name,
                    "variant": side.image.variant,
                    "image": str(side.image.manifest.digest),
                    "answers": len(found.seconds[number]),
                    "latency_seconds": {name: found.latency(number, share) for name, share in _SHARES},
                }
                for number, side in enumerate(sides)
            ],
            "requests": [
                {
                    "name": each.name,
                    "same": each.mismatch is None,
                    **(
                        {"pointer": each.mismatch.pointer, "first": each.mismatch.expected, "second": each.mismatch.got}
                        if each.mismatch is not None
                        else {}
                    ),
                }
                for each in found.compared
            ],
            "differing": found.differing,
        }
    )


def _text(sides: tuple[Side, Side], found: Shadowed) -> str:
    from twinbuild.trial.limits import seconds_text

    lines = []
    for letter, side in zip("AB", sides, strict=True):
        lines.append(f"{letter}  {side.name}  {side.image.variant} {side.image.platform}  {side.image.manifest.digest}")
    for each in found.compared:
        if each.mismatch is None:
            lines.append(f"same       {each.name}")
        else:
            where = f"at {each.mismatch.pointer}: " if each.mismatch.pointer else ""
            lines.append(f"different  {each.name}  {where}A {each.mismatch.expected}, B {each.mismatch.got}")
    for number, letter in enumerate("AB"):
        figures = ", ".join(f"{name} {seconds_text(found.latency(number, share))}" for name, share in _SHARES)
        lines.append(f"latency {letter}  {figures}  ({counted(len(found.seconds[number]), 'answer')})")
    lines.append(f"{counted(len(found.compared), 'request')}, {found.differing} with another answer")
    return "\n".join(shown(line) for line in lines)

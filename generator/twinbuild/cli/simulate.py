"""``twinbuild simulate``."""

from __future__ import annotations

import json
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from twinbuild.cli.options import json_option, overlay_option
from twinbuild.codec.amounts import counted

if TYPE_CHECKING:
    from twinbuild.deploy.observability.simulation import Moment

__all__ = ["command"]

_ENDS = {"promote": "promoted", "hold": "held back", "rollback": "rolled back"}


@click.command("simulate")
@overlay_option
@click.option(
    "--series",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Measurements of the conditions (YAML), in place of good, bad, empty and NaN ones.",
)
@click.option("--approve", is_flag=True, help="Whoever must agree does so at once.")
@json_option
@click.argument("where", metavar="DIST|FILE|SPEC", type=click.Path(path_type=Path), default=Path(), required=False)
def command(*, where: Path, overlays: tuple[Path, ...], series: Path | None, approve: bool, as_json: bool) -> None:
    """Play a rollout through: what its conditions decide at each moment, and why. Needs neither network nor store.

    Names a release's directory, a manifest.json, or a spec or its directory (default: the current one). Without
    --series there are four cases: measurements that fulfil every condition, that fulfil none, none at all, and NaN.
    """
    from twinbuild.cli.outcome import shown
    from twinbuild.codec.measurements import read_measurements
    from twinbuild.deploy.observability.gates import gates_of
    from twinbuild.deploy.observability.simulation import CASES, LONGEST, case_value, length_of, simulate
    from twinbuild.errors import Finding, Location, UsageError
    from twinbuild.pipeline.simulated import rollout_of

    subject = rollout_of(where, overlays)
    rollout = subject.spec.rollout
    gates = gates_of(subject.spec)
    length = 0
    if series is not None:
        names = tuple(gate.name for gate in gates.gates)
        found = {str(series): read_measurements(str(series), series.read_bytes(), names).every(gates.interval)}
    else:
        length = length_of(rollout, gates)
        if length > LONGEST:
            message = f"the rollout takes {length} looks, one every {gates.interval} s; at most {LONGEST} are played"
            hint = "give --series, or lengthen the shortest window: it says how often conditions are looked at"
            raise UsageError((Finding(code="TB7411", message=message, hint=hint, where=Location(file=str(where))),))
        found = {case: {gate.name: (case_value(gate, case),) * length for gate in gates.gates} for case in CASES}
    played = {
        case: tuple(simulate(rollout, gates, values, approved=approve, length=length)) for case, values in found.items()
    }
    if as_json:
        click.echo(json.dumps({"interval": gates.interval, "cases": [_case(*each) for each in played.items()]}))
        return
    head = f"{shown(subject.title)}  {rollout.strategy}"
    click.echo(f"{head}  {counted(len(gates.gates), 'condition')}, looked at every {gates.interval} s")
    for case, moments in played.items():
        click.echo(f"{case}: {_end(moments)}")
        for line in _streaks(moments):
            click.echo(
                f"  {_clock(line['from'])}-{_clock(line['to'])}  {line['weight']:>3} %  {line['decision']:<8}  "
                f"{line['reason']}"
            )


def _case(case: str, moments: tuple[Moment, ...]) -> dict[str, Any]:
    return {"case": case, "end": _end(moments), "steps": _streaks(moments)}


def _end(moments: tuple[Moment, ...]) -> str:
    if not moments:
        return "nothing was measured"
    last = moments[-1]
    return _ENDS[last.decision] if last.decision != "promote" or last.last else "not ended yet"


def _streaks(moments: tuple[Moment, ...]) -> list[dict[str, Any]]:
    """Moments with the same decision for the same reason as one line; of what was seen, the last."""
    found = []
    for (weight, decision, reason), group in groupby(
        moments, key=lambda each: (each.weight, each.decision, each.reason)
    ):
        same = list(group)
        found.append(
            {
                "from": same[0].time,
                "to": same[-1].time,
                "weight": weight,
                "decision": decision,
                "reason": reason,
                "seen": {each.gate: _shown(each.value) for each in same[-1].seen},
            }
        )
    return found


def _shown(value: float | None) -> float | str | None:
    """JSON has no NaN."""
    return value if value is None or (value == value and abs(value) != float("inf")) else str(value)  # noqa: PLR0124


def _clock(seconds: int) -> str:
    minutes, rest = divmod(seconds, 60)
    return f"{minutes // 60:02}:{minutes % 60:02}:{rest:02}"

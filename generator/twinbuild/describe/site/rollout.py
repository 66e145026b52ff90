"""How a new version takes over: the picture of its steps, what lets it go on, and what would roll it back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from twinbuild.describe.page import alert_of, gated, measured, pods
from twinbuild.describe.site.cells import Table, badge, code, columns, text

__all__ = ["Picture", "Step", "conditions", "failures", "picture"]

_UNITS: Final = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "y": 31557600}
_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d|w|y)", re.ASCII)
_WIDTH: Final = 100.0
_NARROWEST: Final = 7.0  # percent of the picture, so that each step can be read


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A bar of the picture, in percents: where it begins, how wide and how high; what stands at it, and its gate."""

    x: float
    width: float
    weight: float
    pause: str
    gate: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """The steps and, in words, all that they say."""

    strategy: str
    steps: tuple[Step, ...]
    said: tuple[str, ...]


def picture(manifest: dict[str, Any]) -> Picture:
    """The share of traffic that the new version has, step by step. Widths follow the pauses, within reason."""
    rollout = manifest["rollout"]
    listed = list(rollout.get("steps", ()))
    if not listed or listed[-1]["weight"] < 100:
        listed.append({"weight": 100})
    seconds = [_seconds(str(step.get("pause", ""))) for step in listed]
    gates = {
        min((step["weight"] for step in listed if step["weight"] >= gate.get("before", 100)), default=100): gate["name"]
        for gate in rollout.get("gates", ())
    }
    steps, at = [], 0.0
    for step, width in zip(listed, _widths(seconds), strict=True):
        steps.append(
            Step(
                x=round(at, 3),
                width=round(width, 3),
                weight=step["weight"],
                pause=str(step.get("pause", "")),
                gate=gates.get(step["weight"], ""),
            )
        )
        at += width
    return Picture(strategy=rollout["strategy"], steps=tuple(steps), said=tuple(_said(rollout)))


def _seconds(pause: str) -> float:
    return sum(float(count) * _UNITS[unit] for count, unit in _DURATION.findall(pause))


def _widths(seconds: list[float]) -> list[float]:
    """Percents of the width: each step has a share of what its pause takes, and none is too narrow to read."""
    least = min(_NARROWEST, _WIDTH / len(seconds) / 2)
    stays = max(seconds[:-1], default=0.0) or 1.0
    weights = [*seconds[:-1], stays]  # the last one stays: it is as wide as the longest
    whole = sum(weights) or 1.0
    shares = [max(each / whole * _WIDTH, least) for each in weights]
    return [each * _WIDTH / sum(shares) for each in shares]


def _said(rollout: dict[str, Any]) -> Iterator[str]:
    yield f"strategy: {rollout['strategy']}"
    yield from pods(rollout)
    for gate in rollout.get("gates", ()):
        yield (
            f"gate {gate['name']} before {gated(rollout, gate)}"
            + (f", agreed by {', '.join(gate['approvers'])}" if gate.get("approvers") else "")
            + (f": {gate['description']}" if gate.get("description") else "")
        )


def conditions(manifest: dict[str, Any]) -> Table:
    """What must hold to go on, and what leads back."""
    rollout = manifest["rollout"]
    return Table(
        name="conditions",
        caption="Conditions",
        columns=columns("Condition", "Of", "Measured", "Bound", "Over"),
        rows=tuple(
            (
                text(one.get("name", "")),
                badge(kind, "good" if kind == "promote" else "bad"),
                code(measured(one)),
                code(f"{one['operator']} {one['threshold']}"),
                text(one["window"]),
            )
            for kind in ("promote", "rollback")
            for one in rollout.get(kind, ())
        ),
        empty="No condition is stated: people decide.",
    )


def failures(manifest: dict[str, Any]) -> Table:
    """Failures that were thought of, and what is done about each."""
    rollout = manifest["rollout"]
    alerts = {alert["name"] for alert in manifest["observability"].get("alerts", ())}
    return Table(
        name="failures",
        caption="Failures that were thought of",
        columns=columns("Failure", "Signal", "Alert", "Action", "What it is"),
        rows=tuple(
            (
                text(one["name"]),
                text(one["signal"]),
                text(alert_of(one, alerts)),
                badge(one["action"], "bad" if one["action"] == "rollback" else "warn"),
                text(one.get("description", "")),
            )
            for one in rollout.get("failure_modes", ())
        ),
    )

"""Conditions of a rollout as PromQL, and what a measurement of one means.

A measurement is taken over a range (``rate``, else ``window``) and repeated until the window is full. Nothing measured
(no series, or NaN) is no decision: it promotes nothing and rolls nothing back.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from twinbuild.model.promql import series
from twinbuild.model.spec.observability import MetricDefinition
from twinbuild.model.spec.release import ReleaseSpec
from twinbuild.model.spec.rollout import Condition, Kind
from twinbuild.model.spec.values import duration_seconds

__all__ = ["TimedCondition", "compare", "duration", "measured", "query", "seconds", "threshold_text", "verdict"]

_OPERATORS: Final[dict[str, Callable[[float, float], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
Verdict = Literal["holds", "fails", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedCondition:
    """A condition with its name, and how often it is measured: every ``interval`` seconds, ``count`` times."""

    kind: Kind
    name: str
    condition: Condition
    interval: int
    count: int


def measured(spec: ReleaseSpec, kind: Kind) -> tuple[TimedCondition, ...]:
    """The conditions of a kind in their order."""
    found = []
    for each in spec.rollout.conditions:
        if each.kind != kind:
            continue
        condition = each.condition
        interval = seconds(condition.rate or condition.window)
        found.append(
            TimedCondition(
                kind=kind,
                name=each.name,
                condition=condition,
                interval=interval,
                count=math.ceil(seconds(condition.window) / interval),
            )
        )
    return tuple(found)


def seconds(text: str) -> int:
    """Whole seconds of a duration of the spec, rounded up."""
    return math.ceil(duration_seconds(text))


def duration(count: int) -> str:
    """Whole seconds as Go and Prometheus read them."""
    return series.duration(count * 1000)


def query(spec: ReleaseSpec, condition: Condition, matchers: tuple[str, ...] = ()) -> str:
    """The expression (PromQL) whose value is compared; ``matchers`` (``namespace="x"``) choose among instances.

    They are of what a scrape of the pods adds: a metric of the mesh or the cluster has none of it, and an expression of
    the spec's own stays as it is.
    """
    if condition.expression is not None:
        return condition.expression
    metrics = {metric.name: metric for metric in spec.observability.metrics}
    metric = metrics[condition.metric or ""]
    labels = tuple(f"{key}={series.quoted(value)}" for key, value in sorted(condition.labels.items()))
    selector = ",".join((*_own(metric, matchers), *labels))
    chosen = f"{{{selector}}}" if selector else ""
    window = f"[{duration(seconds(condition.rate or condition.window))}]"
    if condition.per is not None:
        per = metrics[condition.per]
        everything = f"{{{','.join(of_pods)}}}" if (of_pods := _own(per, matchers)) else ""
        return f"sum(rate({metric.name}{chosen}{window})) / {_total(per, everything, window)}"
    return _of(metric, condition.quantile, chosen, selector, window)


def _own(metric: MetricDefinition, matchers: tuple[str, ...]) -> tuple[str, ...]:
    return matchers if metric.source == "service" else ()


def _of(metric: MetricDefinition, quantile: float | None, chosen: str, selector: str, window: str) -> str:
    name = metric.name
    if metric.type == "counter":
        return f"sum(rate({name}{chosen}{window}))"
    if metric.type == "gauge":
        return f"avg(avg_over_time({name}{chosen}{window}))"
    if quantile is None:
        return f"sum(rate({name}_sum{chosen}{window})) / sum(rate({name}_count{chosen}{window}))"
    if metric.type == "histogram":
        return f"histogram_quantile({quantile!r}, sum by (le) (rate({name}_bucket{chosen}{window})))"
    wanted = ",".join(part for part in (selector, f'quantile="{quantile!r}"') if part)
    return f"avg(avg_over_time({name}{{{wanted}}}{window}))"


def _total(metric: MetricDefinition, chosen: str, window: str) -> str:
    name = metric.name if metric.type == "counter" else f"{metric.name}_count"
    return f"sum(rate({name}{chosen}{window}))"


def threshold_text(value: float) -> str:
    """A threshold in digits, as PromQL and the expressions of Argo Rollouts read it."""
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)


def compare(condition: Condition, value: float) -> bool:
    """Whether a value that was measured fulfils the condition."""
    return _OPERATORS[condition.operator](value, condition.threshold)


def verdict(condition: Condition, value: float | None) -> Verdict:
    """What a measurement says; None is no series. Nothing measured neither promotes nor rolls back."""
    if value is None or math.isnan(value):
        return "unknown"
    return "holds" if compare(condition, value) else "fails"

"""Series that conditions and alerts choose by values of labels are published: one that none has is never measured.

To Prometheus a label that is missing and one without a value are the same; labels that a scrape adds are not looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from twinbuild.codec.amounts import counted
from twinbuild.deploy.observability.gates import gates_of
from twinbuild.errors import Finding
from twinbuild.model.promql.expression import TARGET_LABELS, measured, parse
from twinbuild.model.promql.series import quoted
from twinbuild.model.promql.state import Atom
from twinbuild.model.spec.observability import MetricDefinition
from twinbuild.model.spec.release import ReleaseSpec
from twinbuild.model.spec.rollout import Condition
from twinbuild.model.spec.watching import series_of
from twinbuild.pipeline.project import Project
from twinbuild.pipeline.trial.record import finding_at
from twinbuild.trial.comparing import shortened
from twinbuild.trial.exposition import Published

__all__ = ["REACH", "expressions", "unmeasured"]

Path = tuple[int | str, ...]
REACH: Final = "let a golden test reach the code that makes it, or initialise its labels at the start"
_SHOWN: Final = 5  # series that a hint names


def unmeasured(project: Project, metric: MetricDefinition, published: Mapping[str, Published]) -> Iterator[Finding]:
    """What chooses series of a metric that the service publishes by values that none of them has."""
    there = [published[each.series] for each in series_of(metric) if each.series in published]
    yield from _conditions(project, metric, there)
    yield from _selectors(project, metric, {each.name: each for each in there})


def expressions(spec: ReleaseSpec) -> Iterator[tuple[str, str, Path]]:
    """Every expression whose metrics somebody relies on."""
    for index, alert in enumerate(spec.observability.alerts):
        yield f"alert {alert.name!r}", alert.expression, ("observability", "alerts", index, "expression")
    for gate in gates_of(spec).gates:
        conditions = list(spec.rollout.promote if gate.kind == "promote" else spec.rollout.rollback)
        key = "expression" if gate.condition.expression is not None else "metric"
        yield (
            f"gate {gate.name!r}",
            gate.expression,
            ("rollout", gate.kind, conditions.index(gate.condition), key),
        )


def _selectors(project: Project, metric: MetricDefinition, there: Mapping[str, Published]) -> Iterator[Finding]:
    """Expressions that people wrote: of alerts, and of conditions without labels of their own."""
    beside = TARGET_LABELS - set(metric.labels)
    for who, expression, at in expressions(project.spec):
        for selector in measured(parse(expression)):
            atom = Atom.of(selector)
            own = Atom(metric=atom.metric, matchers=tuple(each for each in atom.matchers if each[1] not in beside))
            seen = [dict(labels) for labels in there[atom.metric].labels] if atom.metric in there else []
            if not seen or at[-1] != "expression" or any(own.accepts(own.metric, tuple(each.items())) for each in seen):
                continue
            chosen = ",".join(f"{name}{operator}{quoted(shortened(value))}" for operator, name, value in own.matchers)
            message = f"{who} chooses {atom.metric}{{{chosen}}}, and the service publishes none after its golden tests"
            message += ": nothing would be measured"
            hint = _hint([name for _, name, _ in own.matchers], seen)
            yield finding_at(project, "TB7413", message, hint, *at)


def _hint(names: Iterable[str], seen: Sequence[Mapping[str, str]]) -> str:
    """What is there of these labels."""
    wanted = tuple(dict.fromkeys(names))
    values = {tuple(each.get(label, "") for label in wanted) for each in seen} - {("",) * len(wanted)}
    series = ", ".join(_braced(zip(wanted, each, strict=True)) for each in sorted(values)[:_SHOWN])
    more = f" and {counted(len(values) - _SHOWN, 'other')}" if len(values) > _SHOWN else ""
    return f"choose one that is there ({series or 'none has such a label'}{more}), or {REACH}"


def _conditions(project: Project, metric: MetricDefinition, there: list[Published]) -> Iterator[Finding]:
    """Conditions of the rollout that choose by labels of their own."""
    seen = [dict(labels) for each in there for labels in each.labels]
    if not seen:
        return
    for gate in project.spec.rollout.conditions:
        wanted = _chosen(gate.condition, metric)
        # To Prometheus a label that is missing and one without a value are the same.
        if any(all(each.get(name, "") == value for name, value in wanted.items()) for each in seen):
            continue
        message = f"gate {gate.name!r} chooses {metric.name}{_braced(wanted.items())}, and the service publishes none"
        message += " after its golden tests: nothing would be measured"
        hint = _hint(wanted, seen)
        at = "labels" if gate.condition.labels else "quantile"
        yield finding_at(project, "TB7413", message, hint, "rollout", gate.kind, gate.index, at)


def _braced(labels: Iterable[tuple[str, str]]) -> str:
    """Labels as PromQL has them."""
    return "{" + ",".join(f"{name}={quoted(shortened(value))}" for name, value in labels) + "}"


def _chosen(condition: Condition, metric: MetricDefinition) -> dict[str, str]:
    """The labels by which a condition chooses series of a metric, as its query does; none where it reads another."""
    if condition.metric != metric.name:
        return {}
    own = dict(sorted(condition.labels.items()))
    if metric.type == "summary" and condition.quantile is not None:
        own["quantile"] = repr(condition.quantile)
    return own

"""What ``rollout`` says of other sections must be there, and of a kind that does what it is named for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from twinbuild.model.spec.base import Objections
from twinbuild.model.spec.environment import Resources
from twinbuild.model.spec.observability import MetricDefinition
from twinbuild.model.spec.rollout import Condition, Rollout
from twinbuild.model.spec.watching import check_expression

if TYPE_CHECKING:
    from twinbuild.model.spec.release import ReleaseSpec

__all__ = ["LONGEST_SUFFIX", "check_rollout"]

LONGEST_SUFFIX: Final = len("-candidate")  # of names of services, which are host names of at most 63 characters
_SERVICE: Final = re.compile(r"[a-z]([a-z0-9-]*[a-z0-9])?", re.ASCII)  # RFC 1035
_KEY: Final = re.compile(
    r"([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?", re.ASCII
)
_VALUE: Final = re.compile(r"([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?", re.ASCII)
_CAUSES: Final = {"rollback": "rollback", "stop": "promote"}  # action → where its signal stands


def check_rollout(spec: ReleaseSpec, objections: Objections) -> None:
    """Object to references that lead nowhere, and to values that no cluster takes."""
    _check_conditions(spec, objections)
    _check_failure_modes(spec, objections)
    _check_gates(spec, objections)
    _check_scaling(spec, objections)
    _check_scheduling(spec, objections)
    if spec.publish.repositories:
        _check_name(spec, objections)


def _conditions(rollout: Rollout) -> Iterator[tuple[str, int, Condition]]:
    for key in ("promote", "rollback"):
        for index, condition in enumerate(getattr(rollout, key)):
            yield key, index, condition


def _check_conditions(spec: ReleaseSpec, objections: Objections) -> None:
    metrics = {metric.name: metric for metric in spec.observability.metrics}
    for key, index, condition in _conditions(spec.rollout):
        at = ("rollout", key, index)
        for field in ("metric", "per"):
            name = getattr(condition, field)
            if name is not None and name not in metrics:
                message = f"the metric {name!r} is not in observability.metrics"
                objections.add("TB1117", message, "declare it there, or correct the name", *at, field)
        if condition.expression is not None:
            check_expression(condition.expression, spec.observability, objections, (*at, "expression"))
        metric = metrics.get(condition.metric or "")
        if metric is not None:
            _check_kind(condition, metric, metrics.get(condition.per or ""), objections, at)
    known = {*metrics, *(alert.name for alert in spec.observability.alerts)}
    for index, signal in enumerate(spec.rollout.signals):
        if signal not in known:
            message = f"the signal {signal!r} is neither a metric nor an alert of 'observability'"
            objections.add("TB1117", message, "declare it there, or correct the name", "rollout", "signals", index)


def _check_kind(
    condition: Condition,
    metric: MetricDefinition,
    per: MetricDefinition | None,
    objections: Objections,
    at: tuple[str | int, ...],
) -> None:
    if condition.quantile is not None and metric.type not in ("histogram", "summary"):
        message = f"{metric.name} is a {metric.type}, which has no quantiles"
        objections.add("TB1160", message, "take 'quantile' out, or name a histogram", *at, "quantile")
    if condition.per is not None and metric.type != "counter":
        message = f"{metric.name} is a {metric.type}, and shares are made of counters"
        objections.add("TB1160", message, "take 'per' out, or name a counter", *at, "per")
    if per is not None and per.type == "gauge":
        message = f"{per.name} is a gauge, which has no rate"
        objections.add("TB1160", message, "name a counter, histogram or summary", *at, "per")
    for label in condition.labels:
        if label not in metric.labels:
            message = f"{metric.name} has no label {label!r}"
            hint = f"name one of {', '.join(metric.labels)}" if metric.labels else "take it out"
            objections.add("TB1117", message, hint, *at, "labels", label)


def _check_failure_modes(spec: ReleaseSpec, objections: Objections) -> None:
    named = {key: set[str]() for key in ("promote", "rollback")}
    for key, index, condition in _conditions(spec.rollout):
        named[key].add(condition.name or f"{key}-{index + 1}")
    alerts = {alert.name for alert in spec.observability.alerts}
    for index, mode in enumerate(spec.rollout.failure_modes):
        at = ("rollout", "failure_modes", index)
        if mode.alert is not None and mode.alert not in alerts:
            message = f"the alert {mode.alert!r} of failure mode {mode.name!r} is none of 'observability'"
            hint = f"name one of {', '.join(sorted(alerts))}" if alerts else "declare it in observability.alerts"
            objections.add("TB1117", message, hint, *at, "alert")
        elif mode.action == "page" and mode.signal in alerts and mode.alert not in (None, mode.signal):
            message = (
                f"failure mode {mode.name!r} is to page by its signal {mode.signal!r}, but its alert is {mode.alert!r}"
            )
            objections.add("TB1163", message, "name one alert: the one that calls somebody", *at, "alert")
        if mode.signal not in alerts | named["promote"] | named["rollback"]:
            message = f"the signal {mode.signal!r} of failure mode {mode.name!r} is no alert and no condition"
            hint = "name an alert of 'observability', or a condition of 'promote' or 'rollback'"
            objections.add("TB1117", message, hint, *at, "signal")
            continue
        cause = _CAUSES.get(mode.action)
        fits = mode.signal in (named[cause] if cause else alerts)
        if not fits:
            where = f"a condition of '{cause}'" if cause else "an alert"
            message = f"failure mode {mode.name!r} is to {mode.action}, but its signal {mode.signal!r} is not {where}"
            hint = f"name {where}, or another action"
            objections.add("TB1163", message, hint, *at, "action")


def _check_gates(spec: ReleaseSpec, objections: Objections) -> None:
    known = spec.governance.roles.approvers
    for index, gate in enumerate(spec.rollout.gates):
        for place, approver in enumerate(gate.approvers):
            if known and approver not in known:
                message = f"{approver!r} may agree to gate {gate.name!r}, and is no approver in governance.roles"
                hint = "add it there, or name one that is there"
                objections.add("TB1164", message, hint, "rollout", "gates", index, "approvers", place)


def _check_scaling(spec: ReleaseSpec, objections: Objections) -> None:
    for key in ("cpu", "memory"):
        if getattr(spec.rollout.replicas, key) is None:
            continue
        for variant in spec.environment.variants:
            if getattr(spec.environment.resources_of(variant), key).request is None:
                message = f"'{key}' is a share of what is requested, and variant {variant.name!r} requests none"
                hint = f"give environment.resources.{key}.request"
                objections.add("TB1161", message, hint, "rollout", "replicas", key)


def _check_scheduling(spec: ReleaseSpec, objections: Objections) -> None:
    _check_resources(spec.environment.resources, objections, ("environment", "resources"))
    for index, variant in enumerate(spec.environment.variants):
        if variant.resources is not None:
            _check_resources(variant.resources, objections, ("environment", "variants", index, "resources"))
    for index, key in enumerate(spec.rollout.spread):
        _check_text(_KEY, key, objections, ("rollout", "spread", index))


def _check_resources(resources: Resources, objections: Objections, at: tuple[str | int, ...]) -> None:
    for index, label in enumerate(resources.affinity):
        _check_text(_KEY, label.key, objections, (*at, "affinity", index, "key"))
        for place, value in enumerate(label.values):
            _check_text(_VALUE, value, objections, (*at, "affinity", index, "values", place))
    for index, toleration in enumerate(resources.tolerations):
        here = (*at, "tolerations", index)
        _check_text(_KEY, toleration.key, objections, (*here, "key"))
        if (toleration.operator == "Equal") != (toleration.value is not None):
            message = f"the operator {toleration.operator} {'lacks' if toleration.value is None else 'has'} a value"
            objections.add("TB1167", message, "give 'value' if, and only if, the operator is Equal", *here, "operator")
        elif toleration.value is not None:
            _check_text(_VALUE, toleration.value, objections, (*here, "value"))


def _check_text(pattern: re.Pattern[str], text: str, objections: Objections, at: tuple[str | int, ...]) -> None:
    if not pattern.fullmatch(text):
        what = "key" if pattern is _KEY else "value"
        message = f"{text[:80]!r} is no {what} of a label of a node"
        hint = "use up to 63 letters, digits, '.', '_' and '-'" + (", behind DOMAIN/ if need be" * (what == "key"))
        objections.add("TB1167", message, hint, *at)


def _check_name(spec: ReleaseSpec, objections: Objections) -> None:
    """Services are host names: what is published can be rendered for a cluster."""
    name = spec.rollout.name or spec.metadata.name
    at = ("rollout", "name") if spec.rollout.name else ("metadata", "name")
    variants = spec.environment.variants
    longest = max(len(variant.name) + 1 for variant in variants) if len(variants) > 1 else 0
    room = 63 - LONGEST_SUFFIX - longest
    if not _SERVICE.fullmatch(name) or len(name) > room:
        message = f"{name!r} is no name of a service in a cluster: a letter first, and at most {room} characters"
        objections.add("TB1166", message, "give rollout.name, which is used there", *at)

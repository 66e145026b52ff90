"""Flagger: a Canary that watches the Deployment, and MetricTemplates of the conditions."""

from __future__ import annotations

from typing import Final

from twinbuild.codec.canonical import Json
from twinbuild.deploy.rollout.conditions import TimedCondition, duration, measured, query, seconds, threshold_text
from twinbuild.deploy.rollout.kubernetes import around, deployment
from twinbuild.deploy.rollout.pod import port_name
from twinbuild.deploy.rollout.scraped import NAME, label_of, matchers_of
from twinbuild.deploy.rollout.target import Target
from twinbuild.model.spec.rollout import Condition, RolloutStep

__all__ = ["flagger", "why_not"]

_VERSION: Final = "flagger.app/v1beta1"
# The pods of the new version: Flagger calls those of the old one NAME-primary.
_TARGET: Final = (f'{label_of(NAME)}="{{{{ target }}}}"', 'namespace="{{ namespace }}"')
_NEGATED: Final = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}


def why_not(target: Target) -> str:
    """Why there is no Canary that does what the spec says; "" where there is one."""
    rollout = target.spec.rollout
    if rollout.strategy == "rolling":
        return "Flagger has no rolling update: `kubernetes/` does it"
    if not target.spec.serving.ports:
        return "Flagger divides traffic, and `serving.ports` is empty"
    if (rollout.promote or rollout.rollback) and rollout.prometheus is None:
        return "a MetricTemplate names its Prometheus, and `rollout.prometheus` is missing"
    if any(step.pause is None and step.weight != 100 for step in rollout.steps):
        return "a step waits for somebody without a gate that Flagger could ask (`gates` with `confirm`)"
    if any(gate.confirm is None for gate in rollout.gates):
        return "a gate has no `confirm` that Flagger could ask"
    first = min((step.weight for step in rollout.steps), default=100)
    if any(gate.before not in (100, first) for gate in rollout.gates):
        return "Flagger asks before the first step and before the promotion, and a gate stands elsewhere"
    if rollout.shadow is not None:
        return "Flagger has no experiment before the first step: `shadow` needs Argo Rollouts"
    return _too_late(target)


def _too_late(target: Target) -> str:
    """Why conditions would not be measured, or acted on in time: Flagger looks once in an interval, at the canary."""
    rollout = target.spec.rollout
    if not _all_measured(target):
        return ""
    if rollout.strategy == "blue_green" or rollout.traffic.route is None:
        return "without weights (a canary and a router) the new version gets no traffic that Flagger could measure"
    first = min(measured(target.spec, "rollback"), key=_window, default=None)
    if first is not None and _interval(target) > _window(first):
        every, window = duration(_interval(target)), first.condition.window
        return f"Flagger looks once in {every}, and `{first.name}` brings the old version back after {window}"
    return ""


def _window(each: TimedCondition) -> int:
    return seconds(each.condition.window)


def _interval(target: Target) -> int:
    """Seconds between two looks: the longest pause or window of a promotion, so that none is cut short."""
    pauses = [seconds(step.pause) for step in _steps(target) if step.pause is not None]
    promoted = [_window(each) for each in measured(target.spec, "promote")]
    return max(10, *pauses, *promoted, 0)


def _steps(target: Target) -> list[RolloutStep]:
    return [step for step in target.spec.rollout.steps if 0 < step.weight < 100]


def flagger(target: Target) -> dict[str, Json]:
    """Documents by the name of their file; none where ``why_not`` says so. The Services are Flagger's to make."""
    if why_not(target):
        return {}
    found: dict[str, Json] = {"canary": _canary(target), "deployment": deployment(target)}
    for each in _all_measured(target):
        found[f"metric-{each.name}"] = _template(target, each)
    return found | around(target, kind="Deployment", version="apps/v1")


def _all_measured(target: Target) -> tuple[TimedCondition, ...]:
    return measured(target.spec, "promote") + measured(target.spec, "rollback")


def _canary(target: Target) -> Json:
    rollout = target.spec.rollout
    port = target.spec.serving.ports[0]
    routed = rollout.traffic.route is not None
    scaled: dict[str, Json] = {
        "autoscalerRef": {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "name": target.name}
    }
    ingress: dict[str, Json] = {
        "ingressRef": {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "name": rollout.traffic.route}
    }
    return {
        "apiVersion": _VERSION,
        "kind": "Canary",
        "metadata": target.described(),
        "spec": {
            "provider": rollout.traffic.router if routed else "kubernetes",
            "targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": target.name},
            **(scaled if rollout.replicas.scaled else {}),
            **(ingress if rollout.traffic.router == "nginx" else {}),
            "progressDeadlineSeconds": seconds(rollout.deadline),
            "service": {"port": port.port, "targetPort": port.port, "portName": port_name(port)},
            "analysis": _analysis(target),
        },
    }


def _analysis(target: Target) -> Json:
    """Flagger has one interval, and counts looks that fail: as many as the shortest window of a rollback holds.

    Weights need a router. Without one, and for blue/green, Flagger looks as often as there are steps, then switches.
    """
    rollout = target.spec.rollout
    every = _interval(target)
    windows = [_window(each) for each in measured(target.spec, "rollback")]
    weights: list[Json] = [step.weight for step in _steps(target)]
    weighted = bool(weights) and rollout.traffic.route is not None
    hooks = _hooks(target)
    return {
        "interval": _span(every),
        "threshold": max(1, min(windows) // every) if windows else rollout.failures,
        **({"stepWeights": weights} if weighted else {"iterations": max(1, len(weights))}),
        "metrics": [
            {
                "name": each.name,
                "interval": _span(each.interval),
                "templateRef": {"name": f"{target.name}-{each.name}"},
                "thresholdRange": _range(each),
            }
            for each in _all_measured(target)
        ],
        **({"webhooks": hooks} if hooks else {}),
    }


def _hooks(target: Target) -> list[Json]:
    return [
        {
            "name": gate.name,
            "type": "confirm-promotion" if gate.before == 100 else "confirm-rollout",
            "url": gate.confirm,
        }
        for gate in target.spec.rollout.gates
    ]


def _span(count: int) -> str:
    """Whole minutes or seconds: Flagger's schema knows no hours."""
    return f"{count // 60}m" if count % 60 == 0 else f"{count}s"


def _wanted(each: TimedCondition) -> str:
    """The comparison that a good version fulfils: that of a promotion, the opposite of that of a rollback."""
    operator = each.condition.operator
    return operator if each.kind == "promote" else _NEGATED[operator]


def _range(each: TimedCondition) -> Json:
    """Flagger's ranges include their ends; for other comparisons the expression itself gives 1 or 0."""
    wanted = _wanted(each)
    if wanted in ("<=", ">="):
        return {"max" if wanted == "<=" else "min": each.condition.threshold}
    return {"min": 1}


def _template(target: Target, each: TimedCondition) -> Json:
    condition: Condition = each.condition
    text = query(target.spec, condition, (*_TARGET, *matchers_of(target.spec, target.stage)))
    wanted = _wanted(each)
    well = threshold_text(condition.threshold)
    if each.kind == "rollback":
        text = f"({text}) >= -Inf"  # true of every number, and of NaN not
    if wanted not in ("<=", ">="):
        text = f"({text}) {wanted} bool {threshold_text(condition.threshold)}"
        well = "1"
    if each.kind == "rollback":
        # Flagger takes nothing measured for a failure. It brings nothing back: a value that is well stands in for it.
        text = f"{text} or on() vector({well})"
    return {
        "apiVersion": _VERSION,
        "kind": "MetricTemplate",
        "metadata": target.metadata(f"{target.name}-{each.name}"),
        "spec": {"provider": {"type": "prometheus", "address": target.spec.rollout.prometheus}, "query": text},
    }

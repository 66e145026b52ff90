"""Argo Rollouts: a Rollout, the AnalysisTemplates of its conditions, and an Experiment for a shadow."""

from __future__ import annotations

from typing import Final

from twinbuild.codec.canonical import Json
from twinbuild.deploy.rollout.conditions import TimedCondition, duration, measured, query, seconds, threshold_text
from twinbuild.deploy.rollout.kubernetes import around, service
from twinbuild.deploy.rollout.pod import pod_template
from twinbuild.deploy.rollout.scraped import ARGO_HASH, label_of
from twinbuild.deploy.rollout.target import Target
from twinbuild.model.spec.rollout import Kind

__all__ = ["analysis_template", "argo_rollouts", "why_not"]

_VERSION: Final = "argoproj.io/v1alpha1"
_HASH: Final = "pod-hash"
# What a pod runs, by the label that Argo Rollouts puts on it: the old version's pods, and what they did, are not in it.
_VERSION_AND_PLACE: Final = (f'{label_of(ARGO_HASH)}="{{{{args.{_HASH}}}}}"', 'namespace=~"{{args.namespace}}"')
_LATEST: Final[Json] = {"name": _HASH, "valueFrom": {"podTemplateHashValue": "Latest"}}
_NAMESPACE: Final[Json] = {"name": "namespace", "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}}


def why_not(target: Target) -> str:
    """Why there is no Rollout; "" where there is one."""
    if target.spec.rollout.strategy == "blue_green" and not target.spec.serving.ports:
        return "blue/green switches a Service, and `serving.ports` is empty"
    return ""


def argo_rollouts(target: Target) -> dict[str, Json]:
    """Documents by the name of their file; none where ``why_not`` says so."""
    if why_not(target):
        return {}
    spec = target.spec
    found: dict[str, Json] = {"rollout": _rollout(target)}
    if spec.serving.ports:
        found["service"] = service(target, target.name)
        if other := _other_service(target):
            found[f"service-{other.rpartition('-')[2]}"] = service(target, other)
    for kind in _KINDS:
        if measured(spec, kind):
            found[f"analysis-{kind}"] = analysis_template(target, kind)
    shadow = spec.rollout.shadow
    if shadow is not None and shadow.baseline is not None:
        found["experiment"] = _experiment(target, shadow.baseline, seconds(shadow.duration))
    return found | around(target, kind="Rollout", version=_VERSION)


_KINDS: Final[tuple[Kind, ...]] = ("promote", "rollback")


def _other_service(target: Target) -> str:
    """The Service of the new version, before it gets all traffic."""
    suffix = {"canary": "canary", "blue_green": "preview", "rolling": ""}[target.spec.rollout.strategy]
    return f"{target.name}-{suffix}" if suffix and target.spec.serving.ports else ""


def _rollout(target: Target) -> Json:
    rollout = target.spec.rollout
    strategy = {"blueGreen": _blue_green(target)} if rollout.strategy == "blue_green" else {"canary": _canary(target)}
    return {
        "apiVersion": _VERSION,
        "kind": "Rollout",
        "metadata": target.described(),
        "spec": {
            **({} if rollout.replicas.scaled else {"replicas": rollout.replicas.minimum}),
            "revisionHistoryLimit": 3,
            "progressDeadlineSeconds": seconds(rollout.deadline),
            "progressDeadlineAbort": True,
            "selector": {"matchLabels": target.selector()},
            "template": pod_template(target),
            "strategy": strategy,
        },
    }


def _canary(target: Target) -> Json:
    """Steps with weights; without steps (rolling) the pods are replaced one after the other."""
    rollout = target.spec.rollout
    other = _other_service(target)
    found: dict[str, Json] = {"maxSurge": rollout.surge, "maxUnavailable": rollout.unavailable}
    if other:
        found |= {"stableService": target.name, "canaryService": other}
    if rollout.traffic.route is not None and other:
        routes: dict[str, Json] = {
            "nginx": {"stableIngress": rollout.traffic.route},
            "istio": {"virtualService": {"name": rollout.traffic.route}},
        }
        found["trafficRouting"] = {rollout.traffic.router: routes[rollout.traffic.router]}
    if measured(target.spec, "rollback"):
        found["analysis"] = _analysis(target, "rollback")
    steps = _shadow_steps(target) + _weight_steps(target)
    return found | ({"steps": steps} if steps else {})


def _weight_steps(target: Target) -> list[Json]:
    rollout = target.spec.rollout
    gates = {gate.before for gate in rollout.gates}
    steps: list[Json] = []
    for step in rollout.steps:
        if step.weight in gates:
            steps.append({"pause": {}})
        steps.append({"setWeight": step.weight})
        if step.weight == 100:
            continue
        if step.pause is None:
            steps.append({"pause": {}})
        elif seconds(step.pause):
            steps.append({"pause": {"duration": duration(seconds(step.pause))}})
        if rollout.promote:
            steps.append({"analysis": _analysis(target, "promote")})
    if rollout.steps and rollout.steps[-1].weight != 100 and 100 in gates:
        steps.append({"pause": {}})
    return steps


def _shadow_steps(target: Target) -> list[Json]:
    """The new version beside the old one, each with one pod, and measured as before a step."""
    shadow = target.spec.rollout.shadow
    if shadow is None:
        return []
    experiment: dict[str, Json] = {
        "duration": duration(seconds(shadow.duration)),
        "templates": [
            {"name": "baseline", "specRef": "stable", "replicas": 1},
            {"name": "candidate", "specRef": "canary", "replicas": 1},
        ],
    }
    if target.spec.rollout.promote:
        experiment["analyses"] = [_measured_beside(target, _NAMESPACE)]
    return [{"experiment": experiment}]


def _blue_green(target: Target) -> Json:
    """The new version is measured behind its own Service, and again once it has the traffic."""
    rollout = target.spec.rollout
    other = _other_service(target)
    found: dict[str, Json] = {
        "activeService": target.name,
        "previewService": other,
        "autoPromotionEnabled": not rollout.gates,
    }
    if rollout.promote:
        found["prePromotionAnalysis"] = _analysis(target, "promote")
    if rollout.rollback:
        found["postPromotionAnalysis"] = _analysis(target, "rollback")
    return found


def _analysis(target: Target, kind: Kind) -> dict[str, Json]:
    return {"templates": [{"templateName": f"{target.name}-{kind}"}], "args": [_LATEST, _NAMESPACE]}


def _measured_beside(target: Target, *more: Json) -> Json:
    """The conditions of a promotion, of the candidate's pods in an experiment: they are none of the rollout's own."""
    candidate: Json = {"name": _HASH, "value": "{{templates.candidate.podTemplateHash}}"}
    return {"name": "promote", "templateName": f"{target.name}-promote", "args": [candidate, *more]}


def analysis_template(target: Target, kind: Kind) -> Json:
    """The conditions of a kind, measured over the pods of one hash; in every namespace where nobody says which."""
    return {
        "apiVersion": _VERSION,
        "kind": "AnalysisTemplate",
        "metadata": target.metadata(f"{target.name}-{kind}"),
        "spec": {
            "args": [{"name": _HASH}, {"name": "namespace", "value": ".*"}],
            "metrics": [_metric(target, each) for each in measured(target.spec, kind)],
        },
    }


def _metric(target: Target, each: TimedCondition) -> Json:
    """Promotion: measured until the window is full, each time as wanted; nothing measured is inconclusive and pauses.

    Rollback: measured for as long as the rollout takes; nothing measured is well.
    """
    rollout = target.spec.rollout
    prometheus: dict[str, Json] = {"query": query(target.spec, each.condition, _VERSION_AND_PLACE)}
    if rollout.prometheus is not None:
        prometheus["address"] = rollout.prometheus
    something = "len(result) > 0 && !isNaN(result[0])"
    compared = f"result[0] {each.condition.operator} {threshold_text(each.condition.threshold)}"
    found: dict[str, Json] = {
        "name": each.name,
        "interval": duration(each.interval),
        "consecutiveErrorLimit": rollout.failures,
        "provider": {"prometheus": prometheus},
    }
    if each.kind == "promote":
        return found | {
            "count": each.count,
            "successCondition": f"{something} && {compared}",
            "failureCondition": f"{something} && !({compared})",
            "failureLimit": 0,
        }
    blue_green = rollout.strategy == "blue_green"  # after its switch there is an end to measuring
    return found | {
        **({"count": each.count} if blue_green else {}),
        "successCondition": f"!({something} && {compared})",
        "failureCondition": f"{something} && {compared}",
        "failureLimit": each.count - 1,
    }


def _experiment(target: Target, baseline: str, length: int) -> Json:
    """Two images side by side, apart from any rollout."""
    templates: list[Json] = []
    for name, image in (("baseline", baseline), ("candidate", target.reference)):
        labels: dict[str, Json] = {"app.kubernetes.io/name": f"{target.name}-{name}"}
        pod = pod_template(target)["spec"]
        assert isinstance(pod, dict)
        containers = pod["containers"]
        assert isinstance(containers, list)
        own: list[Json] = [{**each, "image": image} for each in containers if isinstance(each, dict)]
        metadata: Json = {"labels": {**target.labels(), **labels}}
        templates.append(
            {
                "name": name,
                "replicas": 1,
                "service": {"name": f"{target.name}-{name}"},
                "selector": {"matchLabels": labels},
                "template": {"metadata": metadata, "spec": {**pod, "containers": own}},
            }
        )
    analyses: list[Json] = []
    if target.spec.rollout.promote:
        analyses = [_measured_beside(target)]
    return {
        "apiVersion": _VERSION,
        "kind": "Experiment",
        "metadata": target.metadata(f"{target.name}-shadow"),
        "spec": {
            "duration": duration(length),
            "progressDeadlineSeconds": seconds(target.spec.rollout.deadline),
            "templates": templates,
            **({"analyses": analyses} if analyses else {}),
        },
    }

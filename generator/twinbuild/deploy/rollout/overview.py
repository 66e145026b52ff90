"""``deploy/rollout.md``: for people, what the rendered files do, what would stop them, and which were not rendered."""

from __future__ import annotations

from collections.abc import Iterator

from twinbuild.codec.markdown import bullets, code, table, text
from twinbuild.deploy.deployment import Deployment
from twinbuild.deploy.rollout import argo, flagger, kserve
from twinbuild.deploy.rollout.conditions import duration, measured, query, threshold_text
from twinbuild.deploy.rollout.target import Target, targets
from twinbuild.model.spec.release import ReleaseSpec

__all__ = ["overview"]

_ADDS = (  # awk: every file is a document, and what has the image's digest gets the release's
    'FNR == 1 { print "---" } { print } /dev.twinbuild\\/image-digest:/ '
    '{ sub(/image-digest:.*/, "release-digest: " digest); print }'
)
_ACTIONS = {"rollback": "the old version comes back", "stop": "the rollout stops", "page": "somebody is called"}


def overview(deployment: Deployment) -> str:
    """The page, in Markdown. Texts of the spec stand in it as code, or with what means something taken out."""
    spec = deployment.spec
    title = f"# Rollout of {spec.metadata.name} {spec.metadata.version}"
    parts = (title, "", *_how(spec), *_conditions(spec), *_failure_modes(spec), *_files(deployment))
    return "\n".join(parts).rstrip("\n") + "\n"


def _how(spec: ReleaseSpec) -> Iterator[str]:
    rollout = spec.rollout
    yield from (f"Strategy: {rollout.strategy.replace('_', '/')}.", "")
    steps = []
    for step in rollout.steps:
        wait = f", then {step.pause}" if step.pause else ", then somebody must say so" if step.weight < 100 else ""
        steps.append(f"{step.weight} % of the traffic{wait}")
    yield from bullets(steps)
    for gate in rollout.gates:
        at = "the promotion" if gate.before == 100 else f"{gate.before} %"
        who = f": {text(', '.join(gate.approvers))}" if gate.approvers else ""
        yield f"Gate {code(gate.name)} before {at}{who}."
    if rollout.gates:
        yield ""
    replicas = rollout.replicas
    most = f" to {replicas.maximum}" if replicas.scaled else ""
    yield from (f"Replicas: {replicas.minimum}{most}.", "")


def _conditions(spec: ReleaseSpec) -> Iterator[str]:
    rows = []
    for each in (*measured(spec, "promote"), *measured(spec, "rollback")):
        compared = f"{each.condition.operator} {threshold_text(each.condition.threshold)}"
        times = f"{each.count} times {duration(each.interval)}" if each.count > 1 else duration(each.interval)
        rows.append((text(each.name), each.kind, code(query(spec, each.condition)), text(compared), times))
    yield from table(("condition", "of", "expression", "compared", "over"), rows)
    if rows:
        yield from ("Where nothing is measured (no series, NaN) nothing is promoted, and nothing rolled back.", "")


def _failure_modes(spec: ReleaseSpec) -> Iterator[str]:
    alerts = {alert.name for alert in spec.observability.alerts}
    rows = []
    for mode in spec.rollout.failure_modes:
        alert = mode.alert or (mode.signal if mode.signal in alerts else "")
        then = (_ACTIONS[mode.action], text(mode.description))
        rows.append((text(mode.name), text(mode.signal), text(alert), *then))
    yield from table(("failure mode", "signal", "alert", "then", "what it is"), rows)


def _files(deployment: Deployment) -> Iterator[str]:
    if not deployment.stages:
        yield "No files: the spec publishes to no repository (`publish.repositories`), so no image has a name by which"
        yield "a cluster could pull it."
        return
    found = list(targets(deployment))
    rows = [(text(target.stage), text(target.variant.name), code(target.reference)) for target in found]
    yield from table(("stage", "variant", "image"), rows)
    first = found[0]  # what is rendered hangs on the spec alone
    systems = (("argo-rollouts", argo.why_not), ("flagger", flagger.why_not), ("kserve", kserve.why_not))
    reasons = ((system, why(first)) for system, why in systems)
    yield from bullets([f"`{name}/`: {'not rendered: ' + why if why else 'rendered'}" for name, why in reasons])
    yield from bullets(list(_limits(deployment.spec, first)))
    yield from _apply(first)


def _limits(spec: ReleaseSpec, target: Target) -> Iterator[str]:
    """What somebody must see to, as no file here does it."""
    rollout = spec.rollout
    if rollout.strategy == "blue_green" and rollout.promote:
        yield (
            f"Before the switch nobody sends traffic to `{target.name}-preview`: send some, or nothing is measured"
            " there and nothing promoted."
        )
    if rollout.promote and not flagger.why_not(target):
        yield ("Flagger cannot wait: where a condition of `promote` is not measured, it brings the old version back.")
    if left := kserve.left_to_people(target):
        yield left
    if needed := kserve.features(target):
        names = ", ".join(f"`{each}`" for each in needed)
        yield f"KServe's canary needs features of Knative (its ConfigMap `config-features`): {names}."
    tracing = spec.observability.tracing
    if tracing.enabled and tracing.exporter == "otlp" and tracing.endpoint is None:
        yield (
            "Traces go to a collector in the same pod, which nothing here puts there: add it (its configuration is"
            " `opentelemetry/collector.yaml`), or name another by `observability.tracing.endpoint`."
        )


def _apply(target: Target) -> Iterator[str]:
    """The command that applies a directory and tells the pods the release's digest: no file here can hold it."""
    yield "To apply a directory, with the release's digest for the pods (`TWINBUILD_RELEASE`):"
    yield ""
    yield "```sh"
    yield f"""awk -v digest="$(cat release.digest)" '{_ADDS}' \\"""
    yield f"  deploy/{target.stage}/configmap.yaml deploy/SYSTEM/{target.directory}/*.yaml | kubectl apply -f -"
    yield "```"

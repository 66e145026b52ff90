"""``deploy/rollout.md``: for people, what the rendered files do, what would stop them, and which were not rendered."""

from __future__ import annotations

from collections.abc import Iterator

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
    parts = (title, *_how(spec), *_conditions(spec), *_failure_modes(spec), *_files(deployment))
    return "\n".join(parts) + "\n"


def _how(spec: ReleaseSpec) -> Iterator[str]:
    rollout = spec.rollout
    yield ""
    yield f"Strategy: {rollout.strategy.replace('_', '/')}."
    gates = {gate.before: gate for gate in rollout.gates}
    if rollout.steps:
        yield ""
    for step in rollout.steps:
        wait = f", then {step.pause}" if step.pause else ", then somebody must say so" if step.weight < 100 else ""
        yield f"- {step.weight} % of the traffic{wait}"
    if gates:
        yield ""
    for gate in rollout.gates:
        at = "the promotion" if gate.before == 100 else f"{gate.before} %"
        who = f": {_plain(', '.join(gate.approvers))}" if gate.approvers else ""
        yield f"Gate `{gate.name}` before {at}{who}."
    replicas = rollout.replicas
    most = f" to {replicas.maximum}" if replicas.scaled else ""
    yield ""
    yield f"Replicas: {replicas.minimum}{most}."


def _conditions(spec: ReleaseSpec) -> Iterator[str]:
    rows = [*measured(spec, "promote"), *measured(spec, "rollback")]
    if not rows:
        return
    yield ""
    yield "| condition | of | expression | | over |"
    yield "|---|---|---|---|---|"
    for each in rows:
        compared = f"{each.condition.operator} {threshold_text(each.condition.threshold)}"
        times = f"{each.count} times {duration(each.interval)}" if each.count > 1 else duration(each.interval)
        text = _code(query(spec, each.condition))
        yield f"| {each.name} | {each.kind} | {text} | {_plain(compared)} | {times} |"
    yield ""
    yield "Where nothing is measured (no series, NaN) nothing is promoted, and nothing rolled back."


def _failure_modes(spec: ReleaseSpec) -> Iterator[str]:
    if not spec.rollout.failure_modes:
        return
    yield ""
    yield "| failure mode | signal | alert | then | what it is |"
    yield "|---|---|---|---|---|"
    alerts = {alert.name for alert in spec.observability.alerts}
    for mode in spec.rollout.failure_modes:
        alert = mode.alert or (mode.signal if mode.signal in alerts else "")
        what = f"{_ACTIONS[mode.action]} | {_plain(mode.description)}"
        yield f"| {mode.name} | {mode.signal} | {alert} | {what} |"


def _files(deployment: Deployment) -> Iterator[str]:
    yield ""
    if not deployment.stages:
        yield "No files: the spec publishes to no repository (`publish.repositories`), so no image has a name by which"
        yield "a cluster could pull it."
        return
    yield "| stage | variant | image |"
    yield "|---|---|---|"
    found = list(targets(deployment))
    for target in found:
        yield f"| {target.stage} | {target.variant.name} | `{target.reference}` |"
    yield ""
    first = found[0]  # what is rendered hangs on the spec alone
    for system, why in (("argo-rollouts", argo.why_not), ("flagger", flagger.why_not), ("kserve", kserve.why_not)):
        reason = why(first)
        yield f"- `{system}/`: {'not rendered: ' + reason if reason else 'rendered'}"
    yield from _limits(deployment.spec, first)
    yield from _apply(first)


def _limits(spec: ReleaseSpec, target: Target) -> Iterator[str]:
    """What somebody must see to, as no file here does it."""
    rollout = spec.rollout
    found = []
    if rollout.strategy == "blue_green" and rollout.promote:
        found.append(
            f"Before the switch nobody sends traffic to `{target.name}-preview`: send some, or nothing is measured"
            " there and nothing promoted."
        )
    if rollout.promote and not flagger.why_not(target):
        found.append(
            "Flagger cannot wait: where a condition of `promote` is not measured, it brings the old version back."
        )
    if needed := kserve.features(target):
        names = ", ".join(f"`{each}`" for each in needed)
        found.append(f"KServe's canary needs features of Knative (its ConfigMap `config-features`): {names}.")
    tracing = spec.observability.tracing
    if tracing.enabled and tracing.exporter == "otlp" and tracing.endpoint is None:
        found.append(
            "Traces go to a collector in the same pod, which nothing here puts there: add it (its configuration is"
            " `opentelemetry/collector.yaml`), or name another by `observability.tracing.endpoint`."
        )
    if found:
        yield ""
    yield from (f"- {each}" for each in found)


def _apply(target: Target) -> Iterator[str]:
    """The command that applies a directory and tells the pods the release's digest: no file here can hold it."""
    yield ""
    yield "To apply a directory, with the release's digest for the pods (`TWINBUILD_RELEASE`):"
    yield ""
    yield "```sh"
    yield f"""awk -v digest="$(cat release.digest)" '{_ADDS}' \\"""
    yield f"  deploy/{target.stage}/configmap.yaml deploy/SYSTEM/{target.directory}/*.yaml | kubectl apply -f -"
    yield "```"


def _plain(text: str) -> str:
    """A text as one cell of a table, without meaning to Markdown or HTML."""
    flat = " ".join(text.split())
    for character in "\\`*_{}[]<>#|!~":
        flat = flat.replace(character, f"\\{character}")
    return flat.replace("&", "&amp;")


def _code(text: str) -> str:
    """A text as code within a table: in a fence longer than any within it."""
    flat = " ".join(text.split()).replace("|", "\\|")
    fence = "`" * (1 + max((len(run) for run in _runs(flat)), default=0))
    return f"{fence} {flat} {fence}" if "`" in flat else f"`{flat}`"


def _runs(text: str) -> Iterator[str]:
    run = ""
    for character in text + " ":
        if character == "`":
            run += "`"
        elif run:
            yield run
            run = ""

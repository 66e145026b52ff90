"""``deploy/rollout.md``: for people, what the rendered files do, what would stop them, and which were not rendered."""

from __future__ import annotations

from collections.abc import Iterator

from twinbuild.deploy.deployment import Deployment
from twinbuild.deploy.rollout import argo, flagger, kserve
from twinbuild.deploy.rollout.conditions import duration, measured, query, threshold_text
from twinbuild.deploy.rollout.target import targets
from twinbuild.model.spec.release import ReleaseSpec

__all__ = ["overview"]

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
    yield "| failure mode | signal | then | what it is |"
    yield "|---|---|---|---|"
    for mode in spec.rollout.failure_modes:
        yield f"| {mode.name} | {mode.signal} | {_ACTIONS[mode.action]} | {_plain(mode.description)} |"


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
    for system, why in (("argo-rollouts", argo.why_not), ("flagger", flagger.why_not), ("kserve", kserve.why_not)):
        reason = why(found[0])  # it hangs on the spec alone
        yield f"- `{system}/`: {'not rendered: ' + reason if reason else 'rendered'}"


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

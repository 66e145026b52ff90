"""``twinbuild test``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from twinbuild.cli.options import Asked, common, locked_option, variant_option
from twinbuild.codec.amounts import counted

if TYPE_CHECKING:  # start-up is measured
    from twinbuild.model.spec.release import ReleaseSpec
    from twinbuild.pipeline.trial.every import Trials

__all__ = ["command"]


@click.command("test")
@common
@locked_option
@variant_option
@click.option("--retest", is_flag=True, help="Run the tests again even if this very image passed them before.")
def command(
    *,
    asked: Asked,
    locked: bool,
    variants: tuple[str, ...],
    retest: bool,
) -> None:
    """Start each built image in a sandbox, twice, and ask it what the spec's tests ask (exit 6 if one fails).

    SPEC is a spec file or a directory with a release.yaml (default: the current directory). The service has no network,
    and the processors and memory that the spec allows it. An image that this machine can't run is named as untested;
    exit 8 where the spec wants it tested.
    """
    from twinbuild.cli.session import session_for
    from twinbuild.pipeline.build.building import build_images, plan_release, source_epoch
    from twinbuild.pipeline.keeping import keep_built
    from twinbuild.pipeline.lock.lockfiles import ensure_lock
    from twinbuild.pipeline.project import open_project
    from twinbuild.pipeline.trial.every import try_images
    from twinbuild.pipeline.trial.parameters import parameter_findings, uncompared

    project = open_project(asked.spec, asked.overlays).only(variants)
    with session_for(asked) as machine:
        lock = ensure_lock(project, machine, locked=locked, discover=False)
        plan = plan_release(project, lock, epoch=source_epoch(project, machine))
        images = build_images(plan, machine)
        keep_built(project, images, machine)
        known = tuple(parameter_findings(project, lock, machine))
        trials = try_images(project, plan, images, machine, again=retest, known=known)
        unknown = uncompared(project, lock, machine)
        machine.progress("", 0, 0)
    click.echo(_json(trials, project.spec, unknown) if asked.as_json else _text(trials, project.spec, unknown))


def _json(trials: Trials, spec: ReleaseSpec, unknown: tuple[str, ...]) -> str:
    return json.dumps(
        {
            "images": [
                {
                    "image": str(outcome.image),
                    "variant": outcome.variant,
                    "platform": str(outcome.platform),
                    **facts,
                    **({"not_proven": dict(_not_proven(spec, facts))} if facts["verdict"] == "passed" else {}),
                }
                for outcome, facts in _with_facts(trials)
            ],
            "hyperparameters_not_compared": unknown,
        }
    )


def _not_proven(spec: ReleaseSpec, facts: dict[str, Any]) -> Iterator[tuple[str, str]]:
    from twinbuild.describe.trials import not_proven

    return not_proven(spec, facts)


def _with_facts(trials: Trials) -> list[tuple[Any, dict[str, Any]]]:
    facts: dict[str, Any] = trials.facts
    return [(outcome, facts[f"{outcome.variant} {outcome.platform}"]) for outcome in trials.outcomes]


def _text(trials: Trials, spec: ReleaseSpec, unknown: tuple[str, ...]) -> str:
    from twinbuild.trial.limits import Measure, seconds_text

    lines = []
    for outcome, facts in _with_facts(trials):
        who = f"{outcome.variant} {outcome.platform}"
        if facts["verdict"] == "untested":
            lines.append(f"untested {who}  {outcome.image}  {facts['reason']}")
            continue
        when = "evidence of an earlier run on this machine" if facts["reused"] else "just now"
        lines.append(f"passed   {who}  {outcome.image}  ({when})")
        lines += [f"  golden {each['name']}  {seconds_text(each['seconds'])}" for each in facts.get("golden", ())]
        for each in facts.get("accuracy", ()):
            what = f"{each['value']:.6g} over {counted(each['predictions'], 'prediction')}"
            lines.append(f"  accuracy {each['name']}  {each['metric']} {what}")
        lines += [f"  refused the request {each}" for each in facts.get("refused_requests", ())]
        if facts.get("environment_watched"):
            lines.append("  environment no undeclared variable was asked for")
        if facts.get("steps"):
            lines.append(f"  preprocessing {', '.join(facts['steps'])}  called")
        if facts.get("golden"):
            lines.append("  starts 2, the same bytes in every answer")
        if facts.get("metrics"):
            lines.append(f"  metrics {', '.join(facts['metrics'])}  published as declared")
        lines += [f"  not proven {claim}  {reason}" for claim, reason in _not_proven(spec, facts)]
        lines += [
            f"  fallback of {each}  used while it closed connections, and while it said nothing"
            for each in facts.get("fallbacks", ())
        ]
        lines += [
            f"  change {each['knob']} to {each['value']}  "
            + ("while it ran" if each["how"] == "live" else "with a restart")
            for each in facts.get("changes", ())
        ]
        if facts.get("traces"):
            lines.append(f"  traces {facts['traces']}")
        for key, value in facts.get("figures", {}).items():
            limit = facts.get("limits", {}).get(key)
            measure = Measure(key=key, value=value, limit=limit, least=key == "throughput")
            lines.append(f"  figure {key}  {measure.shown}{f', {measure.allowed}' if limit is not None else ''}")
    lines += [f"hyper-parameter {name}  not compared: no file of the model was seen to say it" for name in unknown]
    return "\n".join(lines)

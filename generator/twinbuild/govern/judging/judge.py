"""The whole of a policy applied to a release on its way to a stage. What no rule allows is refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from twinbuild.codec.moments import moment_text
from twinbuild.govern.judging.people import judge_people, judge_rights
from twinbuild.govern.judging.rego import FAILED, UNASKED, judge_answers
from twinbuild.govern.judging.showing import judge_shown
from twinbuild.govern.judging.windows import UnknownZone, frozen_until
from twinbuild.model.governed import Facts, RegoAnswer, Verdict
from twinbuild.model.policy import Excused, Freeze, OrganisationPolicy, covers
from twinbuild.model.spec.values import epoch

__all__ = ["judge_rego_alone", "judge_release"]

_EXCUSABLE: Final = (("require",), ("rego",), ("freeze",))


def judge_release(
    policy: OrganisationPolicy, facts: Facts, at: int, answers: tuple[RegoAnswer, ...] = ()
) -> tuple[Verdict, ...]:
    """A verdict for each rule that is about this release and stage, in the policy's order.

    ``answers`` are what its rules in Rego say; one that is missing refuses.
    """
    found = [
        *judge_rights(policy, facts),
        *_required(policy, facts, at),
        *judge_answers(policy, facts, answers),
        *_frozen(policy, facts, at),
    ]
    return tuple(_excused(policy, each, facts, at) for each in found)


def judge_rego_alone(
    policy: OrganisationPolicy, facts: Facts, at: int, answers: tuple[RegoAnswer, ...]
) -> tuple[Verdict, ...]:
    """The verdicts of rules in Rego, without the others."""
    found = judge_answers(policy, facts, answers)
    return tuple(_excused(policy, each, facts, at) for each in found)


def _required(policy: OrganisationPolicy, facts: Facts, at: int) -> Iterator[Verdict]:
    about = [
        (index, rule)
        for index, rule in enumerate(policy.require)
        if covers(rule.stages, facts.stage) and covers(rule.releases, facts.name)
    ]
    if not about:
        yield Verdict(
            rule="require",
            verdict="refused",
            reason=f"no rule of 'require' is about {facts.name} and the stage {facts.stage!r}",
            code="TB8840",
            remedy="name a stage of the policy, or add what this one asks for",
            path=("require",),
        )
    for index, rule in about:
        yield from judge_people(policy, rule, index, facts)
        yield from judge_shown(rule, index, facts, at)


def _frozen(policy: OrganisationPolicy, facts: Facts, at: int) -> Iterator[Verdict]:
    for index, freeze in enumerate(policy.freeze):
        if covers(freeze.stages, facts.stage) and covers(freeze.releases, facts.name):
            yield _freeze(freeze, index, facts, at)


def _freeze(freeze: Freeze, index: int, facts: Facts, at: int) -> Verdict:
    refused = Verdict(rule=freeze.name, verdict="refused", reason="", code="TB8835", path=("freeze", index))
    try:
        until = frozen_until(freeze, at)
    except UnknownZone:
        reason = f"this machine does not know the time zone {freeze.zone!r}, so that nobody can tell"
        return replace(refused, reason=reason, remedy="install tzdata, or name a zone that is known, such as UTC")
    if until is None:
        return Verdict(rule=freeze.name, verdict="passed", reason="no freeze now", path=("freeze", index))
    reason = f"{facts.stage} is frozen until {moment_text(until)}: {freeze.reason}"
    if facts.back and freeze.rollbacks == "allow":
        return Verdict(rule=freeze.name, verdict="passed", reason=f"{reason} (not for going back)", path=refused.path)
    return replace(refused, reason=reason, remedy="wait, or ask for an exception")


def _excused(policy: OrganisationPolicy, verdict: Verdict, facts: Facts, at: int) -> Verdict:
    """The verdict, or that an exception holds. Rights have none: their rules have no such names."""
    if verdict.verdict != "refused" or verdict.path[:1] not in _EXCUSABLE or len(verdict.path) < 2:
        return verdict
    if verdict.code in (FAILED, UNASKED):  # what a rule would say nobody knows
        return verdict
    ended = ""
    for each in sorted(policy.exceptions, key=lambda each: each.release != facts.digest):  # what is bound comes first
        if verdict.rule == each.rule and _about(each, facts):
            if at < epoch(each.until):
                named = each.release if each.release != facts.digest else ""
                return replace(verdict, verdict="excepted", excuse=each.reason, until=epoch(each.until), named=named)
            ended = f"; its exception has ended at {moment_text(epoch(each.until))}"
    return replace(verdict, reason=verdict.reason + ended)


def _about(excused: Excused, facts: Facts) -> bool:
    names = (f"{facts.name}@{facts.version}", facts.digest)
    return excused.release in names and covers(excused.stages, facts.stage)

"""Verdicts of rules in Rego: each message of a `deny` or `violation` refuses, a `warn` warns, and a failure refuses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from twinbuild.model.governed import Facts, RegoAnswer, Verdict
from twinbuild.model.policy import OrganisationPolicy, RegoRules, covers

__all__ = ["FAILED", "UNASKED", "judge_answers", "rego_about"]

FAILED: Final = "TB8896"
UNASKED: Final = "TB8878"
"""Codes of rules of which nobody knows what they say: because they failed, or because they could not be asked."""


def rego_about(policy: OrganisationPolicy, name: str, stage: str) -> tuple[tuple[int, RegoRules], ...]:
    """The sections (with their places) that are about a release of this name and a stage."""
    return tuple(
        (index, rules)
        for index, rules in enumerate(policy.rego)
        if covers(rules.stages, stage) and covers(rules.releases, name)
    )


def judge_answers(policy: OrganisationPolicy, facts: Facts, answers: tuple[RegoAnswer, ...]) -> Iterator[Verdict]:
    """A verdict for each message, and one for each rule that has none. A section that nobody evaluated refuses."""
    for index, rules in rego_about(policy, facts.name, facts.stage):
        said = [each for each in answers if each.rules == rules.name]
        if not said:
            said = [RegoAnswer(rules=rules.name, file=rules.files[0].file, rule="", fault="nobody evaluated it")]
        for each in said:
            yield from _verdicts(each, ("rego", index))


def _verdicts(answer: RegoAnswer, path: tuple[int | str, ...]) -> Iterator[Verdict]:
    name = f"{answer.rules}/{answer.rule}" if answer.rule else answer.rules
    if answer.fault:
        yield Verdict(
            rule=name,
            verdict="refused",
            reason=f"{answer.file}: {answer.fault}; what it would say is not known",
            code=UNASKED if answer.unasked else FAILED,
            remedy="release it again, with all that belongs to a release: `twinbuild sbom check DIST` looks at it"
            if answer.unasked
            else "mend the rule, and have it signed: `twinbuild policy input` prints what it judges",
            path=path,
        )
        return
    warns = answer.rule.rpartition(".")[2].startswith("warn")
    for message in answer.messages:
        yield Verdict(
            rule=name,
            verdict="warned" if warns else "refused",
            reason=f"{message} ({answer.file})",
            code="" if warns else "TB8890",
            remedy="" if warns else "release it otherwise, or ask for an exception",
            path=path,
        )
    if not answer.messages:
        yield Verdict(rule=name, verdict="passed", reason=f"nothing to object to ({answer.file})", path=path)

"""Apply the policy of a trust root to a release: a verdict for each rule, and an error that names those that refuse."""

from __future__ import annotations

from dataclasses import dataclass

from twinbuild.codec.policyfile import LoadedPolicy, check_roles, load_policy
from twinbuild.codec.yaml import SourceText
from twinbuild.errors import Finding, PolicyRefused
from twinbuild.govern.judging.judge import judge_release
from twinbuild.model.acts import Promotion
from twinbuild.model.governed import Facts, Verdict
from twinbuild.model.policy import OrganisationPolicy
from twinbuild.model.settings import Settings
from twinbuild.model.trust import TrustRoot
from twinbuild.pipeline.governing.knowing import Question, known_of
from twinbuild.pipeline.governing.trustdir import Trusted, read_policy
from twinbuild.pipeline.released import Released

__all__ = ["Checked", "check_policy", "policy_of", "refuse", "standing_then"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What was asked and known, the policy, and what each rule says."""

    policy: LoadedPolicy
    facts: Facts
    verdicts: tuple[Verdict, ...]


def policy_of(trusted: Trusted) -> LoadedPolicy:
    """The policy of a trust root. Raises PolicyRefused TB8821 where it names none, TB8820, SpecError."""
    if not trusted.policy:
        raise PolicyRefused.of(
            "TB8821",
            f"the trust root {trusted.directory} (version {trusted.root.version}) has no policy: nothing is allowed",
            hint="write one, and have it signed: `twinbuild trust update DIR --policy policy.yaml`",
            where=str(trusted.directory),
        )
    policy = load_policy(SourceText(name=trusted.policy_name, content=trusted.policy))
    check_roles(policy, trusted.root)
    return policy


def standing_then(trusted: Trusted, act: Promotion) -> tuple[TrustRoot, OrganisationPolicy] | None:
    """The document and policy that a step names, if they were the newest at its time; None otherwise.

    Raises PolicyRefused TB8806 where the policy of that time is not there any more.
    """
    until = [root.created for _, root in trusted.chain[1:]]
    for (digest, root), end in zip(trusted.chain, until, strict=False):
        if (str(digest), root.policy and root.policy.sha256) == (act.trust, act.policy):
            if not root.created <= act.time <= end:
                return None
            content = read_policy(trusted.directory, root)
            return root, load_policy(SourceText(name=act.trust, content=content)).value
    return None


def check_policy(release: Released, trusted: Trusted, question: Question, settings: Settings) -> Checked:
    """What each rule of the policy says of a release on its way to a stage. Raises as ``known_of``."""
    policy = policy_of(trusted)
    facts = known_of(release, trusted, policy.value, question, settings)
    return Checked(policy=policy, facts=facts, verdicts=judge_release(policy.value, facts, question.at))


def refuse(checked: Checked) -> None:
    """Raise PolicyRefused with each rule that refuses, at its place in the policy; nothing where none does."""
    findings = tuple(
        Finding(
            code=each.code,
            message=f"{each.rule}: {each.reason}",
            hint=each.remedy,
            where=checked.policy.where(*each.path),
        )
        for each in checked.verdicts
        if each.verdict == "refused"
    )
    if findings:
        raise PolicyRefused(findings)

"""Apply the policy of a trust root to a release: a verdict for each rule, and an error that names those that refuse.

Rules in Rego are evaluated where a policy has some for the release and the stage, in a process of their own.
"""

from __future__ import annotations

from dataclasses import dataclass

from twinbuild.codec.canonical import Json
from twinbuild.codec.jsontext import JsonProblem, parse_json
from twinbuild.codec.policyfile import LoadedPolicy, check_roles, load_policy
from twinbuild.codec.yaml import SourceText
from twinbuild.describe.manifest import MANIFEST_VERSION
from twinbuild.describe.policyinput import policy_input
from twinbuild.errors import Finding, PolicyRefused, TwinbuildError
from twinbuild.govern.judging.judge import judge_rego_alone, judge_release
from twinbuild.govern.judging.rego import rego_about
from twinbuild.model.acts import Promotion
from twinbuild.model.governed import Facts, RegoAnswer, Verdict
from twinbuild.model.policy import OrganisationPolicy
from twinbuild.model.settings import Settings
from twinbuild.model.trust import TrustRoot
from twinbuild.pipeline.governing.knowing import Question, known_of, sound
from twinbuild.pipeline.governing.rego.evaluating import judge_rego
from twinbuild.pipeline.governing.trustdir import Trusted, read_policy
from twinbuild.pipeline.reading.boms import bom_text
from twinbuild.pipeline.reading.released import Released

__all__ = ["Checked", "check_approval", "check_policy", "input_of", "policy_of", "refuse", "standing_then"]


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
    """What each rule of the policy says of a release on its way to a stage. Raises as ``known_of``, ``judge_rego``."""
    policy = policy_of(trusted)
    facts = known_of(release, trusted, policy.value, question, settings)
    answers = _answers(release, trusted, policy, facts, question)
    return Checked(policy=policy, facts=facts, verdicts=judge_release(policy.value, facts, question.at, answers))


def check_approval(release: Released, trusted: Trusted, question: Question, settings: Settings) -> tuple[Verdict, ...]:
    """What rules in Rego say before somebody approves a release; () where the policy has none for it.

    Raises PolicyRefused with each that refuses, and as ``check_policy``.
    """
    policy = policy_of(trusted)
    name = str(sound(release)["metadata"]["name"])
    if not rego_about(policy.value, name, question.stage):
        return ()
    facts = known_of(release, trusted, policy.value, question, settings)
    answers = _answers(release, trusted, policy, facts, question)
    verdicts = judge_rego_alone(policy.value, facts, question.at, answers)
    refuse(Checked(policy=policy, facts=facts, verdicts=verdicts))
    return verdicts


def input_of(release: Released, trusted: Trusted, question: Question, settings: Settings) -> dict[str, Json]:
    """The document that rules in Rego judge, whether the policy has such rules or not. Raises as ``known_of``."""
    facts = known_of(release, trusted, policy_of(trusted).value, question, settings, whole=True)
    return _document(release, facts, question)


def _answers(
    release: Released, trusted: Trusted, policy: LoadedPolicy, facts: Facts, question: Question
) -> tuple[RegoAnswer, ...]:
    about = rego_about(policy.value, facts.name, facts.stage)
    if not about:
        return ()
    if why := _unfit(release, facts):
        return tuple(
            RegoAnswer(rules=rules.name, file=rules.files[0].file, rule="", fault=why, unasked=True)
            for _, rules in about
        )
    assert trusted.root.policy is not None
    document = _document(release, facts, question)
    return judge_rego(policy, about, trusted.directory, beside=trusted.root.policy.file, document=document)


def _unfit(release: Released, facts: Facts) -> str:
    """Why rules in Rego cannot judge a release; "" where they can.

    Of what is not there no rule says anything: without its bill of materials, or in a form whose keys are not held
    against a schema, a release would pass because it says nothing of itself.
    """
    if facts.licences is None:
        return f"the SBOM cannot be read: {(facts.sbom or ('it was not looked at',))[0]}"
    version = str(release.document["apiVersion"])
    return f"the release manifest has the form {version}, expected {MANIFEST_VERSION}" * (version != MANIFEST_VERSION)


def _document(release: Released, facts: Facts, question: Question) -> dict[str, Json]:
    manifest: Json = release.document
    try:
        sbom = parse_json("sbom.cdx.json", bom_text(release))[0]
    except (TwinbuildError, JsonProblem):
        if facts.licences is not None:  # it was there a moment ago
            raise
        sbom = None
    return policy_input(facts, manifest=manifest, sbom=sbom, action=question.action, at=question.at)


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

"""Rules about people: who may create, approve and deploy, how many must, and that it is not the same person.

A role of which the trust root asks for several people does nothing by fewer, whatever a rule asks for.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from twinbuild.model.governed import Actor, Facts, Verdict
from twinbuild.model.policy import Action, Allow, OrganisationPolicy, Requirement, covers

__all__ = ["allowed", "judge_people", "judge_rights"]


def allowed(policy: OrganisationPolicy, action: Action, name: str, stage: str = "") -> tuple[tuple[int, Allow], ...]:
    """The rules (with their places) that allow an action to somebody, for a release of this name and a stage."""
    return tuple(
        (index, rule)
        for index, rule in enumerate(policy.allow)
        if action in rule.may
        and covers(rule.releases, name)
        and (action not in ("approve", "deploy") or covers(rule.stages, stage))
    )


def _by(rules: tuple[tuple[int, Allow], ...], actors: tuple[Actor, ...]) -> list[tuple[int, Allow, Actor]]:
    return [(index, rule, actor) for actor in actors for index, rule in rules if set(rule.roles) & set(actor.roles)]


def _short(rules: tuple[tuple[int, Allow], ...], actors: tuple[Actor, ...], facts: Facts) -> dict[str, str]:
    """Roles of the rules of which too few people are among the actors, each with how many there are, in words."""
    named = {role for _, rule in rules for role in rule.roles}
    found = {}
    for role, asked in facts.thresholds:
        count = len({actor.who for actor in actors if role in actor.roles})
        if role in named and 0 < count < asked:
            found[role] = f"{count} of the {asked} people that {role} takes"
    return found


def _without(actor: Actor, roles: Collection[str]) -> Actor:
    return replace(actor, roles=tuple(role for role in actor.roles if role not in roles))


def judge_rights(policy: OrganisationPolicy, facts: Facts) -> Iterator[Verdict]:
    """Whether somebody signed the release who may, and whether who deploys may."""
    action: Action = "modify" if facts.modifies else "create"
    yield _right(allowed(policy, action, facts.name), action, facts.signers, facts)
    if facts.deployer is not None:
        rules = allowed(policy, "deploy", facts.name, facts.stage)
        yield _right(rules, "deploy", (facts.deployer,), facts)


def _right(rules: tuple[tuple[int, Allow], ...], action: Action, actors: tuple[Actor, ...], facts: Facts) -> Verdict:
    done = {"create": "signed", "modify": "signed", "deploy": "deploys"}[action]
    short = _short(rules, actors, facts)
    found = _by(rules, tuple(_without(actor, short) for actor in actors))
    if found:
        index, rule, actor = found[0]
        role = next(role for role in rule.roles if role in actor.roles)
        reason = f"{actor.who} ({role}) {done} it"
        return Verdict(rule=rule.name, verdict="passed", reason=reason, path=("allow", index))
    where = f" to {facts.stage}" if action == "deploy" else ""
    roles = sorted({role for _, rule in rules for role in rule.roles})
    who = (
        ", ".join(f"{actor.who} ({', '.join(actor.roles) or 'no role'})" for actor in actors)
        or "nobody of the trust root"
    )
    may = f"only {', '.join(roles)} may {action}" if roles else f"no rule allows anybody to {action}"
    said = [*short.values(), *(facts.discounted if action != "deploy" else filter(None, (facts.unable,)))]
    aside = f"; {'; '.join(said)}" if said else ""
    remedy = f"let somebody of {', '.join(roles)} do it" if roles else f"add a rule of 'allow' with 'may: [{action}]'"
    if short:
        remedy = "let more of them sign it" if action != "deploy" else "one person deploys: let the role take one"
    return Verdict(
        rule=action,
        verdict="refused",
        reason=f"{who} {done} it, and {may} {facts.name}{where}{aside}",
        code="TB8836" if action == "deploy" else "TB8830",
        remedy=remedy,
        path=("allow",),
    )


def judge_people(policy: OrganisationPolicy, rule: Requirement, index: int, facts: Facts) -> Iterator[Verdict]:
    """Approvals, the two-person rule and signatures of roles, as a requirement asks for them."""
    at = ("require", index)
    rules = allowed(policy, "approve", facts.name, facts.stage)
    mayhave = _by(rules, facts.approvers)
    signers = {actor.who for actor in facts.signers} | set(facts.authors)
    approvers = {actor.who for _, _, actor in mayhave}
    both = sorted(approvers & signers) if rule.two_person else []
    those = tuple(actor for _, _, actor in mayhave if actor.who not in both)
    short = _short(rules, those, facts)
    enough = {actor.who for _, _, actor in _by(rules, tuple(_without(actor, short) for actor in those))}
    if rule.two_person:
        yield from _two(rule, both, enough, facts, at)
    asked = max(rule.approvals, facts.asked)
    if asked:
        yield _approvals(rule, asked, enough, facts, at, short=tuple(short.values()))
    for each in rule.signatures:
        people = sorted({actor.who for actor in facts.signers if each.role in actor.roles})
        needed = max(each.people, dict(facts.thresholds).get(each.role, 1))
        fine = len(people) >= needed
        said = f"{len(people)} of {needed} people of {each.role} signed{_named(people)}"
        yield Verdict(
            rule=f"{rule.name}/signature-{each.role}",
            verdict="passed" if fine else "refused",
            reason=said + _aside(facts, fine=fine),
            code="TB8830",
            remedy=f"ask somebody of {each.role} to sign it: `twinbuild sign`",
            path=(*at, "signatures"),
        )


def _approvals(
    rule: Requirement,
    asked: int,
    approvers: set[str],
    facts: Facts,
    at: tuple[int | str, ...],
    *,
    short: tuple[str, ...],
) -> Verdict:
    fine = len(approvers) >= asked
    return Verdict(
        rule=f"{rule.name}/approvals",
        verdict="passed" if fine else "refused",
        reason=f"{len(approvers)} of {asked} people approved it for {facts.stage}{_named(sorted(approvers))}"
        f"{_aside(facts, fine=fine, more=short)}",
        code="TB8831",
        remedy=f"ask who may approve: `twinbuild approve DIST --stage {facts.stage} --trust DIR --key FILE`",
        path=(*at, "approvals"),
    )


def _two(
    rule: Requirement, both: list[str], others: set[str], facts: Facts, at: tuple[int | str, ...]
) -> Iterator[Verdict]:
    deployer = facts.deployer.who if facts.deployer is not None else ""
    alone = bool(deployer) and deployer in {*facts.authors, *(each.who for each in facts.signers)} and not others
    if both or alone:
        who = ", ".join(both) or deployer
        what = "signed the release and " + ("approved it" if both else "deploys it, and nobody else saw it")
        # Somebody else's approvals may be enough without theirs: then it was in vain, and no harm.
        enough = bool(both) and len(others) >= max(rule.approvals, facts.asked, 1)
        yield Verdict(
            rule=f"{rule.name}/two-person",
            verdict="passed" if enough else "refused",
            reason=f"{who} {what}" + ("; that approval does not count" if both else ""),
            code="TB8832",
            remedy="ask somebody else to approve it",
            path=(*at, "two_person") if "two_person" in rule.model_fields_set else at,
        )
        return
    yield Verdict(rule=f"{rule.name}/two-person", verdict="passed", reason="nobody approved what they signed", path=at)


def _named(people: list[str]) -> str:
    return f": {', '.join(people)}" if people else ""


def _aside(facts: Facts, *, fine: bool, more: tuple[str, ...] = ()) -> str:
    said = (*more, *facts.discounted)
    return f"; {'; '.join(said)}" if said and not fine else ""

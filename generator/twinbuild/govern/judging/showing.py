"""Rules about what was shown of a release: evidence, licences, ages of keys and secrets, encrypted connections."""

from __future__ import annotations

from collections.abc import Iterator

from twinbuild.codec.amounts import counted
from twinbuild.govern.judging.encryption import judge_encryption
from twinbuild.govern.judging.licences import bound_by, matches, named_in
from twinbuild.model.governed import Facts, Verdict
from twinbuild.model.policy import Requirement
from twinbuild.model.spec.values import duration_seconds

__all__ = ["judge_shown"]

_DAY = 86400
_FEW = 5  # names in a reason


def judge_shown(rule: Requirement, index: int, facts: Facts, at: int) -> Iterator[Verdict]:
    """What a requirement asks for besides people."""
    where = ("require", index)
    for each in rule.evidence:
        fine, reason, remedy = _EVIDENCE[each](facts)
        yield _verdict(rule, each, reason, fine=fine, code="TB8833", remedy=remedy, path=(*where, "evidence"))
    if rule.audit_log:
        said = "given" if facts.audited else "not given"
        path, remedy = (*where, "audit_log"), "name it: --audit LOG (for what is done with --audit-key KEY)"
        reason = f"the audit log is {said}"
        yield _verdict(rule, "audit-log", reason, fine=facts.audited, code="TB8841", remedy=remedy, path=path)
    yield from _licences(rule, facts, where)
    if rule.key_age is not None:
        yield _keys(rule, rule.key_age, facts, at, (*where, "key_age"))
    if rule.secret_age is not None:
        yield _secrets(rule, int(duration_seconds(rule.secret_age)), facts, at, (*where, "secret_age"))
    yield from judge_encryption(rule, facts, at, where)


def _verdict(
    rule: Requirement, name: str, reason: str, *, fine: bool, code: str, remedy: str, path: tuple[int | str, ...]
) -> Verdict:
    return Verdict(
        rule=f"{rule.name}/{name}",
        verdict="passed" if fine else "refused",
        reason=reason,
        code=code,
        remedy=remedy,
        path=path,
    )


def _built(facts: Facts) -> tuple[bool, str, str]:
    fine = facts.builds >= 2 and facts.identical
    times = counted(facts.builds, "time")
    said = "the same bytes" if facts.identical else "not the same bytes"
    return fine, f"built {times}, {said}", "release it with `twinbuild release`, which builds twice"


def _tested(facts: Facts) -> tuple[bool, str, str]:
    bad = [f"{image} {verdict}" for image, verdict in facts.tests if verdict != "passed"]
    reason = _few(bad) if bad else counted(len(facts.tests), "image passed its tests", "images passed their tests")
    return bool(facts.tests) and not bad, reason, "release it with tests that pass"


def _complete(facts: Facts) -> tuple[bool, str, str]:
    faults = ["the SBOM was not looked at"] if facts.sbom is None else list(facts.sbom)
    reason = _few(faults) if faults else "the SBOM is that of the images, file by file"
    return not faults, reason, "look at `twinbuild sbom check DIST`"


def _clean(facts: Facts) -> tuple[bool, str, str]:
    reason = "no source commit is recorded" if facts.modified is None else "files of the commit alone"
    if facts.modified:
        reason = "files differ from the commit"
    remedy = "commit everything, set `source: {commit: record}` in release.yaml, and release again"
    return facts.modified is False, reason, remedy


_EVIDENCE = {"built-twice": _built, "tests-passed": _tested, "sbom-complete": _complete, "source-clean": _clean}


def _licences(rule: Requirement, facts: Facts, where: tuple[int | str, ...]) -> Iterator[Verdict]:
    forbidden: dict[str, None] = {}
    unknown: dict[str, None] = {}
    for component, expression in facts.licences or ():
        bound = bound_by(expression, lambda licence: matches(licence, rule.forbidden_licences))
        if bound is None:
            unknown[component] = None
            bound = tuple(each for each in named_in(expression) if matches(each, rule.forbidden_licences))
        if bound:
            forbidden[f"{component} ({', '.join(bound)})"] = None
    unseen = _unseen(facts)
    if rule.forbidden_licences:
        seen = counted(len({component for component, _ in facts.licences or ()}), "component")
        reason = _few(list(forbidden)) if forbidden else f"{seen}, none under a forbidden licence"
        remedy = "replace these components, or ask for an exception"
        path = (*where, "forbidden_licences")
        fine = not forbidden and not unseen
        yield _verdict(rule, "licences", unseen or reason, fine=fine, code="TB8834", remedy=remedy, path=path)
    if rule.unknown_licences == "refuse":
        reason = f"nobody knows the licence of {_few(list(unknown))}" if unknown else "all licences are known"
        path = (*where, "unknown_licences")
        remedy = "find out, and state them; or ask for an exception"
        fine = not unknown and not unseen
        yield _verdict(rule, "unknown-licences", unseen or reason, fine=fine, code="TB8834", remedy=remedy, path=path)


def _unseen(facts: Facts) -> str:
    """Why nobody looked at the licences; "" where somebody did."""
    if facts.sbom is None:
        return "the SBOM was not looked at"
    return f"the SBOM cannot be read: {_few(list(facts.sbom))}" if facts.licences is None else ""


def _keys(rule: Requirement, age: str, facts: Facts, at: int, path: tuple[int | str, ...]) -> Verdict:
    most = int(duration_seconds(age))
    actors = (*facts.signers, *facts.approvers, *((facts.deployer,) if facts.deployer is not None else ()))
    old = sorted({f"{each.who}'s ({_days(at - each.since)})" for each in actors if at - each.since > most})
    reason = f"older than {age}: {_few(old)}" if old else f"no key is older than {age}"
    remedy = "rotate them: `twinbuild key rotate`"
    return _verdict(rule, "key-age", reason, fine=not old, code="TB8837", remedy=remedy, path=path)


def _days(seconds: int) -> str:
    return counted(seconds // _DAY, "day")


def _secrets(rule: Requirement, most: int, facts: Facts, at: int, path: tuple[int | str, ...]) -> Verdict:
    changed = {reference: when for reference, when in facts.rotations if when <= at}
    late = []
    for name, reference, own in facts.secrets:
        limit = most if own is None else min(most, own)
        when = changed.get(reference)
        if when is None:
            late.append(f"{name}: nobody says when it was changed")
        elif at - when > limit:
            late.append(f"{name}: changed {_days(at - when)} ago, expected at most {limit // _DAY}")
    reason = _few(late) if late else f"{counted(len(facts.secrets), 'secret')}, each changed in time"
    remedy = "change them, and say so: `twinbuild trust rotated DIR REFERENCE --key FILE`"
    return _verdict(rule, "secret-age", reason, fine=not late, code="TB8838", remedy=remedy, path=path)


def _few(names: list[str]) -> str:
    more = f" and {len(names) - _FEW} more" if len(names) > _FEW else ""
    return ", ".join(names[:_FEW]) + more

"""Which findings fail a release: severity, exceptions until they expire, and statements of people."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from twinbuild.model.vulnerability import (
    LEVELS,
    ExceptionRule,
    Statement,
    StatementSheet,
    VulnerabilityPolicy,
    Vulnerable,
)

__all__ = ["excuse", "fails", "same_package", "stated", "statement_of"]


def excuse(found: Iterable[Vulnerable], rules: Iterable[ExceptionRule], *, today: str) -> tuple[Vulnerable, ...]:
    """The findings, of which those that an exception is about say so. ``today`` is a day in UTC (``2026-11-26``).

    On the day of its expiry an exception no longer holds; the finding then names it as lapsed.
    """
    rules = tuple(rules)
    return tuple(_excused(each, rules, today) for each in found)


def _excused(each: Vulnerable, rules: tuple[ExceptionRule, ...], today: str) -> Vulnerable:
    about = [rule for rule in rules if rule.id in each.ids and _covers(rule.package, each.package.purl)]
    holding = next((rule for rule in about if today < rule.expires), None)
    if holding is not None:
        return replace(each, excused=f"exception until {holding.expires}: {holding.reason}")
    lapsed = next((rule for rule in about), None)
    if lapsed is not None:
        return replace(each, lapsed=f"exception of {lapsed.expires}: {lapsed.reason}")
    return each


def _covers(rule: str | None, purl: str) -> bool:
    return rule is None or same_package(rule, purl)


def same_package(stated: str, purl: str) -> bool:
    """Whether a package URL that people write is about a component: the same, or without version and qualifiers."""
    if stated == purl:
        return True
    bare = purl.partition("#")[0].partition("?")[0]
    if "#" in purl and "#" not in stated:
        return False  # a file within the package is not the package
    if stated == bare:
        return True
    head, _, version = bare.rpartition("@")
    return bool(version) and stated == head


def stated(found: Iterable[Vulnerable], sheet: StatementSheet) -> tuple[Vulnerable, ...]:
    """The findings with the status that people state; not_affected and fixed excuse them."""
    return tuple(_stated(each, sheet) for each in found)


def _stated(each: Vulnerable, sheet: StatementSheet) -> Vulnerable:
    said = statement_of(each, sheet.statements)
    if said is None:
        return each
    if said.status in ("not_affected", "fixed"):
        why = said.justification or said.detail or "fixed"
        return replace(each, status=said.status, excused=f"{said.status}, {sheet.author}: {why}")
    return replace(each, status=said.status)


def statement_of(each: Vulnerable, statements: Iterable[Statement]) -> Statement | None:
    """The last statement about a finding: a later one of the same file takes the place of an earlier one."""
    about = [
        said
        for said in statements
        if said.vulnerability in each.ids and any(same_package(purl, each.package.purl) for purl in said.components)
    ]
    return about[-1] if about else None


def fails(each: Vulnerable, policy: VulnerabilityPolicy) -> bool:
    """Whether a finding fails: it is severe enough and nothing excuses it. What cannot be scored is a setting."""
    if each.excused or policy.fail_on == "never":
        return False
    if each.level == "unknown":
        return policy.unscored == "fail"
    return LEVELS.index(each.level) >= LEVELS.index(policy.fail_on)

"""Which findings fail: severity, exceptions until their day, statements."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from twinbuild.govern.vulnerabilities.judging import excuse, fails, same_package, stated, statement_of
from twinbuild.model.vulnerability import (
    ExceptionRule,
    Level,
    Package,
    StatementSheet,
    VulnerabilityPolicy,
    Vulnerable,
)

_FOUND = Vulnerable(
    package=Package(
        ecosystem="PyPI", name="alpha", version="1", reference="a", title="alpha 1", purl="pkg:pypi/alpha@1?x=y"
    ),
    ids=("CVE-2026-1", "GHSA-a"),
    summary="",
    level="high",
    score=7.5,
    vector="",
    fixed=(),
    decided=True,
)


@pytest.mark.parametrize(
    ("level", "fail_on", "unscored", "expected"),
    [
        ("high", "high", "fail", True),
        ("medium", "high", "fail", False),
        ("critical", "high", "fail", True),
        ("low", "low", "fail", True),
        ("none", "low", "fail", False),
        ("unknown", "critical", "fail", True),
        ("unknown", "low", "pass", False),
        ("critical", "never", "fail", False),
        ("unknown", "never", "fail", False),
    ],
)
def test_severity(level: Level, fail_on: Any, unscored: Any, expected: bool) -> None:
    """At least as severe fails; what has no score by the setting."""
    policy = VulnerabilityPolicy(fail_on=fail_on, unscored=unscored)
    assert fails(replace(_FOUND, level=level), policy) is expected
    assert not fails(replace(_FOUND, level=level, excused="so"), policy)


@pytest.mark.parametrize(
    ("today", "excused"), [("2026-11-25", True), ("2026-11-26", False), ("2026-11-27", False), ("2027-01-01", False)]
)
def test_exceptions_expire(today: str, excused: bool) -> None:
    """On its day it no longer holds, and the finding says that it did."""
    rule = ExceptionRule(id="GHSA-a", package="pkg:pypi/alpha", reason="because", expires="2026-11-26")
    (found,) = excuse([_FOUND], [rule], today=today)
    assert bool(found.excused) is excused
    assert bool(found.lapsed) is not excused
    assert "because" in found.excused + found.lapsed
    assert fails(found, VulnerabilityPolicy()) is not excused


def test_exceptions_of_others() -> None:
    """Another vulnerability, another package, another version: no excuse."""
    rules = [
        ExceptionRule(id="CVE-2026-2", reason="r", expires="2099-01-01"),
        ExceptionRule(id="CVE-2026-1", package="pkg:pypi/alphabet", reason="r", expires="2099-01-01"),
        ExceptionRule(id="CVE-2026-1", package="pkg:pypi/alpha@2", reason="r", expires="2099-01-01"),
    ]
    assert excuse([_FOUND], rules, today="2026-01-01") == (_FOUND,)
    rules.append(ExceptionRule(id="CVE-2026-1", reason="r", expires="2099-01-01"))
    assert excuse([_FOUND], rules, today="2026-01-01")[0].excused


@pytest.mark.parametrize(
    ("said", "purl", "expected"),
    [
        ("pkg:pypi/a@1?x=y", "pkg:pypi/a@1?x=y", True),
        ("pkg:pypi/a@1", "pkg:pypi/a@1?x=y", True),
        ("pkg:pypi/a", "pkg:pypi/a@1?x=y", True),
        ("pkg:pypi/a@2", "pkg:pypi/a@1", False),
        ("pkg:pypi/a@1?x=z", "pkg:pypi/a@1?x=y", False),
        ("pkg:pypi/a", "pkg:pypi/ab@1", False),
        ("pkg:pypi/a", "pkg:pypi/a@1#lib.so", False),
        ("pkg:pypi/a@1#lib.so", "pkg:pypi/a@1#lib.so", True),
        ("pkg:npm/%40s/a", "pkg:npm/%40s/a@1", True),
        ("pkg:pypi/a", "pkg:pypi/a", True),
    ],
)
def test_same_package(said: str, purl: str, expected: bool) -> None:
    """With or without version and qualifiers; a file within a package is not the package."""
    assert same_package(said, purl) is expected


def sheet(*statements: dict[str, Any]) -> StatementSheet:
    """Statements about a release."""
    return StatementSheet.model_validate(
        {"release": f"sha256:{'0' * 64}", "author": "Ada", "date": "2026-11-26", "statements": statements}
    )


def said(status: str, **more: Any) -> dict[str, Any]:
    """A statement about the finding."""
    return {"vulnerability": "CVE-2026-1", "components": ["pkg:pypi/alpha"], "status": status, **more}


def test_statements() -> None:
    """not_affected and fixed excuse; affected and under_investigation do not; the last one counts."""
    reason = {"justification": "vulnerable_code_not_present"}
    (found,) = stated([_FOUND], sheet(said("not_affected", **reason)))
    assert (found.status, found.excused) == ("not_affected", "not_affected, Ada: vulnerable_code_not_present")
    assert stated([_FOUND], sheet(said("fixed")))[0].excused
    for status, more in (("affected", {"detail": "raise it"}), ("under_investigation", {})):
        (found,) = stated([_FOUND], sheet(said("not_affected", **reason), said(status, **more)))
        assert (found.status, found.excused) == (status, "")
    other = sheet(said("fixed") | {"vulnerability": "CVE-2026-2"}, said("fixed") | {"components": ["pkg:pypi/b"]})
    assert stated([_FOUND], other) == (_FOUND,)
    assert statement_of(_FOUND, other.statements) is None

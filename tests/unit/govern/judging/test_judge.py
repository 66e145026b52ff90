"""``govern.judging.judge``: all rules together, freezes, exceptions, and stages of which nothing is said."""

from __future__ import annotations

from typing import Final

import pytest

from fakes.governed import NOW, actor, facts, policy
from twinbuild.govern.judging.judge import judge_release
from twinbuild.model.governed import Facts, Verdict

FREEZE: Final = """\
freeze:
  - {name: quiet, stages: [production], zone: UTC, reason: r, weekly: {from: fri 07:00, until: fri 09:00}}
"""


def _verdicts(text: str, known: Facts, at: int = NOW) -> dict[str, Verdict]:
    return {each.rule: each for each in judge_release(policy(text), known, at)}


def _excuse(rule: str, **changes: str) -> str:
    said = {"release": "tiny@1.0.0", "stages": "[production]", "until": "2027-02-01T00:00:00Z", **changes}
    words = ", ".join(f"{key}: {value}" for key, value in said.items())
    return f"exceptions:\n  - {{rule: {rule}, reason: late, {words}}}\n"


def test_fine() -> None:
    """Every rule is told, and passes."""
    found = _verdicts("", facts())
    assert {each.verdict for each in found.values()} == {"passed"}
    assert list(found) == ["makers", "needs/two-person", "needs/approvals"]


def test_another_stage() -> None:
    """What no rule is about is refused, and no exception helps."""
    known = facts(stage="staging", approvers=(actor("grace", "approver"),))
    found = _verdicts(_excuse("needs/approvals", stages="['*']"), known)
    assert (found["require"].verdict, found["require"].code) == ("refused", "TB8840")


def test_frozen() -> None:
    """At the moment, with its end; an hour later no more."""
    found = _verdicts(FREEZE, facts())["quiet"]
    assert (found.verdict, found.code) == ("refused", "TB8835")
    assert "2027-01-15T09:00:00Z" in found.reason
    assert _verdicts(FREEZE, facts(), NOW + 3600)["quiet"].verdict == "passed"
    assert _verdicts(FREEZE, facts(back=True))["quiet"].verdict == "passed"
    bound = FREEZE.replace("reason: r", "reason: r, rollbacks: refuse")
    assert _verdicts(bound, facts(back=True))["quiet"].verdict == "refused"
    unknown = _verdicts(FREEZE.replace("UTC", "Mars/Olympus"), facts(), NOW + 3600)["quiet"]
    assert (unknown.verdict, unknown.code) == ("refused", "TB8835")


def test_for_whom_an_exception_holds() -> None:
    """By name it holds for whatever bears it, which is said; one by digest is for this release alone, and is meant."""
    assert _verdicts(FREEZE + _excuse("quiet"), facts())["quiet"].named == "tiny@1.0.0"
    bound = _excuse("quiet", release=f"sha256:{'a' * 64}")
    assert _verdicts(FREEZE + bound, facts())["quiet"].named == ""
    both = _excuse("quiet") + bound.partition("\n")[2]
    assert _verdicts(FREEZE + both, facts())["quiet"].named == ""


@pytest.mark.parametrize(
    ("text", "at", "verdict"),
    [
        (_excuse("quiet"), NOW, "excepted"),
        (_excuse("quiet", until="2027-01-15T08:00:00Z"), NOW, "refused"),
        (_excuse("quiet", until="2027-01-15T08:00:01Z"), NOW, "excepted"),
        (_excuse("quiet", release="tiny@1.0.1"), NOW, "refused"),
        (_excuse("quiet", release=f"sha256:{'a' * 64}"), NOW, "excepted"),
        (_excuse("quiet", stages="[staging]"), NOW, "refused"),
        (_excuse("needs/approvals"), NOW, "refused"),
    ],
)
def test_exceptions(text: str, at: int, verdict: str) -> None:
    """For one release, one rule, its stages, until its end."""
    assert _verdicts(FREEZE + text, facts(), at)["quiet"].verdict == verdict


def test_no_right_by_exception() -> None:
    """Who may not create can't be excused: such an exception is not even read, and others do not reach it."""
    found = _verdicts(_excuse("needs"), facts(signers=()))
    assert found["create"].verdict == "refused"

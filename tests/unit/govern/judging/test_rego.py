"""``govern.judging.rego``: what rules in Rego say becomes verdicts, and silence is none."""

from __future__ import annotations

import pytest

from fakes.governed import NOW, facts, policy
from twinbuild.govern.judging.judge import judge_rego_alone, judge_release
from twinbuild.govern.judging.rego import rego_about
from twinbuild.model.governed import RegoAnswer, Verdict
from twinbuild.model.policy import OrganisationPolicy

_FILES = f"[{{file: x.rego, sha256: {'a' * 64}}}]"
_RULES = f"rego:\n  - {{name: house, stages: [production], releases: [tin*], files: {_FILES}}}\n"
_EXCUSE = """\
exceptions:
  - {rule: RULE, release: tiny@1.0.0, stages: [production], until: 2027-03-31, reason: known}
"""


def _policy(more: str = "") -> OrganisationPolicy:
    return policy(_RULES + more)


def _answer(rule: str = "main.deny", *messages: str, fault: str = "") -> RegoAnswer:
    return RegoAnswer(rules="house", file="x.rego:3", rule=rule, messages=messages, fault=fault)


def _judged(found: OrganisationPolicy, *answers: RegoAnswer) -> list[tuple[str, str, str]]:
    verdicts = judge_rego_alone(found, facts(), NOW, answers)
    assert [each for each in judge_release(found, facts(), NOW, answers) if each in verdicts] == list(verdicts)
    return [(each.rule, each.verdict, each.code) for each in verdicts]


def test_messages() -> None:
    """Each message of a deny or a violation refuses; one of a warn does not."""
    assert _judged(
        _policy(),
        _answer("main.deny", "one", "two"),
        _answer("main.deny_size"),
        _answer("main.violation_x", "three"),
        _answer("main.warn_y", "four"),
        _answer("warn.deny", "five"),
    ) == [
        ("house/main.deny", "refused", "TB8890"),
        ("house/main.deny", "refused", "TB8890"),
        ("house/main.deny_size", "passed", ""),
        ("house/main.violation_x", "refused", "TB8890"),
        ("house/main.warn_y", "warned", ""),
        ("house/warn.deny", "refused", "TB8890"),
    ]


def test_words() -> None:
    """The message, and the file with its line; the place is the section's."""
    (found,) = judge_rego_alone(_policy(), facts(), NOW, (_answer("main.deny", "too large"),))
    assert found == Verdict(
        rule="house/main.deny",
        verdict="refused",
        reason="too large (x.rego:3)",
        code="TB8890",
        remedy="release it otherwise, or ask for an exception",
        path=("rego", 0),
    )


@pytest.mark.parametrize("answers", [(), (RegoAnswer(rules="others", file="y.rego", rule="main.deny"),)])
def test_silence(answers: tuple[RegoAnswer, ...]) -> None:
    """A section that nobody evaluated refuses."""
    assert _judged(_policy(), *answers) == [("house", "refused", "TB8896")]


def test_not_about_it() -> None:
    """Another stage, another release."""
    assert rego_about(_policy(), "tiny", "production") != ()
    assert rego_about(_policy(), "tiny", "staging") == rego_about(_policy(), "other", "production") == ()
    assert judge_rego_alone(_policy(), facts(stage="staging"), NOW, ()) == ()


def test_exceptions() -> None:
    """Of a rule by its name, until it ends; of a failure there is none."""
    excused = _policy(_EXCUSE.replace("RULE", "house/main.deny"))
    found = judge_rego_alone(excused, facts(), NOW, (_answer("main.deny", "a"), _answer("main.deny_b", "b")))
    assert [(each.verdict, each.excuse) for each in found] == [("excepted", "known"), ("refused", "")]
    late = judge_rego_alone(excused, facts(), NOW + 90 * 86400, (_answer("main.deny", "a"),))
    assert [each.verdict for each in late] == ["refused"]
    assert _judged(excused, _answer("main.deny", fault="divide by zero")) == [("house/main.deny", "refused", "TB8896")]
    everything = _policy(_EXCUSE.replace("RULE", "house"))
    for unasked, code in ((False, "TB8896"), (True, "TB8878")):
        answer = RegoAnswer(rules="house", file="x.rego", rule="", fault="late", unasked=unasked)
        assert _judged(everything, answer) == [("house", "refused", code)]

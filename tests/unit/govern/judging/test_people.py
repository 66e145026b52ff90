"""``govern.judging.people``: who may, how many must, and that it is not the same person."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fakes.governed import actor, facts, policy
from twinbuild.govern.judging.people import allowed, judge_people, judge_rights
from twinbuild.model.governed import Facts


def _refused(known: Facts, text: str = "") -> set[str]:
    rules = policy(text)
    verdicts = [*judge_rights(rules, known), *judge_people(rules, rules.require[0], 0, known)]
    return {f"{each.code} {each.rule}" for each in verdicts if each.verdict == "refused"}


def test_fine() -> None:
    """Ada signed, grace approved, linus deploys."""
    assert _refused(facts(deployer=actor("linus", "deployer"))) == set()


@pytest.mark.parametrize(
    ("changes", "text", "refused"),
    [
        ({"signers": ()}, "", {"TB8830 create"}),
        ({"signers": (actor("eve", "approver"),)}, "", {"TB8830 create"}),
        ({"modifies": True, "signers": (actor("eve"),)}, "", {"TB8830 modify"}),
        ({"deployer": actor("ada", "creator")}, "", {"TB8836 deploy"}),
        ({"deployer": actor("linus", "deployer"), "stage": "staging"}, "", {"TB8836 deploy", "TB8831 needs/approvals"}),
        ({"approvers": ()}, "", {"TB8831 needs/approvals"}),
        ({"approvers": (actor("linus", "deployer"),)}, "", {"TB8831 needs/approvals"}),
        ({"asked": 2}, "", {"TB8831 needs/approvals"}),
        ({}, "    approvals: 2\n", {"TB8831 needs/approvals"}),
        ({"approvers": (actor("ada", "approver"),)}, "", {"TB8831 needs/approvals", "TB8832 needs/two-person"}),
        ({"approvers": (actor("ada", "approver"),)}, "    two_person: false\n", set()),
        ({}, "    signatures: [{role: approver}]\n", set()),
        ({}, "    signatures: [{role: creator, people: 2}]\n", {"TB8830 needs/signature-creator"}),
        ({}, "    signatures: [{role: deployer}]\n", {"TB8830 needs/signature-deployer"}),
    ],
)
def test_refusals(changes: dict[str, object], text: str, refused: set[str]) -> None:
    """Each rule by itself."""
    assert _refused(facts(**changes), text) == refused


def test_one_person_with_two_keys() -> None:
    """Two keys make no second person: not among approvers, not beside the signature."""
    twice = (actor("grace", "approver"), actor("grace", "approver", since=5))
    assert _refused(facts(approvers=twice, asked=2)) == {"TB8831 needs/approvals"}
    assert "TB8832 needs/two-person" in _refused(facts(approvers=(actor("ada", "approver", since=5),)))


def test_in_vain() -> None:
    """Who signed may approve, too: it does not count, and does no harm beside another's."""
    both = (actor("ada", "approver"), actor("grace", "approver"))
    assert _refused(facts(approvers=both)) == set()
    assert _refused(facts(approvers=both, asked=2)) == {"TB8831 needs/approvals", "TB8832 needs/two-person"}


def test_signed_with_a_key_that_is_gone() -> None:
    """Who made it does not approve it, though the key that they signed with counts no more."""
    made = facts(signers=(actor("bob", "creator"),), authors=("ada", "bob"), approvers=(actor("ada", "approver"),))
    assert _refused(made) == {"TB8831 needs/approvals", "TB8832 needs/two-person"}


def test_roles_that_take_several() -> None:
    """Fewer people than the trust root asks of a role do nothing by it."""
    deployer = actor("linus", "deployer")
    for role, refused in (
        ("creator", "TB8830 create"),
        ("approver", "TB8831 needs/approvals"),
        ("deployer", "TB8836 deploy"),
    ):
        known = facts(deployer=deployer, thresholds=((role, 2),))
        assert _refused(known) == {refused}
    two = (("creator", 2), ("approver", 2))
    signers = (actor("ada", "creator"), actor("bob", "creator"))
    three = (actor("ada", "approver"), actor("grace", "approver"), actor("grace", "approver", since=5))
    # who signed it, and a second key, make no second person
    vain = {"TB8831 needs/approvals", "TB8832 needs/two-person"}
    assert _refused(facts(signers=signers, approvers=three, thresholds=two)) == vain
    assert _refused(facts(signers=signers, approvers=(*three, actor("zoe", "approver")), thresholds=two)) == set()
    other = actor("zoe", "reviewer")
    assert _refused(facts(approvers=(other,), thresholds=(("reviewer", 2), ("else", 9)))) == {"TB8831 needs/approvals"}
    signed = facts(thresholds=(("reviewer", 2),), signers=(*signers, actor("zoe", "reviewer")))
    assert _refused(signed, "    signatures: [{role: reviewer}]\n") == {"TB8830 needs/signature-reviewer"}
    signed = replace(signed, signers=(*signed.signers, actor("eve", "reviewer")))
    assert _refused(signed, "    signatures: [{role: reviewer}]\n") == set()
    (verdict,) = judge_rights(policy(""), facts(thresholds=(("creator", 2),)))
    assert "1 of the 2 people that creator takes" in verdict.reason
    assert verdict.remedy == "let more of them sign it"


def test_alone() -> None:
    """Who signed does not deploy what nobody else saw, where no approval is asked for."""
    alone = facts(signers=(actor("ada", "creator"),), authors=("ada",), approvers=(), deployer=actor("ada", "deployer"))
    assert _refused(alone, "    approvals: 0\n") == {"TB8832 needs/two-person"}
    seen = replace(alone, approvers=(actor("grace", "approver"),))
    assert _refused(seen, "    approvals: 0\n") == set()
    assert _refused(replace(seen, thresholds=(("approver", 2),)), "    approvals: 0\n") == {"TB8832 needs/two-person"}


def test_why_not() -> None:
    """Signatures that do not count are told where something lacks; so is why the deployer's key does not."""
    rules = policy("")
    known = facts(deployer=actor("key 1…"), unable="the key 1… was revoked (lost)", discounted=("of others",))
    verdict = list(judge_rights(rules, known))[1]
    assert (verdict.code, verdict.reason.endswith("tiny to production; the key 1… was revoked (lost)")) == (
        "TB8836",
        True,
    ), verdict.reason
    (verdict,) = judge_rights(rules, facts(signers=(), discounted=("the key has expired",)))
    assert "the key has expired" in verdict.reason
    assert allowed(rules, "approve", "tiny", "staging") == ()

"""``codec.policyfile``: a policy is read strictly, each fault at its place."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from fakes.governed import POLICY, organisation
from twinbuild.codec.policyfile import check_roles, load_policy
from twinbuild.codec.yaml import SourceText
from twinbuild.errors import PolicyRefused, SpecError

_ONCE = (
    "freeze:\n  - {name: f, stages: ['*'], zone: UTC, reason: r, from: '2027-12-20T00:00', until: '2028-01-02T00:00'}\n"
)
_LATE: Final = """\
freeze:
  - {name: f, stages: ['*'], zone: UTC, reason: r, from: '2027-01-02T00:00', until: '2027-01-01T00:00'}
"""


@pytest.mark.parametrize(
    ("more", "code", "line"),
    [
        ("    approval: 1\n", "TB1101", 11),
        ("    approvals: many\n", "TB1103", 11),
        ("    approvals: 21\n", "TB1105", 11),
        ("    evidence: [built-once]\n", "TB1106", 11),
        ("    key_age: soon\n", "TB1123", 11),
        ("    stages: [production]\n", "TB1006", 11),
        ("  - {name: needs, stages: [x]}\n", "TB1115", 11),
        ("  - {name: none}\n", "TB1102", 11),
        ("  - {name: bad, stages: ['prod**']}\n", "TB1104", 11),
        ("freeze:\n  - {name: f, stages: ['*'], zone: UTC, reason: r}\n", "TB1105", 12),
        ("freeze:\n  - {name: f, stages: ['*'], zone: UTC, reason: r, from: '2027-01-01T00:00'}\n", "TB1105", 12),
        (_LATE, "TB1105", 12),
        (_ONCE.replace("2027-12-20", "2027-02-30"), "TB1121", 12),
        (_ONCE.replace("2027-12-20", "0000-01-01"), "TB1121", 12),
        (_ONCE.replace("2028-01-02T00:00", "9999-12-31T23:59"), "TB1121", 12),
        (_ONCE.replace("2027-12-20", "٢٠٢٧-12-20"), "TB1121", 12),
        (
            "freeze:\n  - {name: f, stages: ['*'], zone: UTC, reason: r, weekly: {from: fri, until: mon 06:00}}\n",
            "TB1121",
            12,
        ),
        (
            "exceptions:\n  - {rule: reviewers, release: a@1, stages: ['*'], until: 2027-01-01, reason: r}\n",
            "TB1117",
            12,
        ),
        ("exceptions:\n  - {rule: needs/approvals, release: a@1, stages: ['*'], reason: r}\n", "TB1102", 12),
    ],
)
def test_refused(more: str, code: str, line: int) -> None:
    """Unknown keys, values of another kind, names twice, freezes that are none, exceptions of rights or without end."""
    with pytest.raises(SpecError) as raised:
        load_policy(SourceText(name="policy.yaml", content=(POLICY + more).encode()))
    found = raised.value.findings[0]
    assert (found.code, found.where.line) == (code, line), raised.value.findings


def test_stages_of_rights() -> None:
    """Who may approve or deploy must be said for stages, who may create must not."""
    for text, at in (
        (POLICY.replace(", stages: [production]}", "}"), 5),
        (POLICY.replace("roles: [creator]}", "roles: [creator], stages: [x]}"), 4),
    ):
        with pytest.raises(SpecError) as raised:
            load_policy(SourceText(name="policy.yaml", content=text.encode()))
        assert raised.value.findings[0].where.line == at


def test_roles(tmp_path: Path) -> None:
    """A role that the trust root lacks is named at its place."""
    root = organisation(tmp_path).open().root
    check_roles(load_policy(SourceText(name="p", content=POLICY.encode())), root)
    text = POLICY.replace("roles: [approver]", "roles: [approver, chief]") + "    signatures: [{role: nobody}]\n"
    with pytest.raises(PolicyRefused) as raised:
        check_roles(load_policy(SourceText(name="p", content=text.encode())), root)
    assert [(each.code, each.where.line) for each in raised.value.findings] == [("TB8820", 5), ("TB8820", 11)]

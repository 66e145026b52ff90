"""``pipeline.governing.checking``: refused with each rule at its place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from fakes.case import Case
from twinbuild.errors import PolicyRefused
from twinbuild.pipeline.governing.checking import policy_of, refuse


def test_refused(case: Callable[..., Case]) -> None:
    """Each finding has its rule, its place in the policy and a remedy."""
    found = case()
    with pytest.raises(PolicyRefused) as raised:
        refuse(found.check(stage="staging"))
    assert [each.code for each in raised.value.findings] == ["TB8840"]
    with pytest.raises(PolicyRefused) as raised:
        refuse(found.check())
    (finding,) = raised.value.findings
    assert (finding.code, finding.where.line, finding.where.file) == (
        "TB8831",
        9,
        str(found.ours.directory / "2.policy.yaml"),
    )
    assert "twinbuild approve" in finding.hint
    found.approve("grace")
    refuse(found.check())


def test_no_policy(case: Callable[..., Case]) -> None:
    """Nothing is allowed."""
    trusted = case().ours.open()
    with pytest.raises(PolicyRefused) as raised:
        policy_of(replace(trusted, policy=b""))
    assert raised.value.findings[0].code == "TB8821"

"""``pipeline.governing.checking``: refused with each rule at its place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.case import Case
from fakes.governed import NOW, POLICY
from twinbuild.errors import IntegrityError, PolicyRefused
from twinbuild.model.digest import Digest
from twinbuild.model.settings import Settings
from twinbuild.pipeline.governing import checking, knowing
from twinbuild.pipeline.governing.checking import check_approval, input_of, policy_of, refuse
from twinbuild.pipeline.governing.knowing import Question


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


def test_nothing_to_judge(case: Callable[..., Case], monkeypatch: pytest.MonkeyPatch) -> None:
    """A release without its SBOM, or in a form without a schema, does not pass rules in Rego because it is silent."""
    digest = Digest.of(b"package main\n").hex
    rules = f"rego:\n  - {{name: house, stages: [production], files: [{{file: x.rego, sha256: {digest}}}]}}\n"
    found = case()
    (found.ours.directory / "3.x.rego").write_bytes(b"package main\n")
    found.ours.change(lambda root: root, policy=(POLICY + rules).encode())

    def refused() -> list[str]:
        said = [(each.code, each.reason) for each in found.check().verdicts if each.path[0] == "rego"]
        question = Question(stage="production", at=NOW, action="approve")
        with pytest.raises(PolicyRefused) as raised:
            check_approval(found.release, found.ours.open(), question, Settings(store="/nowhere"))
        assert [each.code for each in raised.value.findings] == [code for code, _ in said] == ["TB8878"]
        return [reason for _, reason in said]

    def unread(_: Path) -> None:
        raise IntegrityError.of("TB7005", "sbom.cdx.json is missing", hint="", where="")

    with monkeypatch.context() as patch:
        patch.setattr(knowing, "read_bom", unread)
        assert refused() == [
            "x.rego: the SBOM cannot be read: sbom.cdx.json is missing; what it would say is not known"
        ]
    monkeypatch.setattr(checking, "MANIFEST_VERSION", "twinbuild/manifest/v3")
    assert "has the form twinbuild/manifest/v2, expected twinbuild/manifest/v3" in refused()[0]


def test_taken_away(case: Callable[..., Case], monkeypatch: pytest.MonkeyPatch) -> None:
    """An SBOM that was read and is gone when rules in Rego are to see it is not none."""
    found = case()

    def gone(_: object) -> bytes:
        raise IntegrityError.of("TB7005", "sbom.cdx.json is missing", hint="", where="")

    monkeypatch.setattr(checking, "bom_text", gone)
    with pytest.raises(IntegrityError):
        input_of(found.release, found.ours.open(), Question(stage="production", at=NOW), Settings(store="/nowhere"))


def test_no_policy(case: Callable[..., Case]) -> None:
    """Nothing is allowed."""
    trusted = case().ours.open()
    with pytest.raises(PolicyRefused) as raised:
        policy_of(replace(trusted, policy=b""))
    assert raised.value.findings[0].code == "TB8821"

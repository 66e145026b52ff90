"""``pipeline.governing.knowing``: what is known of a real release, and whose signatures count."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from fakes.case import Case
from fakes.governed import NOW, POLICY
from twinbuild.archive.directory import Archive
from twinbuild.codec.acts import encode_rotation
from twinbuild.errors import PolicyRefused, TwinbuildError
from twinbuild.govern.acting import signed_act
from twinbuild.govern.keys import new_key
from twinbuild.govern.rootedits import with_key, with_role, without_key
from twinbuild.model.acts import Rotation
from twinbuild.pipeline.governing.knowing import reference_of
from twinbuild.pipeline.governing.rotating import say_rotated


def test_facts(case: Callable[..., Case]) -> None:
    """Of the release's own files."""
    found = case(POLICY + "    evidence: [sbom-complete]\n")
    known = found.check().facts
    assert (known.name, known.version, known.builds, known.identical) == ("tiny", "1.0.0", 2, True)
    assert [(each.who, each.roles) for each in known.signers] == [("ada", ("approver", "creator"))]
    assert known.sbom == ()
    assert {name.partition(" ")[0] for name, _ in known.licences} >= {"alpha", "beta"}
    assert known.modified is None


def test_bill_only_where_asked(case: Callable[..., Case]) -> None:
    """It takes its time."""
    assert case().check().facts.sbom is None


def test_a_bill_that_cannot_be_read(case: Callable[..., Case], monkeypatch: pytest.MonkeyPatch) -> None:
    """An SBOM that nobody can read is not one without forbidden licences."""

    def unreadable(_: object) -> None:
        raise PolicyRefused.of("TB8850", "no JSON", hint="look")

    monkeypatch.setattr("twinbuild.pipeline.governing.knowing.read_bom", unreadable)
    found = case(POLICY + "    approvals: 0\n    forbidden_licences: [AGPL-*]\n    unknown_licences: refuse\n")
    assert found.refused() == ["needs/licences", "needs/unknown-licences"]


def test_approved_by_another(case: Callable[..., Case]) -> None:
    """Refused, then approved by who signed, then by another person."""
    found = case()
    assert found.refused() == ["needs/approvals"]
    found.approve("ada")
    assert found.refused() == ["needs/two-person", "needs/approvals"]
    found.approve("grace")
    assert found.refused() == []
    assert found.refused(deployer=found.ours.keyid("linus")) == []
    assert found.refused(deployer=found.ours.keyid("grace")) == ["deploy"]
    assert found.refused(deployer="f" * 64) == ["deploy"]
    assert "is not in the trust root" in found.check(deployer="f" * 64).facts.unable
    gone = found.ours.keyid("linus")
    found.ours.change(lambda root: without_key(root, gone, at=NOW, reason="lost"))
    assert found.check(deployer=gone).facts.unable.endswith("of linus was revoked (lost)")


def test_second_key_of_the_same_person(case: Callable[..., Case]) -> None:
    """Ada's other key approves what ada signed: one person."""
    found = case()
    second = found.ours.keys["second"] = new_key("ed25519")
    found.ours.change(
        lambda root: with_role(with_key(root, "ada", second.public, since=NOW), "approver", ("ada", "grace"), 1)
    )
    found.approve("second")
    assert found.refused() == ["needs/two-person", "needs/approvals"]


def test_revoked(case: Callable[..., Case]) -> None:
    """The signer's key, and the approver's: neither counts, and it is said why."""
    found = case()
    found.approve("grace")
    for who, rule in (("grace", "needs/approvals"), ("ada", "create")):
        found.ours.change(lambda root, who=who: without_key(root, found.ours.keyid(who), at=NOW, reason="lost"))
        verdicts = {each.rule: each for each in found.check().verdicts}
        assert (verdicts[rule].verdict, "was revoked (lost)" in verdicts[rule].reason) == ("refused", True)


def test_tampered(case: Callable[..., Case]) -> None:
    """A release that is not the one which was signed is judged by nobody."""
    found = case()
    (found.dist / "Dockerfile").write_text("FROM scratch\n")
    with pytest.raises(TwinbuildError):
        found.check()


def test_secrets(case: Callable[..., Case]) -> None:
    """When it was changed says somebody who may; others say nothing."""
    found = case()
    place = found.ours.directory / "rotations"
    place.mkdir()
    act = encode_rotation(Rotation(reference="vault:a#b", time=NOW - 5))
    for who, said in (("grace", ()), ("linus", (("vault:a#b", NOW - 5),))):
        (place / "1.dsse.json").write_bytes(signed_act(act, found.ours.signer(who)))
        assert found.check().facts.rotations == said
    (place / "1.dsse.json").write_bytes(b"{}")
    with pytest.raises(PolicyRefused):
        found.check()
    assert reference_of({"provider": "vault", "reference": "a#b"}) == "vault:a#b"


def test_no_policy_file(case: Callable[..., Case]) -> None:
    """A policy that was edited binds nobody, and lets nothing pass."""
    found = case()
    path = found.ours.directory / "2.policy.yaml"
    path.write_bytes(path.read_bytes() + b"    approvals: 0\n")
    with pytest.raises(PolicyRefused) as raised:
        found.check()
    assert raised.value.findings[0].code == "TB8806"


def test_encryption(case: Callable[..., Case], tmp_path: Path) -> None:
    """What nobody said is not encrypted: where the archive is; and an empty one does not keep the release."""
    found = case(POLICY + "    approvals: 0\n    encryption: [services, configuration, archive]\n")
    assert found.refused() == ["needs/encryption-archive"]
    with Archive(tmp_path / "archive", writing=True):
        pass
    (verdict,) = (each for each in found.check(archive=str(tmp_path / "archive")).verdicts if each.verdict == "refused")
    assert (verdict.code, "this release is not in " in verdict.reason) == ("TB8880", True)


def test_rotations_by_several(case: Callable[..., Case]) -> None:
    """Where the role takes two people, both say when a secret was changed, and the earlier time holds."""
    found = case()
    found.ours.change(lambda root: with_role(root, "deployer", ("linus", "grace"), 2))
    for who, at, said in (("linus", NOW - 5, ()), ("linus", NOW - 3, ()), ("grace", NOW - 9, ("vault:a#b", NOW - 9))):
        say_rotated(found.ours.directory, "vault:a#b", found.ours.signer(who), at=at, now=NOW)
        assert found.check().facts.rotations == ((said,) if said else ())

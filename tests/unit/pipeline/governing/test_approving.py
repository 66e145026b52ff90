"""``pipeline.governing.approving``: an approval serves for one release and one stage."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from fakes.case import Case
from fakes.governed import NOW, policy
from twinbuild.codec.acts import encode_approval
from twinbuild.errors import IntegrityError, PolicyRefused, TwinbuildError, UsageError
from twinbuild.govern.acting import signed_act
from twinbuild.govern.keys import new_key
from twinbuild.model.acts import Approval
from twinbuild.pipeline.governing.approving import read_approvals, role_that_may
from twinbuild.pipeline.governing.logged import Logged
from twinbuild.pipeline.reading.validating import check_release


def _read(found: Case, *besides: Path) -> list[str]:
    root = found.ours.open().root
    approvals = read_approvals(
        found.release, root, stage="production", now=NOW, logged=Logged(), besides=tuple(besides)
    )
    return [each.actor.who if each.actor is not None else "nobody" for each in approvals]


def test_approved(case: Callable[..., Case]) -> None:
    """It lies beside the signatures, changes nothing of the release, and is read again; elsewhere as well."""
    found = case()
    digest = found.release.digest
    first = found.approve("grace").path.read_bytes()
    (found.dist / "approvals" / f".{found.approve('grace').path.name}.a_b1c2d3").touch()  # somebody was killed
    assert found.approve("grace").path.read_bytes() == first
    found.approve("ada", directory=found.dist.parent / "elsewhere")
    assert (_read(found), found.release.digest, check_release(found.release) > 4) == (["grace"], digest, True)
    assert _read(found, found.dist.parent / "elsewhere") == ["grace", "ada"]


def test_replayed(case: Callable[..., Case]) -> None:
    """For another release, for another stage, under another key's name."""
    found = case()
    signer = found.ours.signer("grace")
    other = Approval(
        release=f"sha256:{'b' * 64}", name="tiny", version="1.0.0", stage="production", role="approver", time=NOW
    )
    place = found.dist / "approvals"
    place.mkdir()
    path = place / f"production.{signer.public.keyid}.dsse.json"
    path.write_bytes(signed_act(encode_approval(other), signer))
    with pytest.raises(PolicyRefused) as raised:
        _read(found)
    assert raised.value.findings[0].code == "TB8851"
    lying = path.read_bytes()
    with pytest.raises(UsageError, match="TB8899"):  # nor is it written over
        found.approve("grace")
    assert path.read_bytes() == lying
    path.write_bytes(b"none")
    assert _read(found, found.approve("grace").path.parent) == ["grace", "grace"]
    path.unlink()
    staged = found.approve("grace", stage="staging").path
    assert _read(found) == []
    staged.rename(path)
    with pytest.raises(PolicyRefused) as raised:
        _read(found)
    assert raised.value.findings[0].code == "TB8851"


def test_forged(case: Callable[..., Case]) -> None:
    """Changed after it was signed; no statement; a link; a directory in its place."""
    found = case()
    path = found.approve("grace").path
    content = path.read_bytes()
    document = json.loads(content)
    document["payload"] = document["payload"][:-8] + "AAAAAAA="
    for text, code in ((json.dumps(document).encode(), "TB8617"), (b"{}", "TB8850"), (b"x" * 70_000, "TB8850")):
        path.write_bytes(text)
        with pytest.raises(PolicyRefused) as raised:
            _read(found)
        assert raised.value.findings[0].code == code
    path.unlink()
    path.symlink_to("/dev/null")
    with pytest.raises(TwinbuildError):
        _read(found)
    shutil.rmtree(path.parent)
    path.parent.symlink_to(found.dist)
    with pytest.raises(PolicyRefused):
        _read(found)


def test_strangers(case: Callable[..., Case]) -> None:
    """An approval by a key that the trust root lacks is nobody's."""
    found = case()
    found.ours.keys["eve"] = new_key("ed25519")
    found.approve("eve")
    assert _read(found) == ["nobody"]
    assert found.refused() == ["needs/approvals"]


def test_only_what_is_whole(case: Callable[..., Case]) -> None:
    """Nobody approves a release with a file that was changed, nor for a stage that is none."""
    found = case()
    for stage in ("Production", "", "kubernetes"):
        with pytest.raises(UsageError):
            found.approve("grace", stage=stage)
    (found.dist / "Dockerfile").write_text("FROM scratch\n")
    with pytest.raises(IntegrityError):
        found.approve("grace")
    assert not (found.dist / "approvals").exists()


def test_added_files(case: Callable[..., Case]) -> None:
    """What lies in approvals/ and is none of them was added."""
    found = case()
    found.approve("grace")
    (found.dist / "approvals" / "notes.txt").write_text("x")
    with pytest.raises(IntegrityError):
        check_release(found.release)


def test_who_may(case: Callable[..., Case]) -> None:
    """By the policy's rules, for the stage; with a key that counts."""
    ours = case().ours
    root = ours.open().root
    rules = policy("")
    assert role_that_may(rules, root, ours.keyid("grace"), name="tiny", stage="production", now=NOW) == "approver"
    for who, stage, now in (("linus", "production", NOW), ("grace", "staging", NOW), ("grace", "production", 5)):
        with pytest.raises(PolicyRefused) as raised:
            role_that_may(rules, root, ours.keyid(who), name="tiny", stage=stage, now=now)
        assert raised.value.findings[0].code == "TB8852"

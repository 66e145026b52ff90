"""``pipeline.governing.trustedrelease``: people of a role, with keys that count."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import pytest

from fakes.case import Case
from fakes.governed import NOW
from twinbuild.errors import IntegrityError, PolicyRefused
from twinbuild.govern.keys import new_key
from twinbuild.govern.rootedits import with_role, with_rotated, without_key
from twinbuild.pipeline.governing import trustedrelease
from twinbuild.pipeline.governing.trustedrelease import verify_by_role
from twinbuild.pipeline.signing import sign_release
from twinbuild.pipeline.vouching import verify_release


def _code(found: Case, role: str = "creator", **more: object) -> str:
    with pytest.raises((PolicyRefused, IntegrityError)) as raised:
        verify_by_role(found.release, found.ours.open(), role, NOW, **more)  # type: ignore[arg-type]
    return raised.value.findings[0].code


def test_verified(case: Callable[..., Case]) -> None:
    """Ada has the role; rosa's signature counts for another one."""
    found = case()
    verified = verify_by_role(found.release, found.ours.open(), "creator", NOW)
    assert (verified.people, verified.vouched.keys) == (("ada",), (found.ours.keyid("ada"),))
    assert _code(found, "deployer") == "TB8807"
    assert _code(found, "nobody") == "TB8808"


def test_revoked_and_logged(case: Callable[..., Case]) -> None:
    """A revoked key counts where a log says that it signed before."""
    found = case()
    keyid = found.ours.keyid("ada")
    found.ours.change(lambda root: without_key(root, keyid, at=NOW - 5, reason="lost"))
    assert _code(found) == "TB8807"
    assert _code(found, logged={keyid: NOW - 5}) == "TB8807"
    assert verify_by_role(found.release, found.ours.open(), "creator", NOW, logged={keyid: NOW - 6}).people == ("ada",)


def test_expired(case: Callable[..., Case]) -> None:
    """A key that was rotated counts until its end."""
    found = case()
    keyid = found.ours.keyid("ada")
    found.ours.change(lambda root: with_rotated(root, keyid, new_key("ecdsa").public, now=NOW, until=NOW + 10))
    trusted = found.ours.open()
    assert verify_by_role(found.release, trusted, "creator", NOW + 9).people == ("ada",)
    with pytest.raises(PolicyRefused):
        verify_by_role(found.release, trusted, "creator", NOW + 10)


def test_people_count(case: Callable[..., Case]) -> None:
    """Where two people are asked for, one is too few."""
    found = case()
    found.ours.change(lambda root: with_role(root, "creator", ("ada", "grace"), 2))
    assert _code(found) == "TB8807"


def test_exchanged_meanwhile(case: Callable[..., Case], monkeypatch: pytest.MonkeyPatch) -> None:
    """Who was counted must have signed what is held against the release in the end."""
    found = case()
    found.ours.change(lambda root: with_role(root, "creator", ("ada", "rosa"), 2))
    sign_release(found.release, found.ours.signer("rosa"))
    verified = verify_by_role(found.release, found.ours.open(), "creator", NOW)
    assert (verified.people, len(verified.vouched.keys)) == (("ada", "rosa"), 2)

    def exchanged(*arguments: object, **more: object) -> object:
        shutil.rmtree(found.dist / "signatures")
        sign_release(found.release, found.ours.signer("ada"))
        return verify_release(*arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(trustedrelease, "verify_release", exchanged)
    assert _code(found) == "TB8618"


def test_changed(case: Callable[..., Case]) -> None:
    """Another file, and no signature at all."""
    found = case()
    (found.dist / "README.md").write_text("x")
    assert _code(found) == "TB7005"
    shutil.rmtree(found.dist / "signatures")
    assert _code(found) == "TB8610"

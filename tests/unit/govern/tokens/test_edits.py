"""``govern.tokens.edits``: issuers and identities come, are renewed and go; what was logged before still counts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from fakes.governed import NOW, YEAR
from fakes.tokens import Mint, pinned
from twinbuild.errors import UsageError
from twinbuild.govern.keys import new_key
from twinbuild.govern.rootedits import checked, first_root, with_role
from twinbuild.govern.tokens.edits import with_identity, with_issuer, without
from twinbuild.model.trust import TrustRoot


def _root() -> TrustRoot:
    root = first_root([("rosa", new_key("ed25519").public)], threshold=1, now=NOW, expires=NOW + YEAR)
    root = with_issuer(root, pinned(Mint(), now=NOW), now=NOW)
    return with_identity(root, "grace", "ci", (("sub", "grace"),), since=NOW)


def test_renewed() -> None:
    """Keys that the set lacks end, new ones begin, the others stay as they were; one that comes back counts again."""
    root = with_issuer(_root(), pinned(Mint(kinds={"two": "RS256", "four": "EdDSA"}), now=NOW + 9), now=NOW + 9)
    (issuer,) = root.issuers
    times = {key.kid: (key.since - NOW, key.until and key.until - NOW) for key in issuer.keys}
    assert times == {"one": (0, 9), "three": (0, 9), "two": (0, None), "four": (9, None)}
    again = with_issuer(root, pinned(Mint(), now=NOW + 20), now=NOW + 20).issuers[0]
    assert {key.kid: key.until and key.until - NOW for key in again.keys}["one"] is None
    checked(root)


def test_audience() -> None:
    """It stays where nothing is said: approvals that lie there are bound to it."""
    plain = replace(pinned(Mint(), now=NOW), audience=None)
    root = with_issuer(_root(), replace(plain, audience="other"), now=NOW)
    assert with_issuer(root, plain, now=NOW).issuers[0].audience == "other"
    assert with_issuer(replace(root, issuers=()), plain, now=NOW).issuers[0].audience == "twinbuild"


def test_people() -> None:
    """A role takes keys and identities of a person; one of identities alone, too; never root or audit."""
    root = with_role(_root(), "approver", ("grace",), 1)
    role = root.role("approver")
    assert role is not None
    assert (role.keys, role.identities) == ((), (root.identities[0].keyid,))
    assert root.roles_of(root.identities[0].keyid) == ("approver",)
    checked(root)
    for name in ("root", "audit"):
        with pytest.raises(UsageError) as raised:
            with_role(root, name, ("grace",), 1)
        assert raised.value.findings[0].code == "TB8809"


@pytest.mark.parametrize(
    "act",
    [
        lambda root: with_issuer(root, pinned(Mint(url="https://other.example")), now=NOW),
        lambda root: with_issuer(root, pinned(Mint(kinds={"one": "EdDSA"})), now=NOW),
        lambda root: with_issuer(root, pinned(Mint(), name="C I"), now=NOW),
        lambda root: checked(with_issuer(root, pinned(Mint(), name="again"), now=NOW)),
        lambda root: with_identity(root, "x", "other", (("sub", "x"),), since=NOW),
        lambda root: with_identity(root, "x", "ci", (("sub", "grace"),), since=NOW),
        lambda root: with_identity(root, "x", "ci", (("sub", "x"), ("sub", "y")), since=NOW),
        lambda root: checked(with_identity(root, "x", "ci", (("ref", "main"),), since=NOW)),
        lambda root: without(root, "nobody", at=NOW, reason="x"),
        lambda root: without(root, "ci/nine", at=NOW, reason="x"),
        lambda root: without(root, "0" * 64, at=NOW, reason="x"),
        lambda root: without(without(root, "ci", at=NOW, reason="x"), "ci", at=NOW, reason="x"),
    ],
)
def test_refused(act: Callable[[TrustRoot], TrustRoot]) -> None:
    """What cannot be made of a document."""
    with pytest.raises(UsageError) as raised:
        act(_root())
    assert raised.value.findings[0].code == "TB8809"


def test_revoked() -> None:
    """An earlier time may take the place of a later one."""
    root = without(without(_root(), "ci", at=NOW + 9, reason="x"), "ci", at=NOW + 3, reason="earlier")
    assert root.issuers[0].revoked is not None
    assert root.issuers[0].revoked.at == NOW + 3
    root = without(root, root.identities[0].keyid[:10], at=NOW, reason="left")
    assert root.identities[0].objection(NOW) == "was revoked (left)"

"""``model.trust``: when a key counts, whose it is."""

from __future__ import annotations

import pytest

from twinbuild.model.trust import Revocation, Role, TrustKey, TrustRoot

KEY = TrustKey(keyid="a" * 64, pem="", who="ada", since=100, until=200, revoked=Revocation(at=150, reason="lost"))


@pytest.mark.parametrize(
    ("at", "why"),
    [(99, "was not valid yet"), (100, ""), (149, ""), (150, "was revoked (lost)"), (200, "was revoked (lost)")],
)
def test_edges(at: int, why: str) -> None:
    """It counts from its first second to before its last one."""
    assert KEY.objection(at) == why


def test_expiry() -> None:
    """The last second is not its own."""
    key = TrustKey(keyid="a" * 64, pem="", who="ada", since=100, until=200)
    assert (key.objection(199), key.objection(200)) == ("", "has expired")


def test_people() -> None:
    """Two keys of one person are one of the people."""
    keys = tuple(TrustKey(keyid=each * 64, pem="", who="ada", since=0) for each in "ab")
    role = Role(name="root", keys=("a" * 64,), threshold=1)
    root = TrustRoot(version=1, created=0, expires=1, keys=keys, roles=(role,))
    assert root.people(frozenset({"a" * 64, "b" * 64})) == {"ada"}
    assert (root.roles_of("a" * 64), root.roles_of("b" * 64)) == (("root",), ())
    assert (root.key("c"), root.role("c")) == (None, None)

"""``codec.tokens.pinned``: issuers and identities in a document are read as they are written, or not at all."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from fakes.governed import NOW, YEAR
from fakes.tokens import Mint, pinned
from twinbuild.codec.tokens.pinned import identity_id, pinned_faults
from twinbuild.codec.trustroot import decode_root, encode_root
from twinbuild.errors import PolicyRefused
from twinbuild.govern.keys import new_key
from twinbuild.govern.rootedits import first_root, with_role
from twinbuild.govern.tokens.edits import with_identity, with_issuer, without
from twinbuild.model.trust import TrustRoot


def _root() -> TrustRoot:
    root = first_root([("rosa", new_key("ed25519").public)], threshold=1, now=NOW, expires=NOW + YEAR)
    root = with_issuer(root, pinned(Mint(), now=NOW), now=NOW)
    root = with_identity(root, "grace", "ci", (("sub", "grace"), ("ref", "main")), since=NOW, until=NOW + 9)
    root = without(root, "ci/one", at=NOW + 1, reason="stolen")
    return with_role(root, "approver", ("grace",), 1)


def test_there_and_back() -> None:
    """With keys, claims, times, a revocation and a role of identities alone."""
    root = _root()
    assert decode_root(encode_root(root), name="t") == root
    assert list(pinned_faults(root)) == []
    assert identity_id("https://a", [("b", "1"), ("a", "2")]) == identity_id("https://a", [("a", "2"), ("b", "1")])


def _change(path: tuple[Any, ...], value: Any) -> bytes:
    document = json.loads(encode_root(_root()))
    place = document
    for step in path[:-1]:
        place = place[step]
    if value is None:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


_ISSUER = ("issuers", 0)
_WHO = ("identities", 0)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ((*_ISSUER, "url"), "http://tokens.example"),
        ((*_ISSUER, "url"), "https://tokens.example?x=1"),
        ((*_ISSUER, "audience"), "a:b"),
        ((*_ISSUER, "audience"), ""),
        ((*_ISSUER, "keys"), []),
        ((*_ISSUER, "keys", 0, "alg"), "HS256"),
        ((*_ISSUER, "keys", 0, "alg"), ["ES256"]),
        ((*_ISSUER, "keys", 0, "kid"), "zzz"),
        ((*_ISSUER, "keys", 0, "kid"), "two"),
        ((*_ISSUER, "keys", 0, "jwk"), {}),
        ((*_ISSUER, "from"), None),
        (("issuers",), []),
        (("identities",), []),
        ((*_WHO, "keyid"), "0" * 64),
        ((*_WHO, "issuer"), "other"),
        ((*_WHO, "claims"), {}),
        ((*_WHO, "claims"), {"ref": "main"}),
        ((*_WHO, "claims", "aud"), "x"),
        ((*_WHO, "claims", "sub"), "a\nb"),
        ((*_WHO, "claims", "sub"), ""),
        ((*_WHO, "claims", "sub"), 1),
        ((*_WHO, "claims", "x y"), "z"),
        ((*_WHO, "who"), " "),
        ((*_WHO, "who"), "ROSA"),
        (("roles", 0, "identities"), []),
        (("roles", 0, "identities"), ["0" * 64]),
        (("roles", 1, "identities"), [next(each.keyid for each in _root().identities)]),
    ],
)
def test_refused(path: tuple[Any, ...], value: Any) -> None:
    """Another value in one place."""
    with pytest.raises(PolicyRefused) as raised:
        decode_root(_change(path, value), name="1.root.json")
    assert raised.value.findings[0].code == "TB8801"


def test_everybody() -> None:
    """Claims that every customer of an issuer can have are nobody's."""
    root = _root()
    claims = (("ref", "main"),)
    loose = replace(root.identities[0], claims=claims, keyid=identity_id(root.issuers[0].url, claims))
    (fault,) = pinned_faults(replace(root, identities=(loose,)))
    assert "every customer of its issuer" in fault


def test_other_id() -> None:
    """An id that is not of its issuer and claims would let roles go to others."""
    root = _root()
    other = replace(root.identities[0], keyid="0" * 64)
    (fault,) = pinned_faults(replace(root, identities=(other,)))
    assert "its id is not that of its issuer and claims" in fault


def test_name() -> None:
    """A name that steers a terminal would hide from whoever signs what else is pinned."""
    root = _root()
    issuers = (replace(root.issuers[0], name="ci\x1b[2K"),)
    faults = list(pinned_faults(replace(root, issuers=issuers)))
    assert faults[0] == "'ci\\x1b[2K' is no name of an issuer"

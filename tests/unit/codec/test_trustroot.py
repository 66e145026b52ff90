"""``codec.trustroot``: one spelling, and nothing else is read."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from fakes.governed import organisation
from twinbuild.codec.canonical import canonical
from twinbuild.codec.dsse import Envelope, encode_envelope
from twinbuild.codec.trustroot import LARGEST_ROOT, TRUST_ROOT, decode_root, decode_root_envelope, encode_root, is_name
from twinbuild.errors import PolicyRefused
from twinbuild.model.trust import Revocation, Role, TrustRoot


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> TrustRoot:
    """A document with everything in it."""
    found = organisation(tmp_path_factory.mktemp("org")).open().root
    revoked = replace(found.keys[0], until=found.keys[0].since + 9, revoked=Revocation(at=5, reason="lost"))
    return replace(
        found, keys=(revoked, *found.keys[1:]), roles=tuple(replace(each, threshold=1) for each in found.roles)
    )


def test_back(root: TrustRoot) -> None:
    """What is written is read."""
    assert decode_root(encode_root(root), name="r") == root
    assert is_name("a-b")
    assert not is_name("A b")


def _keyed(value: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = value["keys"][1]
    return found


@pytest.mark.parametrize(
    "change",
    [
        lambda value: value.update(more=1),
        lambda value: value.pop("expires"),
        lambda value: value.update(version=0),
        lambda value: value.update(version=True),
        lambda value: value.update(version="1"),
        lambda value: value.update(_type="twinbuild-trust/2"),
        lambda value: value.update(expires=value["created"]),
        lambda value: value.update(expires="2030-01-01T00:00:00+00:00"),
        lambda value: value["keys"].reverse(),
        lambda value: value["keys"].append(value["keys"][-1]),
        lambda value: _keyed(value).update(keyid="A" * 64),
        lambda value: _keyed(value).update(who=" "),
        lambda value: _keyed(value).update(who=value["keys"][2]["who"].upper()),
        lambda value: _keyed(value).update(who=value["keys"][2]["who"] + " "),
        lambda value: (_keyed(value).update(who="Ren\u00e9e"), value["keys"][2].update(who="Rene\u0301e")),
        lambda value: (_keyed(value).update(who="ada  l"), value["keys"][2].update(who="ada l")),
        lambda value: (_keyed(value).update(who="\uff41da l"), value["keys"][2].update(who="ada l")),
        lambda value: _keyed(value).update(who="a\u202eb"),
        lambda value: _keyed(value).update(until="1990-01-01T00:00:00Z"),
        lambda value: _keyed(value).update(revoked={"at": "2027-01-01T00:00:00Z", "reason": ""}),
        lambda value: value["roles"].reverse(),
        lambda value: value["roles"][0].update(keys=["0" * 64]),
        lambda value: value["roles"][0].update(name="Root"),
        lambda value: value["roles"][0]["keys"].reverse(),
        lambda value: value["roles"].pop(),
        lambda value: value["roles"][-1].update(threshold=3),
        lambda value: value.update(policy={"file": "../policy.yaml", "sha256": "0" * 64}),
        lambda value: value.update(policy={"file": "1.policy.yaml", "sha256": "no"}),
        lambda value: value.update(keys=5),
        lambda value: value.update(keys=[[]]),
    ],
)
def test_refused(root: TrustRoot, change: Callable[[dict[str, Any]], object]) -> None:
    """Further keys, missing ones, other spellings, what contradicts itself."""
    value = json.loads(encode_root(root))
    change(value)
    with pytest.raises(PolicyRefused) as raised:
        decode_root(canonical(value), name="r")
    assert raised.value.findings[0].code == "TB8801"


def test_other_spelling(root: TrustRoot) -> None:
    """The same value with white space is another text, and so is one with a mark of byte order."""
    for content in (encode_root(root) + b"\n", b"\xef\xbb\xbf" + encode_root(root), b"", b"[" * 5000, b"null"):
        with pytest.raises(PolicyRefused):
            decode_root(content, name="r")


def test_envelopes(root: TrustRoot) -> None:
    """Another type, another envelope, too many bytes."""
    envelope = Envelope(payload_type="application/json", payload=encode_root(root), signatures=())
    for content in (encode_envelope(envelope), b"{}", b" " * (LARGEST_ROOT + 1)):
        with pytest.raises(PolicyRefused) as raised:
            decode_root_envelope(content, name="r")
        assert raised.value.findings[0].code == "TB8801"
    fine = encode_envelope(replace(envelope, payload_type=TRUST_ROOT))
    assert decode_root_envelope(fine, name="r")[1] == root


def test_roles_need_people(root: TrustRoot) -> None:
    """Two keys of one person are one of the people that the role root asks for."""
    one = tuple(replace(key, who="rosa", revoked=None) for key in root.keys)
    role = Role(name="root", keys=tuple(key.keyid for key in one), threshold=2)
    with pytest.raises(PolicyRefused):
        decode_root(encode_root(replace(root, keys=one, roles=(role,))), name="r")

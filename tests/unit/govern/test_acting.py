"""``govern.acting``: one statement, one signature."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fakes.governed import NOW, YEAR
from twinbuild.codec.dsse import decode_envelope, encode_envelope
from twinbuild.errors import PolicyRefused
from twinbuild.govern.acting import opened_act, signed_act
from twinbuild.govern.keys import new_key
from twinbuild.govern.rootedits import first_root
from twinbuild.govern.signer import KeySigner

ADA, EVE = new_key("ed25519"), new_key("ecdsa")
ROOT = first_root([("ada", ADA.public)], threshold=1, now=NOW, expires=NOW + YEAR)


def test_opened() -> None:
    """The text, and whose signature it is; a stranger's is nobody's."""
    payload, judged = opened_act(signed_act(b"{}", KeySigner(ADA)), ROOT, NOW, name="x")
    assert judged is not None
    assert (payload, judged.key.who, judged.objection) == (b"{}", "ada", "")
    assert opened_act(signed_act(b"{}", KeySigner(EVE)), ROOT, NOW, name="x")[1] is None


def test_refused() -> None:
    """Another type, none or two signatures, a forged one, no envelope."""
    envelope = decode_envelope(signed_act(b"{}", KeySigner(ADA)), name="x")
    other = decode_envelope(signed_act(b"{}", KeySigner(EVE)), name="x")
    both = tuple(sorted((*envelope.signatures, *other.signatures), key=lambda each: each.keyid))
    for changed, code in (
        (replace(envelope, payload_type="text/plain"), "TB8850"),
        (replace(envelope, signatures=()), "TB8850"),
        (replace(envelope, signatures=both), "TB8850"),
        (replace(envelope, payload=b"{ }"), "TB8617"),
    ):
        with pytest.raises(PolicyRefused) as raised:
            opened_act(encode_envelope(changed), ROOT, NOW, name="x")
        assert raised.value.findings[0].code == code
    with pytest.raises(PolicyRefused):
        opened_act(b"nothing", ROOT, NOW, name="x")

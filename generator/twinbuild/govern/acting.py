"""Signed acts: an envelope around one statement, by one key; and whose signature it is under a trust root."""

from __future__ import annotations

from collections.abc import Mapping

from twinbuild.codec.dsse import IN_TOTO, Envelope, Signature, decode_envelope, encode_envelope, pae
from twinbuild.errors import PolicyRefused
from twinbuild.govern.rooted import NOTHING_LOGGED, Judged, judge
from twinbuild.govern.signer import Signer
from twinbuild.model.trust import TrustRoot

__all__ = ["opened_act", "signed_act"]

_AGAIN = "take it from who signed it again"


def signed_act(payload: bytes, signer: Signer) -> bytes:
    """An envelope around a statement, signed once."""
    signature = Signature(keyid=signer.public.keyid, sig=signer.sign(pae(IN_TOTO, payload)))
    return encode_envelope(Envelope(payload_type=IN_TOTO, payload=payload, signatures=(signature,)))


def opened_act(
    content: bytes, root: TrustRoot, now: int, *, name: str, logged: Mapping[str, int] = NOTHING_LOGGED
) -> tuple[bytes, Judged | None]:
    """The statement of an envelope and its one signature; None for one by a key that the trust root lacks.

    Raises PolicyRefused TB8850 for anything else than one signed statement, TB8617 for a forged signature.
    """
    try:
        envelope = decode_envelope(content, name=name)
    except PolicyRefused as error:
        raise PolicyRefused.of("TB8850", error.findings[0].message, hint=_AGAIN, where=name) from None
    if envelope.payload_type != IN_TOTO or len(envelope.signatures) != 1:
        count, kind = len(envelope.signatures), envelope.payload_type[:80]
        message = f"{name} holds {count} signatures of {kind!r}, expected one of {IN_TOTO}"
        raise PolicyRefused.of("TB8850", message, hint=_AGAIN, where=name)
    found = judge(envelope, root, now, name=name, logged=logged)
    return envelope.payload, found[0] if found else None

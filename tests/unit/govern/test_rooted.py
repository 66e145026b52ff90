"""``govern.rooted``: a chain of documents holds, or the first link that does not is named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from fakes.governed import NOW, YEAR
from twinbuild.codec.dsse import Envelope, Signature, pae
from twinbuild.codec.trustroot import TRUST_ROOT, encode_root
from twinbuild.errors import PolicyRefused
from twinbuild.govern.keys import PrivateKey, new_key
from twinbuild.govern.rooted import check_chain, check_fresh, judge, public_of
from twinbuild.govern.rootedits import first_root, next_root, with_key, with_role, with_rotated, without_key
from twinbuild.model.trust import TrustRoot

KEYS = {name: new_key("ed25519") for name in ("rosa", "rosa2", "ruth", "eve")}
FIRST = first_root([(name, KEYS[name].public) for name in ("rosa", "ruth")], threshold=2, now=NOW, expires=NOW + YEAR)
Link = tuple[str, Envelope, TrustRoot]


def _signed(root: TrustRoot, *by: PrivateKey) -> Link:
    payload = encode_root(root)
    signatures = sorted(
        (Signature(keyid=key.public.keyid, sig=key.sign(pae(TRUST_ROOT, payload))) for key in by),
        key=lambda each: each.keyid,
    )
    return f"{root.version}", Envelope(payload_type=TRUST_ROOT, payload=payload, signatures=tuple(signatures)), root


def _refused(*chain: Link) -> str:
    with pytest.raises(PolicyRefused) as raised:
        check_chain(chain)
    return raised.value.findings[0].code


BOTH = (KEYS["rosa"], KEYS["ruth"])
SECOND = next_root(FIRST, now=NOW + 10)


def test_holds() -> None:
    """Two people each time; who signs besides does not matter."""
    assert check_chain([_signed(FIRST, *BOTH), _signed(SECOND, *BOTH, KEYS["eve"])]) == SECOND


def test_too_few() -> None:
    """One person, one person with two keys, a stranger: by itself, and for the one before it."""
    twice = with_role(with_key(FIRST, "rosa", KEYS["rosa2"].public, since=NOW), "root", ("rosa", "ruth"), 2)
    assert _refused(_signed(FIRST, KEYS["rosa"])) == "TB8802"
    assert _refused(_signed(FIRST, KEYS["rosa"], KEYS["eve"])) == "TB8802"
    assert _refused(_signed(twice, KEYS["rosa"], KEYS["rosa2"])) == "TB8802"
    eves = with_role(with_key(SECOND, "eve", KEYS["eve"].public, since=NOW), "root", ("eve",), 1)
    assert _refused(_signed(FIRST, *BOTH), _signed(eves, KEYS["eve"])) == "TB8802"
    assert _refused(_signed(FIRST, *BOTH), _signed(eves, *BOTH)) == "TB8802"
    assert check_chain([_signed(FIRST, *BOTH), _signed(eves, *BOTH, KEYS["eve"])]) == eves


@pytest.mark.parametrize("edit", [lambda root: replace(root, version=3), lambda root: replace(root, created=NOW - 1)])
def test_order(edit: Callable[[TrustRoot], TrustRoot]) -> None:
    """Numbers rise by one, times do not go back; a document does not come twice."""
    assert _refused(_signed(FIRST, *BOTH), _signed(edit(SECOND), *BOTH)) == "TB8801"
    assert _refused(_signed(FIRST, *BOTH), _signed(FIRST, *BOTH)) == "TB8801"


def test_revoked_keys_do_not_sign() -> None:
    """A document in which a key is revoked is not signed with it, whatever time it states."""
    third = with_role(with_key(SECOND, "eve", KEYS["eve"].public, since=NOW), "root", ("rosa", "ruth", "eve"), 2)
    gone = without_key(third, KEYS["rosa"].public.keyid, at=NOW - 5, reason="lost")
    assert _refused(_signed(FIRST, *BOTH), _signed(gone, *BOTH)) == "TB8802"
    assert check_chain([_signed(FIRST, *BOTH), _signed(gone, *BOTH, KEYS["eve"])]) == gone


def test_rotated() -> None:
    """The old key signs for the document before, the new one for the new."""
    new = with_rotated(SECOND, KEYS["rosa"].public.keyid, KEYS["rosa2"].public, now=NOW + 10, until=NOW + 10)
    assert _refused(_signed(FIRST, *BOTH), _signed(new, *BOTH)) == "TB8802"
    assert check_chain([_signed(FIRST, *BOTH), _signed(new, *BOTH, KEYS["rosa2"])]) == new


def test_forged() -> None:
    """A signature in another's name, and one of another text."""
    name, envelope, root = _signed(FIRST, *BOTH)
    swapped = tuple(
        replace(each, sig=other.sig) for each, other in zip(envelope.signatures, envelope.signatures[::-1], strict=True)
    )
    assert _refused((name, replace(envelope, signatures=swapped), root)) == "TB8617"
    assert _refused((name, replace(envelope, payload=envelope.payload + b" "), root)) == "TB8617"


def test_keys_are_what_they_are_called() -> None:
    """A key under another's id signs for nobody."""
    liar = replace(FIRST.keys[0], pem=KEYS["eve"].public.pem.decode())
    for key in (liar, replace(FIRST.keys[0], pem="no key"), replace(FIRST.keys[0], pem=FIRST.keys[0].pem + "\n")):
        with pytest.raises(PolicyRefused):
            public_of(key, name="r")


def test_fresh() -> None:
    """To the last second before it expires."""
    check_fresh(FIRST, NOW + YEAR - 1, name="r")
    with pytest.raises(PolicyRefused):
        check_fresh(FIRST, NOW + YEAR, name="r")


def test_logged_times() -> None:
    """A signature is judged as of when it was logged, and never as of later than now."""
    root = without_key(FIRST, KEYS["rosa"].public.keyid, at=NOW + 5, reason="lost")
    _, envelope, _ = _signed(FIRST, KEYS["rosa"])
    keyid = KEYS["rosa"].public.keyid

    def objection(now: int, at: int | None = None) -> str:
        (found,) = judge(envelope, root, now, name="r", logged={} if at is None else {keyid: at})
        return found.objection

    assert objection(NOW + 9) == "was revoked (lost)"
    assert objection(NOW + 9, at=NOW + 4) == ""
    assert objection(NOW + 9, at=NOW - 1) == "was not valid yet"
    assert objection(NOW + 4, at=NOW + 100) == ""

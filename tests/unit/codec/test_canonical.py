"""The one spelling of a value."""

from __future__ import annotations

import hashlib

import pytest

from twinbuild.codec.canonical import canonical, digest_of, to_json
from twinbuild.errors import InternalError
from twinbuild.model.digest import Digest
from twinbuild.model.image import Descriptor
from twinbuild.model.platform import Platform


def test_rfc_8785() -> None:
    """Keys in the order of UTF-16 code units, numbers as ECMAScript writes them, no spaces."""
    value = {"€": 1, "\r": 2, "\ufb33": 3, "1": 4, "\U0001f600": 5, "\x80": 6, "ö": [1e21, 1.0, 1e-7, True, None]}
    expected = '{"\\r":2,"1":4,"\x80":6,"ö":[1e+21,1,1e-7,true,null],"€":1,"\U0001f600":5,"\ufb33":3}'
    assert canonical(value) == expected.encode()
    assert digest_of(value).hex == hashlib.sha256(expected.encode()).hexdigest()


def test_values_carry_their_kind() -> None:
    """A value of the model becomes an object that names its kind; digests and platforms become text."""
    value = Descriptor(media_type="m", digest=Digest.of(b""), size=0)
    assert to_json((value, Platform.parse("linux/amd64"))) == [
        {"kind": "Descriptor", "media_type": "m", "digest": str(Digest.of(b"")), "size": 0},
        "linux/amd64",
    ]


@pytest.mark.parametrize(
    "value", [{1}, b"x", {1: 2}, 2**53, float("nan"), float("inf"), "\ud800", object()], ids=lambda v: repr(v)[:20]
)
def test_what_has_no_spelling(value: object) -> None:
    """TB9001: sets, bytes, keys that are no text, numbers that JSON readers round, lone surrogates."""
    with pytest.raises(InternalError) as caught:
        canonical(value)
    assert caught.value.findings[0].code == "TB9001"

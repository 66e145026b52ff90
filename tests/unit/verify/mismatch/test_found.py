from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from twinbuild.verify.mismatch.catalogue import cause
from twinbuild.verify.mismatch.found import AROUND, at_bytes, first_unequal, told

_WHY = cause("content", "x")


@given(st.binary(max_size=9000), st.binary(max_size=50), st.binary(max_size=50))
def test_first_unequal(common: bytes, one: bytes, other: bytes) -> None:
    """Everything before it is the same, and it is not."""
    left, right = common + one, common + other
    at = first_unequal(left, right)
    assert left[:at] == right[:at]
    assert left[at : at + 1] != right[at : at + 1] or left == right


def test_excerpts_have_their_offset() -> None:
    """Bytes around the place, with the offset of the first of them, also of pieces."""
    found = at_bytes(("f",), (b"a" * 100 + b"x", b"a" * 100 + b"y"), 100, _WHY, base=1000)
    assert (found.offset, found.start) == (1100, 1100 - AROUND)
    assert (found.first[-1:], found.second[-1:]) == (b"x", b"y")


def test_words() -> None:
    """What is no byte of a content has no offset."""
    assert told((), "here", "there", _WHY).offset == -1

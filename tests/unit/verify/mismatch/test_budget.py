"""What may be unpacked in all, and of a part."""

from __future__ import annotations

from twinbuild.verify.mismatch.budget import Budget


def test_a_part_takes_from_the_whole() -> None:
    """What is left of a part is never more than what is left of the whole, and never less than nothing."""
    whole = Budget(100)
    part, other = Budget(60, of=whole), Budget(90, of=whole)
    part.take(50)
    assert (part.left, other.left, whole.left) == (10, 50, 50)
    other.take(70)
    assert (part.left, other.left, whole.left) == (0, 0, 0)

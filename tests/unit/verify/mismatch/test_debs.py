from __future__ import annotations

from collections.abc import Iterator

from twinbuild.verify.mismatch.catalogue import cause
from twinbuild.verify.mismatch.debs import MAGIC, compare_ars
from twinbuild.verify.mismatch.found import Found, told


def ar(*members: tuple[str, bytes], mtime: int = 0, mode: str = "100644") -> bytes:
    """An archive of ar."""
    out = MAGIC
    for name, content in members:
        out += f"{name:16}{mtime:<12}{0:<6}{0:<6}{mode:8}{len(content):<10}`\n".encode() + content
        out += b"\n" * (len(content) & 1)
    return out


def names(one: bytes, other: bytes) -> list[str]:
    """The names of the causes."""

    def dive(place: tuple[str, ...], sides: tuple[bytes, bytes]) -> Iterator[Found]:
        yield told(place, "", "", cause("content", "x"))

    return [each.cause.name for each in compare_ars((), (one, other), dive=dive)]


def test_causes() -> None:
    """Time, mode, bytes, order, a member alone; nothing of what cannot be read."""
    two = ("a", b"1"), ("b", b"22")
    assert names(ar(*two), ar(*two)) == []
    assert names(ar(*two), ar(*two, mtime=5)) == ["modification-time"] * 2
    assert names(ar(*two), ar(*two, mode="100755")) == ["file-mode"] * 2
    assert names(ar(*two), ar(two[0], ("b", b"23"))) == ["content"]
    assert names(ar(*two), ar(*reversed(two))) == ["member-order"]
    assert names(ar(*two), ar(two[0])) == ["file-set"]
    assert names(ar(*two), ar(*two)[:-40]) == []

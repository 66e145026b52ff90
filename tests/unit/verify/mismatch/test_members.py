from __future__ import annotations

from dataclasses import replace

import pytest

from twinbuild.codec.untar import Kind, Member
from twinbuild.verify.mismatch.members import follows_umask, of_fields, of_members

_MEMBER = Member(path="a", kind=Kind.FILE, mode=0o644, uid=0, gid=0, user="", group="", mtime=7)


@pytest.mark.parametrize(
    ("modes", "expected"),
    [
        ((0o644, 0o600), True),
        ((0o755, 0o750), True),
        ((0o664, 0o644), True),
        ((0o755, 0o644), False),
        ((0o644, 0o444), False),
        ((0o4755, 0o755), False),
        ((0o644, 0o644), False),
    ],
)
def test_umask(modes: tuple[int, int], expected: bool) -> None:
    """Only what two usual umasks leave of one mode."""
    assert follows_umask(*modes) is expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (("mode",), "file-mode"),
        (("uid", "gid"), "ownership"),
        (("mtime",), "modification-time"),
        (("target",), "link-target"),
        (("attributes",), "xattr"),
        (("kind", "mode"), "file-kind"),
        (("size",), "content"),
    ],
)
def test_fields(fields: tuple[str, ...], expected: str) -> None:
    """Fields of a header name their cause."""
    assert of_fields(fields).name == expected


def test_a_difference_for_each_cause() -> None:
    """Owner and time are two; a size says nothing more where the bytes differ."""
    other = replace(_MEMBER, uid=5, mtime=9, size=3)
    found = [each.cause.name for each in of_members((), _MEMBER, other, content=True)]
    assert found == ["ownership", "modification-time"]

"""What a base must leave free: the places that the layers above it write to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from twinbuild.codec.untar import Kind
from twinbuild.errors import BuildError, Finding, Location
from twinbuild.oci.stack import Stack

__all__ = ["require_free"]

_MODE: Final = 0o755


def require_free(stack: Stack, places: Iterable[str], *, beside: Iterable[str] = (), subject: str = "") -> None:
    """Raise BuildError TB2275 where the base has something in a place, or on the way to it, that would be hidden.

    An empty directory may be there. Of the paths ``beside``, only the way to them is judged. Directories on the way
    must be root's with mode 0755, for that is how the layers above write them.
    """
    reasons = {}
    for place in places:
        if reason := _on_the_way(stack, place) or _in_place(stack, place):
            reasons[place] = reason
    for place in beside:
        if reason := _on_the_way(stack, place):
            reasons.setdefault(place, reason)
    if reasons:
        raise BuildError(
            tuple(
                Finding(
                    code="TB2275",
                    message=f"the release has something at /{place}, but {reasons[place]}",
                    hint="choose another place in the spec (source.target, an artifact's target, serving.user.home), "
                    "or another base",
                    where=Location(subject=subject),
                )
                for place in sorted(reasons)
            )
        )


def _on_the_way(stack: Stack, path: str) -> str:
    parts = path.split("/")[:-1]
    for count in range(1, len(parts) + 1):
        above = "/".join(parts[:count])
        place = stack.get(above)
        if place is None:
            return ""
        member = place.member
        if member.kind is not Kind.DIRECTORY:
            target = f" to {member.target!r:.100}" if member.target else ""
            return f"in the base /{above} is a {member.kind}{target}"
        if (member.mode, member.uid, member.gid) != (_MODE, 0, 0):
            return (
                f"in the base /{above} has mode {member.mode:04o} and owner {member.uid}:{member.gid}, expected 0755 "
                "and 0:0"
            )
    return ""


def _in_place(stack: Stack, path: str) -> str:
    place = stack.get(path)
    if place is None:
        return ""
    member = place.member
    if member.kind is not Kind.DIRECTORY:
        return f"the base has a {member.kind} there"
    if stack.children.get(path):
        return f"the base has files there ({', '.join(sorted(stack.children[path])[:3])})"
    if (member.mode, member.uid, member.gid) != (_MODE, 0, 0):
        return f"the base has a directory there with mode {member.mode:04o} and owner {member.uid}:{member.gid}"
    return ""

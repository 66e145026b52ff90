"""Why the headers of two members of archives differ: mode, owner, time, attributes, target."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from twinbuild.codec.untar import Member
from twinbuild.verify.mismatch.catalogue import Cause, cause
from twinbuild.verify.mismatch.found import Found, told

__all__ = ["follows_umask", "of_fields", "of_members"]

_UMASKS: Final = (0o022, 0o002, 0o027, 0o077, 0o007, 0o026, 0o037, 0o000)
# Fields that one cause explains, the most telling first; ``kind`` explains what follows from it.
_GROUPS: Final = (
    ("kind", "size", "target"),
    ("mode",),
    ("uid", "gid", "user", "group"),
    ("mtime",),
    ("target",),
    ("attributes",),
)


def of_members(place: tuple[str, ...], one: Member, other: Member, *, content: bool = False) -> Iterator[Found]:
    """One difference for each cause by which two members of one path have other headers.

    ``content``: their bytes differ, so that their size says nothing more.
    """
    unlike = [
        field
        for field in ("kind", "mode", "uid", "gid", "user", "group", "mtime", "size", "target", "attributes")
        if getattr(one, field) != getattr(other, field) and not (content and field == "size")
    ]
    for group in _GROUPS:
        fields: tuple[str, ...] = tuple(field for field in group if field in unlike)
        if not fields or (group[0] == "kind" and "kind" not in fields):
            continue
        unlike = [field for field in unlike if field not in fields]
        if "kind" in fields:  # a directory has another mode than a link by itself
            fields, unlike = (*fields, *(field for field in unlike if field == "mode")), []
        sides = tuple(", ".join(_shown(side, field) for field in fields) for side in (one, other))
        yield told(place, sides[0], sides[1], of_fields(fields, modes=(one.mode, other.mode)))


def _shown(member: Member, field: str) -> str:
    value = getattr(member, field)
    return f"{field}={value:04o}" if field == "mode" else f"{field}={value}"


def of_fields(fields: tuple[str, ...], *, modes: tuple[int, int] | None = None) -> Cause:
    """The cause of differing fields of a header. ``modes`` are the permission bits of both, where they are known."""
    if "kind" in fields:
        return cause("file-kind", "one is of another kind than the other, such as a link in the place of a file")
    if "mode" in fields:
        if modes is not None and follows_umask(*modes):
            return cause("umask", "the file's mode differs: it follows the umask of the process that made it")
        return cause("file-mode", "the file's mode differs, and not as a umask would have it")
    if {"uid", "gid", "user", "group"} & set(fields):
        return cause("ownership", "owner or group differ: they are those of the user who built")
    if "mtime" in fields:
        return cause("modification-time", "the time of modification is that of the build")
    if "attributes" in fields:
        return cause("xattr", "extended attributes differ, such as capabilities or labels of SELinux")
    if "target" in fields:
        return cause("link-target", "the link leads elsewhere")
    return cause("content", f"the entry differs in {', '.join(fields)}")


def follows_umask(one: int, other: int) -> bool:
    """Whether two modes are what two usual umasks leave of the same one."""
    if one & 0o7000 != other & 0o7000 or one == other:
        return False
    asked = 0o777 if (one | other) & 0o111 else 0o666
    left = {asked & ~mask for mask in _UMASKS}
    return {one & 0o777, other & 0o777} <= left

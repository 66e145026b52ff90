"""Archives of `ar`: Debian packages and static libraries."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from twinbuild.verify.mismatch.catalogue import cause
from twinbuild.verify.mismatch.found import Found, told
from twinbuild.verify.mismatch.members import of_fields

__all__ = ["MAGIC", "compare_ars"]

MAGIC: Final = b"!<arch>\n"
_HEADER: Final = 60
_MOST: Final = 100_000
Dive = Callable[[tuple[str, ...], tuple[bytes, bytes]], Iterator[Found]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _ArMember:
    mtime: str
    owner: str
    mode: str
    content: bytes


def compare_ars(place: tuple[str, ...], sides: tuple[bytes, bytes], *, dive: Dive) -> Iterator[Found]:
    """Every difference of two archives; nothing where one of them cannot be read."""
    one, other = (_members(side) for side in sides)
    if one is None or other is None:
        return
    for name in dict.fromkeys((*one, *other)):
        left, right = one.get(name), other.get(name)
        if left is None or right is None:
            here = ("missing", "present") if left is None else ("present", "missing")
            yield told((*place, name), *here, cause("file-set", f"{name} exists in one archive only"))
            continue
        if left.content != right.content:
            yield from dive((*place, name), (left.content, right.content))
        for field, header in (("mtime", "mtime"), ("owner", "uid"), ("mode", "mode")):
            values = getattr(left, field), getattr(right, field)
            if values[0] != values[1]:
                yield told((*place, name), f"{field}={values[0]}", f"{field}={values[1]}", of_fields((header,)))
    if [*one] != [*other] and one.keys() == other.keys():
        why = cause("member-order", "the same members stand in the archive in another order")
        yield told(place, "\n".join([*one][:20]), "\n".join([*other][:20]), why)


def _members(content: bytes) -> dict[str, _ArMember] | None:
    found: dict[str, _ArMember] = {}
    at = len(MAGIC)
    while at < len(content):
        header = content[at : at + _HEADER]
        size = header[48:58].strip()
        if len(header) < _HEADER or header[58:60] != b"`\n" or not size.isdigit() or len(found) >= _MOST:
            return None
        name = header[:16].decode("latin-1").rstrip(" ").removesuffix("/") or str(len(found))
        end = at + _HEADER + int(size)
        if end > len(content):
            return None
        found[name if name not in found else f"{name} ({len(found)})"] = _ArMember(
            mtime=header[16:28].decode("latin-1").strip(),
            owner=header[28:40].decode("latin-1").strip(),
            mode=header[40:48].decode("latin-1").strip(),
            content=content[at + _HEADER : end],
        )
        at = end + (end & 1)
    return found

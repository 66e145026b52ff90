"""A mismatch as text and as JSON: nothing of what was compared steers a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from twinbuild.codec.amounts import counted
from twinbuild.codec.canonical import Json
from twinbuild.pipeline.explain.mismatch import Mismatch, Reason
from twinbuild.verify.mismatch.found import Found

__all__ = ["mismatch_json", "mismatch_lines"]

_ROW: Final = 16  # bytes
_WORDS: Final = 160  # characters of a field that are shown


def mismatch_lines(found: Mismatch, *, names: tuple[str, str]) -> Iterator[str]:
    """Lines for a terminal: each cause with its first difference, the likeliest first."""
    if not found.reasons:
        yield f"no difference between {names[0]} and {names[1]}"
    for number, reason in enumerate(found.reasons, 1):
        yield f"{number}. {reason.cause.name}: {reason.cause.explanation}"
        yield f"   where   {_where(reason)}"
        if reason.step:
            yield f"   step    {reason.step}"
        yield from _sides(reason.first)
        yield f"   remedy  {reason.cause.remedy}"
        if reason.count > 1:
            yield f"   and     {reason.count - 1} more of this cause"
    if found.reasons:
        yield f"{counted(len(found.reasons), 'cause')}, the likeliest first"
    yield from (f"not compared: {note}" for note in found.notes)


def _where(reason: Reason) -> str:
    place = " > ".join(reason.first.place) or "the whole"
    return f"{place}, byte {reason.first.offset}" if reason.first.offset >= 0 else place


def _sides(found: Found) -> Iterator[str]:
    for name, side in (("first ", found.first), ("second", found.second)):
        if found.offset < 0:
            words = side.decode("utf-8", "replace").replace("\n", ", ")
            yield f"   {name}  {words[:_WORDS]}{'…' * (len(words) > _WORDS)}"
        else:
            yield f"   {name}  {_row(side, found)}"


def _row(side: bytes, found: Found) -> str:
    """Sixteen bytes around the first difference, in hexadecimal and as text, with their offset."""
    start = max(0, min(found.offset - found.start - 4, max(0, len(side) - _ROW)))
    piece = side[start : start + _ROW]
    if not piece:
        return "(ends)"
    text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in piece)
    return f"{found.start + start:08x}  {piece.hex(' '):{_ROW * 3 - 1}}  |{text}|"


def mismatch_json(found: Mismatch, *, names: tuple[str, str]) -> dict[str, Json]:
    """The value: excerpts in hexadecimal, and as text where they are UTF-8."""
    return {
        "first": names[0],
        "second": names[1],
        "same": not found.reasons,
        "causes": [
            {
                "cause": reason.cause.name,
                "explanation": reason.cause.explanation,
                "remedy": reason.cause.remedy,
                "step": reason.step,
                "place": list(reason.first.place),
                "offset": reason.first.offset if reason.first.offset >= 0 else None,
                "excerpt_offset": reason.first.start if reason.first.offset >= 0 else None,
                "first": _excerpt(reason.first.first),
                "second": _excerpt(reason.first.second),
                "count": reason.count,
            }
            for reason in found.reasons
        ],
        "notes": list(found.notes),
    }


def _excerpt(side: bytes) -> dict[str, Json]:
    try:
        text: str | None = side.decode()
    except UnicodeDecodeError:
        text = None
    return {"hex": side.hex(), "text": text}

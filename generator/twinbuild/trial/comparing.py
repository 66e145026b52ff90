"""Whether an answer is the expected one: JSON by value, numbers within a tolerance; the first difference and its place.

Two numbers are equal if they differ by no more than the tolerance, or by no more than that share of the expected one,
as ``math.isclose`` has it. A whole number and a fraction of the same value are one number, as in JSON; true is no 1.
The keys of objects are compared in order of their names, so that the first difference is the same everywhere.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass

from twinbuild.codec.amounts import counted
from twinbuild.codec.jsontext import JsonProblem, parse_json
from twinbuild.trial.asking import Answer, plain

__all__ = ["Mismatch", "first_difference", "json_body", "mismatch_of", "said_in", "shortened"]

_SHOWN = 120  # characters of a value in a message
_ABSENT = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mismatch:
    """Where an answer differs (a JSON pointer into its body; "" for the whole, or for what is no body) and in what."""

    pointer: str
    got: str
    expected: str

    def __str__(self) -> str:
        where = f"at {self.pointer} " if self.pointer else ""
        return f"{where}got {self.got}, expected {self.expected}"


def mismatch_of(answer: Answer, *, status: int, body: object, tolerance: float) -> Mismatch | None:
    """How an answer differs from the expected status and (frozen) body; a body of None is not looked at."""
    if answer.status != status:
        said = said_in(answer)
        return Mismatch(pointer="", got=f"status {answer.status} ({said})", expected=f"status {status}")
    if body is None:
        return None
    try:
        value = json_body(answer)
    except JsonProblem as problem:
        said = said_in(answer)
        return Mismatch(pointer="", got=f"a body that is no JSON, {problem.message} ({said})", expected="JSON")
    return first_difference(value, plain(body), tolerance)


def said_in(answer: Answer) -> str:
    """The beginning of an answer's body, on one line."""
    return shortened(answer.body[: 4 * _SHOWN + 4].decode(errors="replace"))


def json_body(answer: Answer) -> object:
    """The value of an answer's body. Raises JsonProblem."""
    return parse_json("the answer", answer.body)[0]


def first_difference(got: object, expected: object, tolerance: float, pointer: str = "") -> Mismatch | None:
    """The first place where two JSON values differ."""
    if isinstance(got, dict) and isinstance(expected, dict):
        found = (_at_key(got, expected, key, tolerance, pointer) for key in sorted({*got, *expected}))
        return next((mismatch for mismatch in found if mismatch is not None), None)
    if isinstance(got, list) and isinstance(expected, list):
        for index, (one, other) in enumerate(zip(got, expected, strict=False)):
            if (mismatch := first_difference(one, other, tolerance, f"{pointer}/{index}")) is not None:
                return mismatch
        if len(got) == len(expected):
            return None
        return Mismatch(pointer=pointer, got=counted(len(got), "item"), expected=counted(len(expected), "item"))
    if _equal(got, expected, tolerance):
        return None
    within = f" within {tolerance:g}" if tolerance and _number(expected) else ""
    return Mismatch(pointer=pointer, got=_text(got), expected=_text(expected) + within)


def _at_key(
    got: dict[str, object], expected: dict[str, object], key: str, tolerance: float, pointer: str
) -> Mismatch | None:
    below = f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}"
    if key not in expected:
        return Mismatch(pointer=below, got=_text(got[key]), expected=_ABSENT)
    if key not in got:
        return Mismatch(pointer=below, got=_ABSENT, expected=_text(expected[key]))
    return first_difference(got[key], expected[key], tolerance, below)


def _equal(got: object, expected: object, tolerance: float) -> bool:
    if _number(got) and _number(expected):
        if got == expected:
            return True
        try:
            return math.isclose(float(got), float(expected), rel_tol=0.0, abs_tol=_allowed(expected, tolerance))  # type: ignore[arg-type]
        except OverflowError:  # an integer that no float holds
            return False
    return type(got) is type(expected) and got == expected


def _allowed(expected: object, tolerance: float) -> float:
    return tolerance * max(1.0, abs(float(expected)))  # type: ignore[arg-type]


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _text(value: object) -> str:
    return shortened(json.dumps(value, ensure_ascii=False))


def shortened(text: str) -> str:
    """The beginning of a text of any length, on one line."""
    line = "".join(character if character.isprintable() else " " for character in text[: _SHOWN + 1])
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}…"

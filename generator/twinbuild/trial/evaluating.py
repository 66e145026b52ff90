"""An evaluation set: requests with the labels that are known for them, and predictions read from answers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from twinbuild.codec.amounts import counted
from twinbuild.codec.jsontext import JsonProblem, parse_json

__all__ = ["BadSet", "Example", "NoPrediction", "examples_of", "pairs_of"]

_MOST: Final = 1_000_000  # examples


class BadSet(Exception):
    """An evaluation set that is none: the reason, and the line."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.message, self.line = message, line


class NoPrediction(Exception):
    """An answer has no prediction where one was expected; the reason is its text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One request (JSON) with the label of each of its predictions. ``line`` is where it stands."""

    request: object
    labels: tuple[float, ...]
    line: int


def examples_of(content: bytes, *, several: bool) -> tuple[Example, ...]:
    """The examples of JSON Lines. ``several``: a label is a list, with one entry for each prediction.

    Raises BadSet.
    """
    found: list[Example] = []
    for number, line in enumerate(content.split(b"\n"), 1):
        if not line.strip():
            continue
        if len(found) == _MOST:
            raise BadSet(f"it has more than {_MOST} examples", number)
        try:
            value, _ = parse_json("set", line)
        except JsonProblem as problem:
            raise BadSet(f"it is no JSON, {problem.message}", number) from problem
        if not isinstance(value, dict) or set(value) != {"request", "label"}:
            raise BadSet("expected an object with the keys request and label, and no others", number)
        labels = value["label"] if several else [value["label"]]
        if not isinstance(labels, list) or not labels:
            raise BadSet("expected a list of labels, since 'prediction' has a '*'", number)
        numbers = tuple(_label(each, number) for each in labels)
        found.append(Example(request=value["request"], labels=numbers, line=number))
    if not found:
        raise BadSet("it has no example", 1)
    return tuple(found)


def _label(value: object, line: int) -> float:
    number = _number(value)
    if number is None:
        raise BadSet(f"a label is {str(value)[:60]!r}, expected a finite number, true or false", line)
    return number


def _number(value: object) -> float | None:
    try:
        number = float(value) if isinstance(value, int | float) else math.nan  # of bool, too
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def pairs_of(example: Example, answer: object, *, prediction: str, cutoff: float | None) -> list[tuple[float, float]]:
    """Labels with the predictions that a JSON pointer (with ``*``) leads to. Raises NoPrediction."""
    values = [answer]
    for part in prediction.split("/")[1:]:
        values = [below for value in values for below in _below(value, part, prediction)]
    numbers = [_number(value) for value in values]
    for value, number in zip(values, numbers, strict=True):
        if number is None:
            raise NoPrediction(f"at {prediction} got {str(value)[:60]!r}, expected a number, true or false")
    if len(numbers) != len(example.labels):
        wanted = f"expected {len(example.labels)}, one a label"
        raise NoPrediction(f"at {prediction} got {counted(len(numbers), 'prediction')}, {wanted}")
    predictions = [number for number in numbers if number is not None]
    if cutoff is not None:
        predictions = [float(number >= cutoff) for number in predictions]
    return list(zip(example.labels, predictions, strict=True))


def _below(value: object, part: str, pointer: str) -> list[object]:
    key = part.replace("~1", "/").replace("~0", "~")
    if part == "*" and isinstance(value, list):
        return value
    if isinstance(value, dict) and key in value:
        return [value[key]]
    if isinstance(value, list) and part.isascii() and part.isdigit() and int(part) < len(value):
        return [value[int(part)]]
    raise NoPrediction(f"got nothing at {pointer}, of which {part!r} is not there")

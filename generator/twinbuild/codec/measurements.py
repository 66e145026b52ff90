"""A file of measurements for a simulated rollout: values of its conditions, as promtool writes series.

::

    interval: 1m
    series:
      answers-in-time: 0.05x20 NaN _x3 0.2x10

``ax3`` is a and three more, ``a+bx3`` grows by b each time, ``_`` and ``stale`` are no measurement.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, repeat
from typing import Final

from pydantic_core import PydanticCustomError

from twinbuild.codec.marked import place_of, text_lines
from twinbuild.codec.nodes import MappingNode, Mark, Node, ScalarNode
from twinbuild.codec.yaml import SourceText, parse_yaml
from twinbuild.errors import Finding, Location, UsageError
from twinbuild.model.spec.observability import check_values
from twinbuild.model.spec.values import duration_pattern, duration_seconds, objection

__all__ = ["Measurements", "expand", "read_measurements"]

_REPEATED: Final = re.compile(r"(?P<first>.+?)(?P<step>[-+][^-+]+)?x(?P<count>\d+)", re.ASCII)
_LONGEST: Final = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurements:
    """Milliseconds between two values, and the values of each condition (None: no measurement)."""

    interval: int
    series: tuple[tuple[str, tuple[float | None, ...]], ...]

    def every(self, seconds: int) -> dict[str, tuple[float | None, ...]]:
        """The values at moments so many seconds apart: the last one that was given counts until the next."""
        found = {}
        for name, values in self.series:
            moments = min(len(values) * self.interval // (seconds * 1000), _LONGEST)
            found[name] = tuple(values[moment * seconds * 1000 // self.interval] for moment in range(moments))
        return found


def expand(text: str) -> tuple[float | None, ...]:
    """The values that a notation stands for. Raises PydanticCustomError TB1177, for more than 100,000 of them too."""
    check_values(text)
    values: list[float | None] = []
    for word in text.split(" "):
        values += islice(_word(word), _LONGEST + 1 - len(values))
    if len(values) > _LONGEST:
        raise objection("TB1177", f"they stand for more than {_LONGEST:,} values", "write fewer of them")
    return tuple(values)


def _word(word: str) -> Iterator[float | None]:
    if word == "stale" or word.startswith("_"):
        yield from repeat(None, int(word.partition("x")[2] or 1))
        return
    match = _REPEATED.fullmatch(word)
    if match is None:
        yield float(word)
        return
    first, step = float(match["first"]), float(match["step"] or 0)
    for number in range(int(match["count"]) + 1):
        yield first + step * number


def read_measurements(name: str, content: bytes, gates: tuple[str, ...]) -> Measurements:
    """The measurements of a file, of these gates. Raises UsageError TB7410, and TB10xx of the text."""
    root, findings = parse_yaml(SourceText(name=name, content=content))
    if findings:
        raise UsageError(findings)
    lines = text_lines(content)
    found: list[Finding] = []

    def refuse(mark: Mark | None, message: str, hint: str) -> None:
        where = Location(file=name) if mark is None else place_of(mark, lines)
        found.append(Finding(code="TB7410", message=message, hint=hint, where=where))

    interval = _interval(root, refuse)
    series: dict[str, tuple[float | None, ...]] = {}
    table = root.get("series") if isinstance(root, MappingNode) else None
    if not isinstance(table, MappingNode):
        refuse(
            root.mark if root is not None else None, "the file has no mapping 'series'", "write series: {GATE: 0.1x10}"
        )
    else:
        for key, node in table.entries:
            if key.text not in gates:
                known = ", ".join(gates) or "none: the rollout has no conditions"
                refuse(key.mark, f"{key.text[:80]!r} is no condition of the rollout", f"name one of {known}")
            elif not isinstance(node, ScalarNode):
                refuse(
                    node.mark, f"the values of {key.text!r} are no text", "write them with blanks between: 0.1x10 NaN"
                )
            else:
                try:
                    series[key.text] = expand(node.text)
                except PydanticCustomError as error:
                    context = error.context or {}
                    refuse(node.mark, str(context.get("message")), str(context.get("hint")))
    if found:
        raise UsageError(tuple(found))
    return Measurements(interval=interval, series=tuple(series.items()))


def _interval(root: Node | None, refuse: object) -> int:
    node = root.get("interval") if isinstance(root, MappingNode) else None
    if node is None:
        return 60_000
    if isinstance(node, ScalarNode) and duration_pattern.fullmatch(node.text):
        length = duration_seconds(node.text) * 1000
        if length >= 1:
            return math.floor(length)
    refuse(node.mark, "the interval is no time", "write a number and a unit, such as 1m")  # type: ignore[operator]
    return 60_000

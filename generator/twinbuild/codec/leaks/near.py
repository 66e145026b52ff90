"""Where in a text a form of secrets can stand: around its triggers, which are all looked for in one pass.

So most bytes are read once by an automaton (Aho and Corasick, 1975) at hundreds of MB a second, and forms are tried on
what lies around a trigger alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Final

from ahocorasick_rs import BytesAhoCorasick, Implementation

from twinbuild.codec.leaks.rule import Rule
from twinbuild.codec.leaks.rules import RULES

__all__ = ["BESIDE", "places_of"]

BESIDE: Final = 64  # bytes before and after a form that it may look at


def places_of(text: bytes, path: str, *, sure: bool = False) -> Iterator[tuple[Rule, list[tuple[int, int]]]]:
    """The rules that can find something in a text of this name, in their order, each with where: sorted, disjoint.

    ``sure``: those that are alone.
    """
    lower = text.lower()
    triggers, waiting = _general(sure=sure)
    found: dict[int, list[int]] = {}
    for trigger, start, _ in triggers.find_matches_as_indexes(lower, overlapping=True):
        for number in waiting[trigger]:
            found.setdefault(number, []).append(start)
    for number, rule in enumerate(RULES):
        if number in found:
            yield rule, _around(found[number], rule.reach, len(text))
        elif rule.files is None or (sure and not rule.sure) or not rule.files.search(path):
            continue
        elif any(trigger in lower for trigger in rule.triggers):
            yield rule, [(0, len(text))]


def _around(starts: Iterable[int], reach: int, size: int) -> list[tuple[int, int]]:
    """What lies as far as ``reach`` before and after each start, and a little more; what touches is one."""
    far = reach + BESIDE
    spans: list[tuple[int, int]] = []
    for start in sorted(starts):
        begin, end = max(start - far, 0), min(start + far, size)
        if spans and begin <= spans[-1][1]:
            begin = spans.pop()[0]
        spans.append((begin, end))
    return spans


@cache
def _general(*, sure: bool) -> tuple[BytesAhoCorasick, tuple[tuple[int, ...], ...]]:
    """The triggers of all rules that are about every file, and for each the numbers of the rules that wait for it."""
    waiting: dict[bytes, list[int]] = {}
    for number, rule in enumerate(RULES):
        for trigger in rule.triggers if rule.files is None and (rule.sure or not sure) else ():
            waiting.setdefault(trigger, []).append(number)
    automaton = BytesAhoCorasick(waiting, implementation=Implementation.DFA)
    return automaton, tuple(tuple(numbers) for numbers in waiting.values())

"""Chains of requirements: the shortest ways from what was asked for to what is there because of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator, Mapping
from typing import Final

__all__ = ["nearest", "shortest_chains"]

_MOST: Final = 1000  # chains of one root
_NEAR: Final = 5


def shortest_chains(
    target: str, requires: Mapping[str, tuple[str, ...]], roots: Collection[str]
) -> tuple[tuple[str, ...], ...]:
    """For each root that leads to ``target`` every shortest chain from it, both ends named; shorter ones first.

    ``requires`` maps a name to what it requires. Cycles do no harm.
    """
    above: dict[str, list[str]] = {}
    for name in sorted(requires):
        for below in requires[name]:
            above.setdefault(below, []).append(name)
    distance = {target: 0}
    waiting = deque([target])
    while waiting:
        name = waiting.popleft()
        for each in above.get(name, ()):
            if each not in distance:
                distance[each] = distance[name] + 1
                waiting.append(each)
    chains = [chain for root in sorted(set(roots) & distance.keys()) for chain in _chains(root, requires, distance)]
    return tuple(sorted(chains, key=lambda chain: (len(chain), chain)))


def _chains(
    root: str, requires: Mapping[str, tuple[str, ...]], distance: Mapping[str, int]
) -> Iterator[tuple[str, ...]]:
    """The chains of one root, each step one nearer to the target."""
    pending: list[tuple[str, ...]] = [(root,)]
    found = 0
    while pending and found < _MOST:
        chain = pending.pop()
        left = distance[chain[-1]]
        if left == 0:
            found += 1
            yield chain
        else:
            below = sorted(each for each in set(requires[chain[-1]]) if distance.get(each) == left - 1)
            pending += [(*chain, each) for each in reversed(below)]


def nearest(name: str, known: Collection[str]) -> tuple[str, ...]:
    """Names that are written nearly so, the nearest first."""
    import difflib

    close = difflib.get_close_matches(name, sorted(known), n=_NEAR, cutoff=0.6)
    inside = [each for each in sorted(known) if len(name) >= 3 and name in each and each not in close]
    return tuple([*close, *inside][:_NEAR])

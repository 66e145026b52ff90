"""A layered drawing of a directed graph (Sugiyama, Tagawa and Toda, 1981): columns from left to right, edges forward.

The same graph gives the same drawing: every choice between equals goes by position. The steps: turn edges of cycles
around, put each node right of what leads to it, let long edges pass through places of their own, order the columns so
that few edges cross, and move nodes towards their neighbours as far as their order allows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

__all__ = ["Drawing", "acyclic", "drawn", "fitting", "reduced"]

Edge = tuple[int, int]
_SWEEPS: Final = 12
_MOVES: Final = 6
_PITCH: Final = 1.0  # between two nodes; edges that pass by need less
_PASSING: Final = 0.42


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """``places`` are column and row of each node, rows in units of a node's height, from 0.

    ``ways`` are the places that each edge passes through, its ends among them, in the order of the edges.
    """

    places: tuple[tuple[int, float], ...]
    ways: tuple[tuple[tuple[int, float], ...], ...]
    columns: int
    height: float


def acyclic(count: int, edges: Sequence[Edge]) -> tuple[Edge, ...]:
    """The edges, those that close a cycle turned around; loops and repetitions are left out."""
    after = _after(count, edges)
    state = [0] * count  # 1 while what it leads to is looked at, 2 when that is done
    back: set[Edge] = set()
    for root in range(count):
        pending = [(root, iter(after[root]))] if not state[root] else []
        state[root] = state[root] or 1
        while pending:
            node, others = pending[-1]
            other = next(others, None)
            if other is None:
                state[node] = 2
                pending.pop()
            elif state[other] == 1:
                back.add((node, other))
            elif not state[other]:
                state[other] = 1
                pending.append((other, iter(after[other])))
    turned = ((b, a) if (a, b) in back else (a, b) for a, b in edges if a != b)
    return tuple(dict.fromkeys(turned))


def reduced(count: int, edges: Sequence[Edge]) -> tuple[Edge, ...]:
    """The edges of an acyclic graph that no longer way implies (its transitive reduction)."""
    after = _after(count, edges)
    reach: list[int] = [0] * count  # bit sets
    for node in reversed(_topological(count, edges)):
        for other in after[node]:
            reach[node] |= reach[other] | 1 << other
    return tuple((a, b) for a, b in edges if not any(reach[other] >> b & 1 for other in after[a] if other != b))


def fitting(count: int, edges: Sequence[Edge], most: int) -> tuple[Edge, ...]:
    """As many edges of an acyclic graph as cross at most ``most`` columns, the shortest first; in their order.

    What drawing costs, and the size of the drawing, are theirs.
    """
    depth = _depths(count, edges)
    kept, left = set[Edge](), most
    for edge in sorted(edges, key=lambda each: (depth[each[1]] - depth[each[0]], each)):
        left -= depth[edge[1]] - depth[edge[0]]
        if left < 0:
            break
        kept.add(edge)
    return tuple(each for each in edges if each in kept)


def drawn(count: int, edges: Sequence[Edge]) -> Drawing:
    """Draw an acyclic graph."""
    columns, neighbours, chains = _threaded(count, edges)
    for sweep in range(_SWEEPS):
        _sort(columns, neighbours[sweep % 2], forward=sweep % 2 == 0)
    rows = _moved(columns, neighbours, count)
    place = {node: (column, rows[node]) for column, nodes in enumerate(columns) for node in nodes}
    return Drawing(
        places=tuple(place[node] for node in range(count)),
        ways=tuple(tuple(place[node] for node in chain) for chain in chains),
        columns=len(columns),
        height=max((row for _, row in place.values()), default=0.0),
    )


def _after(count: int, edges: Sequence[Edge]) -> list[list[int]]:
    found: list[list[int]] = [[] for _ in range(count)]
    for a, b in edges:
        found[a].append(b)
    return found


def _topological(count: int, edges: Sequence[Edge]) -> list[int]:
    waits = [0] * count
    for _, b in edges:
        waits[b] += 1
    after = _after(count, edges)
    ready = [node for node in range(count) if not waits[node]]
    for node in ready:
        for other in after[node]:
            waits[other] -= 1
            if not waits[other]:
                ready.append(other)
    return ready


def _depths(count: int, edges: Sequence[Edge]) -> list[int]:
    """The column of each node: right of all that lead to it."""
    depth = [0] * count
    after = _after(count, edges)
    for node in _topological(count, edges):
        for other in after[node]:
            depth[other] = max(depth[other], depth[node] + 1)
    return depth


def _threaded(
    count: int, edges: Sequence[Edge]
) -> tuple[list[list[int]], tuple[list[list[int]], list[list[int]]], list[list[int]]]:
    """Columns of nodes, each node's neighbours before and after it, and the nodes of each edge.

    Nodes from ``count`` on are places that long edges pass through.
    """
    depth = _depths(count, edges)
    columns: list[list[int]] = [[] for _ in range(max(depth, default=-1) + 1)]
    for node in range(count):
        columns[depth[node]].append(node)
    chains, fresh = [], count
    for a, b in edges:
        passing = list(range(fresh, fresh + depth[b] - depth[a] - 1))
        fresh += len(passing)
        for column, node in enumerate(passing, depth[a] + 1):
            columns[column].append(node)
        chains.append([a, *passing, b])
    before_of: list[list[int]] = [[] for _ in range(fresh)]
    after_of: list[list[int]] = [[] for _ in range(fresh)]
    for chain in chains:
        for one, other in pairwise(chain):
            after_of[one].append(other)
            before_of[other].append(one)
    return columns, (before_of, after_of), chains


def _sort(columns: list[list[int]], neighbours: list[list[int]], *, forward: bool) -> None:
    """Order each column by the middle of its nodes' neighbours in the column before it, or after it."""
    rank = {node: float(index) for column in columns for index, node in enumerate(column)}
    for column in columns[1:] if forward else columns[-2::-1]:
        middle = {}
        for node in column:
            near = [rank[each] for each in neighbours[node]]
            middle[node] = sum(near) / len(near) if near else rank[node]
        column.sort(key=middle.__getitem__)
        rank |= {node: float(index) for index, node in enumerate(column)}


def _moved(
    columns: list[list[int]], neighbours: tuple[list[list[int]], list[list[int]]], count: int
) -> dict[int, float]:
    """Rows: each column as near to its neighbours as its order and the room between nodes allow."""
    rows: dict[int, float] = {}
    for column in columns:
        rows |= zip(column, _offsets(column, count), strict=True)
    for move in range(_MOVES):
        near = neighbours[move % 2]
        for column in columns if move % 2 == 0 else columns[::-1]:
            wanted = [
                sum(rows[each] for each in near[node]) / len(near[node]) if near[node] else rows[node]
                for node in column
            ]
            rows |= zip(column, _apart(wanted, list(_offsets(column, count))), strict=True)
    least = min(rows.values(), default=0.0)
    return {node: row - least for node, row in rows.items()}


def _offsets(column: Sequence[int], count: int) -> Iterator[float]:
    """Rows of a column whose nodes stand as near to each other as they may."""
    at = 0.0
    for index, node in enumerate(column):
        if index:
            at += _PITCH if node < count and column[index - 1] < count else (_PITCH + _PASSING) / 2
        yield at


def _apart(wanted: list[float], offsets: list[float]) -> list[float]:
    """The rows nearest to those wanted (least squares) that keep the order and the room: pool adjacent violators."""
    blocks: list[tuple[float, int]] = []
    for value, offset in zip(wanted, offsets, strict=True):
        total, many = value - offset, 1
        while blocks and blocks[-1][0] / blocks[-1][1] > total / many:
            last, others = blocks.pop()
            total, many = total + last, many + others
        blocks.append((total, many))
    means = [total / many for total, many in blocks for _ in range(many)]
    return [mean + offset for mean, offset in zip(means, offsets, strict=True)]

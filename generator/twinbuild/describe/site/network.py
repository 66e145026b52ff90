"""The dependency graph as pictures: what the release asks for and what that needs, and its Debian packages apart.

What lies within a wheel is counted at the wheel, and packages of the system are one node of the first picture, so that
it stays legible; each has its own row in the list. Sizes are pixels.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Final

from twinbuild.codec.amounts import counted
from twinbuild.describe.site.components import Graph, Node
from twinbuild.describe.site.layered import Edge, acyclic, drawn, fitting, reduced

__all__ = ["Link", "Network", "Vertex", "networks"]

_MOST: Final = 250  # nodes of a picture
_MANY: Final = 120  # edges of a picture; of more, those that others imply are left out
_HUB: Final = 12  # edges to one node in a picture of many: they are said, and not drawn
_LONGEST: Final = 3000  # columns that all edges of a picture cross
_COUNTED: Final = 9999  # libraries within a wheel
_STEPS: Final = 12  # of a way that is told
_CHARACTER: Final = 6.3  # of 12 pixels, about
_NAME: Final = 26
_VERSION: Final = 13
_TOLD: Final = 80  # characters of each name of a way
_DEEPER: Final = ("more is deeper, and stands", "more are deeper, and stand")
_IMPLIED: Final = ("edge that longer ways imply is", "edges that longer ways imply are")
_HIGH: Final = 24
_ROW: Final = 31
_GAP: Final = 48
_MARGIN: Final = 12
_CLASSES: Final = {"deb": "system", "wheel": "python", "model": "model", "artifact": "model", "data set": "model"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Item:
    """A node before it has a place. ``why`` says how it got in; ``href`` is the id that it leads to, "" for none.

    ``more`` is a short text at its end: of a wheel how many libraries are within it.
    """

    name: str
    version: str
    kind: str
    is_direct: bool
    why: str
    href: str
    more: str = ""
    is_group: bool = False

    @property
    def room(self) -> float:
        """How wide it is where nothing is wider."""
        count = min(len(self.name), _NAME) + min(len(self.version), _VERSION) + len(self.more) + 3
        return round(count * _CHARACTER + 16)

    def at(self, x: float, y: float, width: float) -> Vertex:
        """The node in its place, its texts as long as there is room for."""
        short = replace(self, name=_cut(self.name, _NAME), version=_cut(self.version, _VERSION))
        return Vertex(x=round(x, 1), y=round(y, 1), width=width, **asdict(short))


@dataclass(frozen=True, slots=True, kw_only=True)
class Vertex(_Item):
    """A node with its place."""

    x: float
    y: float
    width: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """An edge between two vertices of the picture, by their numbers, and its way as SVG has it."""

    ends: Edge
    way: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """One picture. ``alone`` are nodes without an edge, which stand below it; ``said`` is what it leaves out."""

    name: str
    title: str
    width: int
    height: int
    vertices: tuple[Vertex, ...]
    links: tuple[Link, ...]
    alone: tuple[Vertex, ...] = ()
    said: str = ""


def networks(found: Graph, title: str, *, beside: int = 0, beside_href: str = "") -> tuple[Network, ...]:
    """The pictures; none for a graph without nodes. ``title`` is the release's name and version.

    ``beside`` counts packages that are locked with it and get into no image, which stand at ``beside_href``.
    """
    if not found.nodes:
        return ()
    system = _chosen(found, lambda each: each.kind == "deb")
    own = _chosen(found, lambda each: each.kind not in ("deb", "library"))
    items = [_item(found.nodes[index], _why(found, index, title), _within(found, index)) for index in own]
    name, _, version = title.rpartition(" ")
    root = _Item(name=name, version=version, kind="root", is_direct=True, why=f"{title}, the release", href="")
    groups = []
    if system:
        many = counted(len(system), "Debian package")
        groups.append(_group(many, "system", f"{many}, which have a picture of their own", "network-1"))
    if beside:
        many = f"{beside} to build and test"
        why = counted(beside, "package that gets into no image", "packages that get into no image")
        groups.append(_group(many, "beside", why, beside_href))
    edges = [
        *_edges(found, own),
        *((len(items), place) for place, index in enumerate(own) if found.nodes[index].is_direct),
    ]
    edges += [(len(items), len(items) + 1 + number) for number in range(len(groups))]
    pictures = [_network("network-0", "What the release asks for, and what that needs", [*items, root, *groups], edges)]
    if system:
        members = [_item(found.nodes[index], _why(found, index, title), 0) for index in system]
        pictures.append(_network("network-1", "Debian packages", members, _edges(found, system)))
    left = sum(each.kind not in ("deb", "library") for each in found.nodes) - len(own)
    return (_saying(pictures[0], left), *pictures[1:])


def _saying(network: Network, left: int) -> Network:
    return replace(network, said=f"{counted(left, *_DEEPER)} in the list alone. {network.said}") if left else network


def _group(name: str, kind: str, why: str, href: str) -> _Item:
    return _Item(name=name, version="", kind=kind, is_direct=True, why=why, href=href, is_group=True)


def _item(node: Node, why: str, within: int) -> _Item:
    return _Item(
        name=node.name,
        version=node.version,
        kind=_CLASSES.get(node.kind, "application"),
        is_direct=node.is_direct,
        why=why + (f"; {counted(within, 'component')} within it" if within else ""),
        href=node.row,
        more=f"+{within}" if within else "",
    )


def _chosen(found: Graph, belongs: Callable[[Node], bool]) -> list[int]:
    """Positions of nodes, the nearest to the release where there are too many."""
    members = [index for index, each in enumerate(found.nodes) if belongs(each)]
    members.sort(key=lambda index: (found.nodes[index].depth or len(found.nodes), index))
    return sorted(members[:_MOST])


def _within(found: Graph, index: int) -> int:
    """How many libraries a node leads to by libraries alone, as far as anybody counts."""
    seen: set[int] = set()
    pending = [index]
    while pending and len(seen) < _COUNTED:
        more = {other for other in found.nodes[pending.pop()].needs if found.nodes[other].kind == "library"} - seen
        seen |= more
        pending += more
    return len(seen)


def _why(found: Graph, index: int, title: str) -> str:
    """Name, version, and the shortest way from the release to it."""
    node, names = found.nodes[index], [_cut(found.nodes[each].name, _TOLD) for each in found.way(index)]
    if len(names) > _STEPS:
        names = [*names[: _STEPS // 2], f"{len(names) - _STEPS} more", *names[-_STEPS // 2 :]]
    way = f"transitive: {' → '.join((title, *names))}" if names else "nothing needs it"
    return f"{_cut(node.name, _TOLD)} {_cut(node.version, _TOLD)}, {'asked for directly' if node.is_direct else way}"


def _edges(found: Graph, chosen: Sequence[int]) -> list[Edge]:
    place = {index: position for position, index in enumerate(chosen)}
    return [(place[index], place[other]) for index in chosen for other in found.nodes[index].needs if other in place]


def _network(name: str, title: str, items: Sequence[_Item], edges: Sequence[Edge]) -> Network:
    forward = acyclic(len(items), edges)
    shown = reduced(len(items), forward) if len(forward) > _MANY else forward
    implied = len(forward) - len(shown)
    hubs = _hubs(shown) if implied else {}
    left_over = tuple(edge for edge in shown if edge[1] not in hubs)
    shown = fitting(len(items), left_over, _LONGEST)
    touched = {end for edge in shown for end in edge}
    order = [index for index in range(len(items)) if index in touched]
    place = {index: position for position, index in enumerate(order)}
    drawing = drawn(len(order), [(place[a], place[b]) for a, b in shown])
    wide = [0.0] * drawing.columns
    for index, (column, _) in zip(order, drawing.places, strict=True):
        wide[column] = max(wide[column], items[index].room)
    left = [_MARGIN + sum(wide[:column]) + column * _GAP for column in range(drawing.columns)]
    links = []
    for (a, b), way in zip(shown, drawing.ways, strict=True):
        begin = left[way[0][0]] + items[a].room
        links.append(Link(ends=(place[a], place[b]), way=_way(way, begin, left, wide)))
    alone = tuple(items[index].at(0, 0, 0) for index in range(len(items)) if index not in touched)
    said = [
        f"{_cut(items[hub].name, _TOLD)} is needed by {count} of these directly: its edges are not drawn."
        for hub, count in hubs.items()
    ]
    said += [f"{counted(implied, *_IMPLIED)} not drawn."] if implied else []
    said += [f"{len(left_over) - len(shown)} of the longest are not drawn, either."] if left_over != shown else []
    return Network(
        name=name,
        title=title,
        width=round(sum(wide) + max(drawing.columns - 1, 0) * _GAP + 2 * _MARGIN),
        height=round(drawing.height * _ROW + _HIGH + 2 * _MARGIN),
        vertices=tuple(
            items[index].at(left[column], row * _ROW + _MARGIN, items[index].room)
            for index, (column, row) in zip(order, drawing.places, strict=True)
        ),
        links=tuple(links),
        alone=alone,
        said=" ".join(said),
    )


def _hubs(edges: Sequence[Edge]) -> dict[int, int]:
    """The nodes that very many edges lead to, with their number, the largest first."""
    counted = Counter(b for _, b in edges)
    return {
        node: count for node, count in sorted(counted.items(), key=lambda each: (-each[1], each[0])) if count >= _HUB
    }


def _way(way: Sequence[tuple[int, float]], begin: float, left: Sequence[float], wide: Sequence[float]) -> str:
    """A curve from the right of the first node to the left of the last, level where it passes a column."""
    x, y = begin, _level(way[0][1])
    said = [f"M{x:.0f} {y:.1f}"]
    for column, row in way[1:]:
        to_x, to_y = left[column], _level(row)
        if x < left[column - 1] + wide[column - 1]:
            x = left[column - 1] + wide[column - 1]
            said.append(f"H{x:.0f}")
        middle = (x + to_x) / 2
        said.append(f"C{middle:.0f} {y:.1f} {middle:.0f} {to_y:.1f} {to_x:.0f} {to_y:.1f}")
        x, y = to_x, to_y
    return "".join(said)


def _level(row: float) -> float:
    return row * _ROW + _MARGIN + _HIGH / 2


def _cut(said: str, most: int) -> str:
    return said if len(said) <= most else f"{said[: most - 1]}…"

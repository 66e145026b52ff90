"""The bill of materials and its licences as tables, and what needs what as a graph."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass

from twinbuild.codec.amounts import counted
from twinbuild.describe.site.cells import Cell, Table, columns, number, text
from twinbuild.model.bom import Bom, BomComponent

__all__ = ["Graph", "Node", "components", "graph", "licences", "row_ids"]

_REQUESTED = "twinbuild:requested"
_SOURCE = "application/"  # begins the references of the files of the application
_COPYRIGHT = "see /usr/share/doc/"
_FIRST = 24  # holders of a licence that are shown
_FEW = 6  # that are not worth a fold
_ORDER = ("", "wheel", "library", "deb")  # any other kind stands at the first place


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A component in the graph: ``needs`` are positions of other nodes; ``depth`` 1 is what the release asks for.

    A depth of 0 is that of what nothing asks for. ``above`` is the node on the shortest way to it, -1 for none; ``row``
    is the id of its row in the table of components.
    """

    name: str
    version: str
    kind: str
    is_direct: bool
    depth: int
    needs: tuple[int, ...]
    above: int = -1
    row: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """The nodes, sorted by kind and name. An edge goes from a component to what it needs."""

    nodes: tuple[Node, ...]

    @property
    def edges(self) -> int:
        """How many there are."""
        return sum(len(each.needs) for each in self.nodes)

    def way(self, index: int) -> tuple[int, ...]:
        """The shortest way from what the release asks for to a node, both ends included; () where there is none.

        A way is as long as the node's depth, so that whoever asks for many of a deep graph asks for much.
        """
        found: list[int] = [index] if self.nodes[index].depth else []
        while found and self.nodes[found[-1]].above >= 0:
            found.append(self.nodes[found[-1]].above)
        return tuple(reversed(found))

    @property
    def direct(self) -> tuple[Node, ...]:
        """What the release asks for itself."""
        return tuple(each for each in self.nodes if each.is_direct)


def components(bom: Bom | None) -> Table:
    """A row for each component."""
    return Table(
        name="components",
        caption="Components",
        columns=columns("Component", "Version", "Kind", "Asked for", "Licence", "SHA-256"),
        rows=tuple(_row(each) for each in _listed(bom)),
        empty="No bill of materials was given for this release.",
        searched="Search components, versions, licences, digests",
    )


def _listed(bom: Bom | None) -> list[BomComponent]:
    found = [] if bom is None else list(bom.components)
    return sorted(found, key=lambda each: (_place(_kind(each)), each.group, each.name, each.version, each.reference))


def row_ids(bom: Bom | None) -> dict[tuple[str, str], str]:
    """The ids of the rows of ``components``, by a component's kind and name: the first of those that share both."""
    found: dict[tuple[str, str], str] = {}
    for position, each in enumerate(_listed(bom), 1):
        found.setdefault((_kind(each), each.name), f"components-{position}")
    return found


def _place(kind: str) -> tuple[int, str]:
    """What a release is about comes first, what it stands on last."""
    return (_ORDER.index(kind) if kind in _ORDER else 0, kind)


def _row(one: BomComponent) -> tuple[Cell, ...]:
    sha256 = next((content for algorithm, content in one.hashes if algorithm == "SHA-256"), "")
    return (
        Cell(text=f"{one.group}/{one.name}" if one.group else one.name, note=one.purl),
        text(one.version),
        text(_kind(one)),
        text({"true": "directly", "false": "by others"}.get(one.properties.get(_REQUESTED, ""), "")),
        text(_licence(one)),
        Cell(text=sha256, kind="digest"),
    )


def _kind(one: BomComponent) -> str:
    """What a component is: of its package URL, else its type; what lies within a wheel is none."""
    if one.type == "file" and one.reference.startswith(_SOURCE):
        return "source file"
    kinds = {"deb": "deb", "pypi": "wheel", "oci": "image"}
    types = {"machine-learning-model": "model", "file": "artifact", "data": "data set"}
    scheme, _, rest = one.purl.partition(":")
    named = kinds.get(rest.partition("/")[0]) if scheme == "pkg" and "#" not in rest else None
    return named or types.get(one.type, one.type)


def _licence(one: BomComponent) -> str:
    """The licences that it declares, in one line; a copyright file is named by where it lies."""
    stated = [each.text for each in one.licences if each.acknowledgement != "concluded"]
    found = [text.partition(" (")[0] if text.startswith(_COPYRIGHT) else text for text in stated]
    return ", ".join(dict.fromkeys(found))


def licences(bom: Bom | None) -> Table:
    """A row for each licence with who has it; Debian's copyright files are one row, for each is its own text."""
    counted: Counter[str] = Counter()
    holders: dict[str, list[str]] = {}
    for one in _listed(bom):
        for said in _licence(one).split(", ") if _licence(one) else ["no licence stated"]:
            name = "as the package's copyright file says" if said.startswith(_COPYRIGHT) else said
            counted[name] += 1
            holders.setdefault(name, []).append(one.name)
    return Table(
        name="licences",
        caption="Licences",
        columns=columns("Licence", "#Components", "Who has it"),
        rows=tuple(
            (text(name), number(count), _holders(tuple(dict.fromkeys(holders[name]))))
            for name, count in sorted(counted.items(), key=lambda each: (-each[1], each[0]))
        ),
        empty="No bill of materials was given for this release.",
        searched="Search licences and components",
    )


def _holders(names: tuple[str, ...]) -> Cell:
    """Names in one text; of many the first ones, and the others folded, or one licence would fill the screen."""
    first, others = (names[:_FIRST], names[_FIRST:]) if len(names) > _FIRST + _FEW else (names, ())
    more = f"and {counted(len(others), 'more name')}" if others else ""
    return Cell(text=", ".join(first) + "," * bool(others), more=more, rest=", ".join(others))


def graph(bom: Bom | None) -> Graph:
    """What needs what, among packages, files and data sets; the images and the release itself are left out.

    Where a component does not say whether it was asked for, such as a crate within a wheel, it was if nothing needs it.
    """
    rows = {each.reference: f"components-{number}" for number, each in enumerate(_listed(bom), 1)}
    found = [each for each in _listed(bom) if each.type != "container"]
    place = {each.reference: index for index, each in enumerate(found)}
    edges = {} if bom is None else bom.edges
    needs = [
        tuple(sorted({place[other] for other in edges.get(each.reference, ()) if other in place} - {index}))
        for index, each in enumerate(found)
    ]
    needed = {other for each in needs for other in each}
    direct = [
        each.properties.get(_REQUESTED, str(index not in needed).lower()) == "true" for index, each in enumerate(found)
    ]
    depths, above = _depths(needs, direct)
    return Graph(
        nodes=tuple(
            Node(
                name=each.name,
                version=each.version,
                kind=_kind(each),
                is_direct=direct[index],
                depth=depths[index],
                needs=needs[index],
                above=above[index],
                row=rows[each.reference],
            )
            for index, each in enumerate(found)
        )
    )


def _depths(needs: list[tuple[int, ...]], direct: list[bool]) -> tuple[list[int], list[int]]:
    """How many steps each node is from the release, by the shortest way, and the node before it on that way."""
    depths, above = [int(each) for each in direct], [-1] * len(direct)
    waiting = deque(index for index, each in enumerate(direct) if each)
    while waiting:
        index = waiting.popleft()
        for other in _unseen(needs[index], depths):
            depths[other] = depths[index] + 1
            above[other] = index
            waiting.append(other)
    return depths, above


def _unseen(candidates: tuple[int, ...], depths: list[int]) -> Iterator[int]:
    return (each for each in candidates if not depths[each])

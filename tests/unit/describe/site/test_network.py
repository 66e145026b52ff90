"""``describe.site.network``: what the pictures of the graph show, and what they fold."""

from __future__ import annotations

from fakes.published import example
from twinbuild.describe.site.components import Graph, Node, graph
from twinbuild.describe.site.network import networks


def node(name: str, kind: str = "wheel", needs: tuple[int, ...] = (), *, direct: bool = False, above: int = -1) -> Node:
    """A node of the graph."""
    row = f"components-{name}"
    return Node(name=name, version="1", kind=kind, is_direct=direct, depth=1, needs=needs, above=above, row=row)


def test_two_pictures() -> None:
    """The release leads to what it asks for; Debian packages are one node, and a picture of their own."""
    found = Graph(
        nodes=(
            node("app", needs=(1,), direct=True),
            node("lib", needs=(2, 3), above=0),
            node("crate", kind="library", needs=(3,)),
            node("inner", kind="library"),
            node("bash", kind="deb", needs=(5,), direct=True),
            node("libc6", kind="deb"),
            node("netbase", kind="deb", direct=True),
        )
    )
    first, system = networks(found, "demo 1.0.0", beside=3, beside_href="beside")
    names = [each.name for each in first.vertices]
    assert names == ["app", "lib", "demo", "3 Debian packages", "3 to build and test"]
    assert {(names[link.ends[0]], names[link.ends[1]]) for link in first.links} == {
        ("app", "lib"),
        ("demo", "app"),
        ("demo", "3 Debian packages"),
        ("demo", "3 to build and test"),
    }
    lib = first.vertices[1]
    assert (lib.why, lib.more, lib.href, lib.is_direct) == (
        "lib 1, transitive: demo 1.0.0 → app → lib; 2 components within it",
        "+2",
        "components-lib",
        False,
    )
    assert [each.href for each in first.vertices if each.is_group] == ["network-1", "beside"]
    assert [each.name for each in system.vertices] == ["bash", "libc6"]
    assert [each.name for each in system.alone] == ["netbase"]
    assert networks(Graph(nodes=()), "demo 1.0.0") == ()


def test_a_way_of_long_names_has_an_end() -> None:
    """Each node tells its way; names of any length do not make a page that nobody can open."""
    long = "n" * 100_000
    leaves = tuple(node(f"leaf{number}", above=0) for number in range(9))
    first, *_ = networks(Graph(nodes=(node(long, needs=tuple(range(1, 10)), direct=True), *leaves)), "demo 1.0.0")
    assert all(len(each.why) < 400 for each in (*first.vertices, *first.alone))
    assert any("→ nnn" in each.why for each in first.vertices)


def test_a_hub_is_said_and_its_edges_are_not_drawn() -> None:
    """So is what longer ways imply, in a picture of many edges; both sum up to all edges."""
    count = 140
    nodes = [node(f"n{index}", needs=tuple({index + 1, count} - {index})) for index in range(count)]
    found = Graph(nodes=(*nodes, node("hub")))
    (only,) = networks(found, "demo 1.0.0")
    assert "edges that longer ways imply are not drawn" in only.said
    spread = Graph(nodes=(*(node(f"n{index}", needs=(130,)) for index in range(130)), node("hub")))
    (star,) = networks(spread, "demo 1.0.0")
    assert star.links  # few enough to be drawn: nothing is implied


def test_at_most_so_many() -> None:
    """The nearest are drawn; how many are not is said."""
    found = Graph(nodes=tuple(node(f"n{index}", direct=True) for index in range(300)))
    (only,) = networks(found, "demo 1.0.0")
    assert len(only.vertices) == 251
    assert only.said.startswith("50 more are deeper")


def test_a_graph_that_wants_too_much() -> None:
    """A chain of thousands, and one in which everything needs everything, are drawn in time and within bounds."""
    links = [node(f"n{i}", needs=(i + 1,), direct=not i, above=i - 1) for i in range(20_000)]
    deep = Graph(nodes=(*links, node("end")))
    (chain,) = networks(deep, "demo 1.0.0")
    assert len(chain.vertices) <= 251
    assert "more →" in networks(Graph(nodes=(*deep.nodes[:40], node("end"))), "demo 1.0.0")[0].vertices[39].why
    count = 250
    dense = Graph(nodes=tuple(node(f"n{i}", needs=tuple({*range(count)} - {i}), direct=not i) for i in range(count)))
    (full,) = networks(dense, "demo 1.0.0")
    assert len(full.links) <= 3000
    halves = Graph(nodes=tuple(node(f"n{i}", needs=tuple(range(125, 250)) if i < 125 else ()) for i in range(250)))
    (both,) = networks(halves, "demo 1.0.0")
    assert "of the longest are not drawn, either" in both.said


def test_the_example() -> None:
    """Everything has its place in the picture, and no two nodes overlap."""
    one = example()
    for each in networks(graph(one.bom), "fraud-scorer 1.0.0"):
        places = [(vertex.x, vertex.y, vertex.width) for vertex in each.vertices]
        for number, (x, y, width) in enumerate(places):
            assert 0 <= x <= each.width - width
            assert 0 <= y <= each.height - 24
            assert not any(
                abs(y - other_y) < 24 and x < other_x + other_width and other_x < x + width
                for other_x, other_y, other_width in places[number + 1 :]
            )

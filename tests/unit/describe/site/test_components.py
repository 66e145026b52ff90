"""``describe.site.components``: tables of the bill of materials, and the graph with its shortest ways."""

from __future__ import annotations

from dataclasses import replace

from fakes.published import example
from twinbuild.describe.site.components import components, graph, licences
from twinbuild.describe.site.network import networks
from twinbuild.model.bom import Bom, BomComponent


def _bom(edges: dict[str, tuple[str, ...]], direct: str) -> Bom:
    return Bom(
        version="1.6",
        serial="",
        timestamp="",
        phases=(),
        tools=(),
        authors=(),
        contacts=(),
        root=None,
        components=tuple(
            BomComponent(
                reference=each,
                type="library",
                name=each,
                purl=f"pkg:pypi/{each}@1",
                properties={"twinbuild:requested": str(each in direct).lower()},
            )
            for each in edges
        ),
        edges=edges,
        completeness={},
    )


def test_every_component_has_a_row() -> None:
    """With version, kind, licence and digest."""
    bom = example().bom
    assert bom is not None
    table = components(bom)
    assert len(table.rows) == len(bom.components)
    row = next(row for row in table.rows if row[0].text == "numpy")
    assert (row[2].text, row[3].text) == ("wheel", "by others")
    assert len(row[5].text) == 64


def test_no_bill_of_materials() -> None:
    """It is said, not shown as a release without components."""
    assert components(None).rows == licences(None).rows == ()
    assert components(None).empty
    assert graph(None).nodes == ()


def test_licences_are_counted() -> None:
    """Each holder of a licence once."""
    rows = {row[0].text: (row[1].text, row[2].text) for row in licences(example().bom).rows}
    assert "classifier" in rows["Apache-2.0"][1]


def test_holders_of_a_licence_are_folded() -> None:
    """Of many all stand there, the first ones in sight; a few more are no reason for a fold."""
    for count, shown in ((30, 30), (31, 24)):
        names = [f"n{number:02}" for number in range(count)]
        ((_, _, cell),) = licences(_bom(dict.fromkeys(names, ()), "")).rows
        assert cell.text.rstrip(",").split(", ") == names[:shown]
        assert (cell.rest.split(", ") if cell.rest else []) == names[shown:]
        assert cell.more == ("and 7 more names" if shown < count else "")


def test_what_lies_within_a_wheel() -> None:
    """Crates and libraries of a wheel are no wheels, and nobody asked for them: the wheel did."""
    wheel = BomComponent(
        reference="w", type="library", name="w", purl="pkg:pypi/w@1", properties={"twinbuild:requested": "true"}
    )
    inner = [
        BomComponent(reference="c", type="library", name="c", purl="pkg:cargo/c@1", properties={}),
        BomComponent(reference="so", type="library", name="so", purl="pkg:pypi/w@1#w.libs/so", properties={}),
        BomComponent(reference="m", type="machine-learning-model", name="m", purl="", properties={}),
    ]
    bom = replace(_bom({}, ""), components=(wheel, *inner), edges={"w": ("c", "so")})
    assert [(each.name, each.kind, each.is_direct) for each in graph(bom).nodes] == [
        ("m", "model", True),
        ("w", "wheel", True),
        ("c", "library", False),
        ("so", "library", False),
    ]


def test_files() -> None:
    """A file of the application is none of the model, in the table and in the colour of the picture."""
    bom = replace(
        _bom({}, ""),
        components=tuple(
            BomComponent(reference=f"{where}/x.py", type="file", name=f"{where}/x.py", purl="", properties={})
            for where in ("application", "artifact")
        ),
    )
    assert [(row[0].text, row[2].text) for row in components(bom).rows] == [
        ("artifact/x.py", "artifact"),
        ("application/x.py", "source file"),
    ]
    (network, *_) = networks(graph(bom), "one 1")
    assert {each.name: each.kind for each in network.vertices if each.name.endswith(".py")} == {
        "artifact/x.py": "model",
        "application/x.py": "application",
    }


def test_depths_and_circles() -> None:
    """A circle ends; what nothing asks for has no depth; a component does not need itself."""
    found = graph(_bom({"a": ("b", "a"), "b": ("c",), "c": ("b", "gone"), "d": ()}, "a"))
    assert [(node.name, node.depth, node.needs) for node in found.nodes] == [
        ("a", 1, (1,)),
        ("b", 2, (2,)),
        ("c", 3, (1,)),
        ("d", 0, ()),
    ]
    assert (found.edges, [each.name for each in found.direct]) == (3, ["a"])

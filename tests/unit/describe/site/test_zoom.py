"""``describe.site.zoom``: pictures of two levels, within their frame, and tables of every number."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from twinbuild.describe.site.contents import Contents, Group
from twinbuild.describe.site.zoom import HEIGHT, Box, pictures, weights


def layer(number: int, size: int) -> dict[str, Any]:
    """A layer of a release manifest."""
    return {
        "title": f"wheel w{number} 1",
        "digest": f"sha256:{number:064x}",
        "size": size,
        "uncompressed_size": 2 * size,
    }


def group(number: int, size: int, files: int) -> Group:
    """A package with so many files of one size."""
    named = tuple((f"d/{index}", size) for index in range(min(files, 12)))
    return Group(kind="wheel", name=f"p{number}", size=size * files, count=files, files=named)


def within(box: Box, outer: tuple[float, float, float, float]) -> bool:
    """Whether a box lies in another place, rounding aside."""
    x, y, width, height = outer
    sides = (box.x >= x - 0.01, box.y >= y - 0.1, box.x + box.width <= x + width + 0.01)
    return all(sides) and box.y + box.height <= y + height + 0.1


GROUPS = st.lists(st.tuples(st.integers(0, 10**9), st.integers(1, 40)), max_size=9)


@given(st.lists(st.tuples(st.integers(0, 10**9), GROUPS), max_size=7))
def test_every_box_lies_in_its_own(given_layers: list[tuple[int, list[tuple[int, int]]]]) -> None:
    """Whatever the sizes: boxes are in the picture, and what is in a box is in it; each layer is drawn or named."""
    layers = [layer(number, size) for number, (size, _) in enumerate(given_layers)]
    contents = [
        Contents(layer=one["digest"], groups=tuple(group(number, *each) for number, each in enumerate(groups)))
        for one, (_, groups) in zip(layers, given_layers, strict=True)
    ]
    made = pictures("image-0", layers, contents, {})
    for picture in made:
        for box in picture.boxes:
            assert within(box, (0, 0, 100, HEIGHT))
            assert all(within(each, (box.x, box.y, box.width, box.height)) for each in box.inner)
    assert len(made[0].boxes) + len(made[0].small) == sum(size > 0 for size, _ in given_layers)


def test_areas_are_sizes() -> None:
    """A layer that is three times as large has three times the room."""
    (picture,) = pictures("i", [layer(0, 300), layer(1, 100)], [], {})
    large, small = (box.width * box.height for box in picture.boxes)
    assert abs(large / small - 3) < 0.05


def test_where_boxes_lead() -> None:
    """A layer to its picture, a package to its component's row; one package alone shows its files at once."""
    contents = [
        Contents(layer=layer(0, 1)["digest"], groups=(group(0, 50, 3), group(1, 50, 3))),
        Contents(layer=layer(1, 1)["digest"], groups=(group(2, 50, 20),)),
    ]
    first, one, other = pictures("i", [layer(0, 100), layer(1, 100)], contents, {("wheel", "p1"): "components-9"})
    assert [box.href for box in first.boxes] == ["i-map-1", "i-map-2"]
    assert (one.name, [(box.name, box.href) for box in one.boxes]) == ("i-map-1", [("p0", ""), ("p1", "components-9")])
    assert other.boxes[0].name == "8 other files"
    assert first.boxes[0].short == "200 B"


def test_names_have_an_end() -> None:
    """A path of any length is cut in its middle, in boxes and in the table; its beginning and end stay."""
    long = "a" * 400 + "/" + "b" * 400 + ".end"
    one = Group(kind="", name=long, size=2, count=2, files=((long, 1), (f"{long}2", 1)))
    contents = [Contents(layer=layer(0, 9)["digest"], groups=(one, replace(one, name="x")))]
    said = repr((pictures("i", [layer(0, 9)], contents, {}), weights("i", [layer(0, 9)], contents)))
    assert "b" * 160 not in said
    assert "a" * 160 not in said
    assert "bb.end'" in said
    assert "'/aaa" in said


def test_a_page_has_an_end() -> None:
    """However many layers there are, boxes and rows of a page are bounded, and what is cut off says so."""
    layers = [layer(number, 10_000) for number in range(100)]
    groups = tuple(group(number, 500, 30) for number in range(60))
    contents = [Contents(layer=one["digest"], groups=groups) for one in layers]
    made = pictures("i", layers, contents, {})
    assert sum(1 + len(box.inner) for picture in made[1:] for box in picture.boxes) < 2400 + 60 * 25
    assert made[0].boxes[-1].href.startswith("i-layers-")
    table = weights("i", layers, contents, share=2)
    assert len(table.rows) == 450
    assert "the first 450 of 24,100 lines" in table.caption

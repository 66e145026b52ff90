"""What takes the room in an image, as pictures of two levels each: layers and packages, then packages and files.

A picture is as wide as the page and ``HEIGHT`` pixels high: x and widths are percents, y and heights pixels. What is
too small to be seen is named beside the picture; every number stands in a table.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from twinbuild.codec.amounts import counted
from twinbuild.describe.site.cells import Cell, Table, amount, columns, number, text
from twinbuild.describe.site.contents import Contents, Group
from twinbuild.describe.site.treemap import treemap

__all__ = ["HEIGHT", "Box", "Picture", "kind_of", "pictures", "weights"]

HEIGHT: Final = 400
_WIDE: Final = 1160  # pixels of a page that shapes are chosen for
_HEAD: Final = 24  # pixels of a box's title above what is in it
_EDGE: Final = 3
_ROOM: Final = (64, 20)  # pixels that a label needs
_SEEN: Final = 3  # pixels: what is smaller is not drawn
_INNER: Final = 24  # boxes in a box
_BOXES: Final = 2400  # of all pictures of a page, likewise
_NAMED: Final = 3  # files of a group in the table
_LONGEST: Final = 160  # characters of a path or name of a layer's: it may have any
_ROWS: Final = 900  # of all tables of a page, so that its size is bounded


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A part of a picture. ``href`` is where it leads, or ""; ``inner`` is what is in it.

    ``label``: 0 for none, 1 for its name in a line, 2 for name and size. ``is_head``: the label stands above ``inner``.
    """

    x: float
    y: float
    width: float
    height: float
    name: str
    said: str
    kind: str
    label: int = 0
    is_head: bool = False
    href: str = ""
    inner: tuple[Box, ...] = ()

    @property
    def short(self) -> str:
        """Its size alone."""
        return self.said.partition(",")[0].partition(" in ")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """``name`` is its identity on the page, "" for the first, which shows all; ``small`` is what is not drawn."""

    name: str
    title: str
    said: str
    boxes: tuple[Box, ...]
    small: tuple[Box, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """Something with a size, before it has a place."""

    name: str
    size: int
    kind: str
    href: str = ""
    parts: tuple[_Part, ...] = ()
    said: str = ""


def kind_of(title: str) -> str:
    """What a layer holds, of what its title begins with: it decides the colour alone."""
    first = title.split(" ", 1)[0]
    if first in ("Debian", "base"):
        return "system"
    if first in ("wheel", "Python") or "wheels" in title:
        return "python"
    if first == "artifact":
        return "model"
    return "application"


def pictures(
    name: str,
    layers: Sequence[Mapping[str, Any]],
    contents: Sequence[Contents],
    rows: Mapping[tuple[str, str], str],
    *,
    share: int = 1,
) -> tuple[Picture, ...]:
    """The picture of all layers, and one of each layer whose contents are known, while there is room on the page.

    ``name`` is the image's on the page; ``rows`` are the ids of components' rows, by kind and name. ``share``: among so
    many images of a page.
    """
    left = _BOXES // max(share, 1)
    groups = {each.layer: each.groups for each in contents}
    parts = []
    below = []
    for position, layer in enumerate(layers, 1):
        inside = groups.get(layer["digest"], ())
        title = layer["title"].removeprefix("wheel ")
        kind = kind_of(layer["title"])
        tiles = tuple(_part(each, kind, rows) for each in inside)
        shown = tiles[0].parts if len(tiles) == 1 else tiles
        picture = _picture(f"{name}-map-{position}", title, "", shown) if tiles and left > 0 else None
        href = picture.name if picture else f"{name}-layers-{position}"
        size, packed = layer.get("uncompressed_size") or layer["size"], layer["size"]
        said = f"{amount(size)}, {amount(packed)} compressed"
        parts.append(_Part(name=title, size=size, kind=kind, href=href, parts=shown, said=said))
        if picture:
            left -= sum(1 + len(each.inner) for each in picture.boxes)
            below.append(replace(picture, said=said))
    whole = _Part(name="", size=sum(each.size for each in parts), kind="")
    return (_picture("", "All layers", amount(whole.size), tuple(parts)), *below)


def _part(group: Group, kind: str, rows: Mapping[tuple[str, str], str]) -> _Part:
    named = [(_cut(path.rpartition("/")[2]), size) for path, size in group.files]
    files = [_Part(name=name, size=size, kind=kind, said=amount(size)) for name, size in named]
    left, count = group.size - sum(each.size for each in files), group.count - len(files)
    if count and files:
        files.append(_Part(name=counted(count, "other file", grouped=True), size=left, kind=kind, said=amount(left)))
    many = counted(group.count, "file", grouped=True)
    return _Part(
        name=_cut(group.name),
        size=group.size,
        kind=kind,
        href=rows.get((group.kind, group.name), ""),
        parts=tuple(files),
        said=f"{amount(group.size)} in {many}",
    )


def _picture(name: str, title: str, said: str, parts: tuple[_Part, ...]) -> Picture:
    boxes = tuple(_placed(parts, (0.0, 0.0, 100.0, float(HEIGHT)), deep=True))
    drawn = [each for each in boxes if _is_seen(each)]
    small = tuple(each for each in boxes if not _is_seen(each))
    return Picture(name=name, title=title, said=said, boxes=tuple(drawn), small=small)


def _is_seen(box: Box) -> bool:
    return box.width * _WIDE / 100 >= _SEEN and box.height >= _SEEN


def _placed(parts: Sequence[_Part], area: tuple[float, float, float, float], *, deep: bool) -> Iterator[Box]:
    """A box for each part, within an area of percents and pixels; the largest first."""
    x, y, width, height = area
    if width <= 0 or height <= 0:
        return
    for tile in treemap([each.size for each in parts], aspect=width / 100 * _WIDE / height):
        part = parts[tile.index]
        place = (
            round(x + tile.x * width / 100, 3),
            round(y + tile.y * height / 100, 2),
            round(tile.width * width / 100, 3),
            round(tile.height * height / 100, 2),
        )
        inner = tuple(each for each in _inner(part, place) if _is_seen(each)) if deep else ()
        wide, high = place[2] * _WIDE / 100, place[3]
        label = 0 if wide < _ROOM[0] or high < _ROOM[1] else 1 if high < 2 * _ROOM[1] or inner else 2
        yield Box(
            x=place[0],
            y=place[1],
            width=place[2],
            height=place[3],
            name=part.name,
            said=part.said,
            kind=part.kind,
            label=label,
            is_head=bool(inner),
            href=part.href,
            inner=inner,
        )


def _inner(part: _Part, place: tuple[float, float, float, float]) -> Iterator[Box]:
    """What is in a part, below its title, where there is room for both."""
    x, y, width, height = place
    edge = _EDGE / _WIDE * 100
    head = _HEAD if width * _WIDE / 100 >= _ROOM[0] and height >= 2 * _HEAD else _EDGE
    if len(part.parts) < 2 or head == _EDGE:
        return
    within = (x + edge, y + head, width - 2 * edge, height - head - _EDGE)
    yield from _placed(part.parts[:_INNER], within, deep=False)


def weights(name: str, layers: Sequence[Mapping[str, Any]], contents: Sequence[Contents], *, share: int = 1) -> Table:
    """Every number of the pictures: layers, packages, the largest files. ``share``: among so many images of a page."""
    groups = {each.layer: each.groups for each in contents}
    rows = [row for layer in layers for row in _weights(layer, groups.get(layer["digest"], ()))]
    most = _ROWS // max(share, 1)
    cut = f", the first {most:,} of {len(rows):,} lines" if len(rows) > most else ""
    return Table(
        name=f"{name}-weights",
        caption=f"What takes the room, in bytes{cut}",
        columns=columns("Layer", "Package or directory", "File", "#Bytes"),
        rows=tuple(rows[:most]),
        searched="Search layers, packages, files",
    )


def _weights(layer: Mapping[str, Any], groups: Sequence[Group]) -> Iterator[tuple[Cell, ...]]:
    title = text(layer["title"])
    yield title, text(""), text("all"), number(layer.get("uncompressed_size") or layer["size"])
    for group in groups:
        many = counted(group.count, "file", grouped=True)
        name = text(_cut(group.name))
        yield title, name, text(many), number(group.size)
        for path, size in group.files[:_NAMED]:
            yield title, name, Cell(text=_cut(f"/{path}"), kind="code"), number(size)


def _cut(said: str) -> str:
    half = _LONGEST // 2
    return said if len(said) <= _LONGEST else f"{said[:half]}…{said[1 - half :]}"

"""The difference of two releases as a table, Markdown and JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from twinbuild.codec.amounts import counted
from twinbuild.codec.canonical import Json
from twinbuild.codec.markdown import table
from twinbuild.deploy.parity.difference import ABSENT, LEVELS
from twinbuild.deploy.parity.shown import brief, by_risk, marked, plain
from twinbuild.pipeline.explain.diff import OTHER_BYTES, Change, ReleaseDiff, Section
from twinbuild.pipeline.explain.layerdiff import FileChange, ImageDiff, LayerDiff

__all__ = ["diff_json", "diff_markdown", "diff_table"]

_FILES: Final = 5  # of a layer that a person is shown
_UNITS: Final = ("bytes", "kB", "MB", "GB", "TB")


def diff_table(diff: ReleaseDiff) -> Iterator[str]:
    """Lines for a terminal."""
    names = tuple(map(plain, diff.names))
    yield f"no difference between {names[0]} and {names[1]}" if diff.same else f"{names[0]} -> {names[1]}"
    for section in diff.sections:
        rows = _rows(section)
        widths = [max(len(row[column]) for row in rows) for column in range(5)]
        yield ""
        yield f"{section.name}:"
        for row in rows:
            cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
            yield "  " + "  ".join([*(cell for cell, width in zip(cells, widths, strict=True) if width), row[5]])
    for image in diff.images if not diff.same else ():
        yield ""
        yield from _image(image)
    if not diff.same:
        yield ""
        yield by_risk(tuple(each.difference for section in diff.sections for each in section.changes))
    yield from (f"not compared: {plain(note)}" for note in diff.notes)


def _rows(section: Section) -> list[tuple[str, str, str, str, str, str]]:
    """A row for each change; rendered documents, which follow from the rest, by the directory that they lie in."""
    if section.name != "documents":
        return [_row(each) for each in section.changes]
    folded: dict[tuple[str, str, str], list[Change]] = {}
    for each in section.changes:
        parts = each.what.split("/")
        where = "/".join(parts[:2]) if len(parts) > 2 else parts[0] if len(parts) == 2 else each.what
        folded.setdefault((each.difference.risk, each.word, where), []).append(each)
    return [
        _row(group[0])
        if len(group) == 1
        else (risk, word, "", f"{plain(where)}/", f"{len(group)} files", group[0].difference.reason)
        for (risk, word, where), group in folded.items()
    ]


def _row(each: Change) -> tuple[str, str, str, str, str, str]:
    item = each.difference
    sides = " -> ".join(brief(plain(_version(each, side))) for side in (item.first, item.second) if side != ABSENT)
    return item.risk, each.word, each.scope, brief(plain(each.what)), sides, item.reason


def _version(each: Change, value: str) -> str:
    """Of a package its version alone, unless it is the other bytes that matter."""
    return value.partition(" ")[0] if each.scope and each.word != OTHER_BYTES else value


def _image(image: ImageDiff) -> Iterator[str]:
    kept = sum(each.shared for each in image.layers)
    there = sum(bool(each.numbers[1]) for each in image.layers)
    sizes = f"({_size(image.shared)}), {_size(image.pulled)} to fetch"
    yield f"layers of {plain(image.name)}: {kept} of {there} shared {sizes}"
    for each in image.layers:
        if not each.shared:
            yield f"  {_layer(each)}"
            yield from (f"    {_file(file)}" for file in each.files[:_FILES])
            left = each.added + each.removed + each.changed - len(each.files[:_FILES])
            if left > 0:
                yield f"    and {left} more"


def _layer(each: LayerDiff) -> str:
    word = "added" if not each.numbers[0] else "removed" if not each.numbers[1] else "changed"
    sizes = " -> ".join(_size(size) for size, number in zip(each.sizes, each.numbers, strict=True) if number)
    counts = f"{each.added} added, {each.removed} removed, {each.changed} changed"
    return f"{word}  layer {each.numbers[1] or each.numbers[0]} {plain(each.title)!r}, {sizes}: files {counts}"


def _file(each: FileChange) -> str:
    sign = "+" if each.before < 0 else "-" if each.after < 0 else "~"
    sizes = " -> ".join(_size(size) for size in (each.before, each.after) if size >= 0)
    return f"{sign} {plain(each.path)}  {sizes}"


def _size(size: int) -> str:
    number, unit = float(size), 0
    while number >= 1000 and unit < len(_UNITS) - 1:
        number, unit = number / 1000, unit + 1
    return f"{number:.1f} {_UNITS[unit]}" if unit else counted(size, "byte")


def diff_markdown(diff: ReleaseDiff) -> Iterator[str]:
    """Lines for a pull request or a release page."""
    yield f"### {marked(diff.names[0])} → {marked(diff.names[1])}"
    yield ""
    if diff.same:
        yield "No difference."
    for section in diff.sections:
        yield f"#### {section.name}"
        yield ""
        rows = [(f"**{row[0]}**", row[1], row[2], *map(marked, row[3:5]), row[5]) for row in map(_row, section.changes)]
        yield from table(("risk", "change", "asked for", "what", "before and after", "reason"), rows)
    for image in diff.images if not diff.same else ():
        lines = list(_image(image))
        yield f"#### {marked(lines[0])}"
        yield ""
        yield from (f"- {marked(line.strip())}" for line in lines[1:])
        yield ""
    if not diff.same:
        yield by_risk(tuple(each.difference for section in diff.sections for each in section.changes))
    yield from (f"\n{marked(f'not compared: {note}')}" for note in diff.notes)


def diff_json(diff: ReleaseDiff) -> dict[str, Json]:
    """The value; nothing is shortened but values beyond 200 characters, and files beyond 20 of a layer."""
    changes = [each for section in diff.sections for each in section.changes]
    return {
        "first": diff.names[0],
        "second": diff.names[1],
        "same": diff.same,
        "risks": {level: sum(each.difference.risk == level for each in changes) for level in LEVELS},
        "sections": [
            {"name": section.name, "changes": [_change_json(each) for each in section.changes]}
            for section in diff.sections
        ],
        "images": [
            {
                "name": image.name,
                "shared_bytes": image.shared,
                "fetched_bytes": image.pulled,
                "layers": [_layer_json(each) for each in image.layers],
            }
            for image in diff.images
        ],
        "notes": list(diff.notes),
    }


def _change_json(each: Change) -> dict[str, Json]:
    item = each.difference
    return {
        "change": each.word,
        "scope": each.scope or None,
        "what": each.what,
        "path": list(item.path),
        "first": None if item.first == ABSENT else item.first,
        "second": None if item.second == ABSENT else item.second,
        "risk": item.risk,
        "reason": item.reason,
    }


def _layer_json(each: LayerDiff) -> dict[str, Json]:
    return {
        "title": each.title,
        "first": each.numbers[0] or None,
        "second": each.numbers[1] or None,
        "shared": each.shared,
        "first_size": each.sizes[0],
        "second_size": each.sizes[1],
        "added": each.added,
        "removed": each.removed,
        "changed": each.changed,
        "files": [
            {
                "path": file.path,
                "before": None if file.before < 0 else file.before,
                "after": None if file.after < 0 else file.after,
            }
            for file in each.files
        ],
    }

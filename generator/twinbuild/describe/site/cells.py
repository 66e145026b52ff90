"""Tables and lists of facts as values: what a template shows, without a word of HTML in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

__all__ = ["Cell", "Column", "Fact", "Table", "amount", "badge", "code", "columns", "digest", "number", "size", "text"]

Kind = Literal["text", "code", "date", "digest", "number", "badge", "badges", "link"]
Tone = Literal["", "good", "warn", "bad"]
_UNITS: Final = ("B", "kB", "MB", "GB", "TB", "PB")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One value. ``sort`` is what a column is sorted by where the text would sort otherwise; ``href`` a link to it."""

    text: str
    kind: Kind = "text"
    sort: str = ""
    tone: Tone = ""
    href: str = ""
    note: str = ""  # a second line, smaller
    more: str = ""  # what ``rest`` is called while it is folded away
    rest: str = ""  # the end of a long text
    parts: tuple[Cell, ...] = ()  # of badges


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column's heading; ``is_number`` for values that stand to the right."""

    title: str
    is_number: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """``name`` is its identity on the page; ``searched`` what the field above it asks for, empty for no field.

    ``empty`` is the sentence that stands in its place where it has no rows.
    """

    name: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    empty: str = ""
    searched: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A word and what it stands for."""

    term: str
    cells: tuple[Cell, ...]


def text(value: object, *, note: str = "") -> Cell:
    """A plain text."""
    return Cell(text=str(value), note=note)


def code(value: object) -> Cell:
    """A text of a machine."""
    return Cell(text=str(value), kind="code")


def digest(value: object) -> Cell:
    """A digest, which may be shortened to the eye and never in the page."""
    return Cell(text=str(value), kind="digest")


def number(value: float) -> Cell:
    """A number as it is."""
    return Cell(text=f"{value:,}", kind="number", sort=str(value))


def size(value: int) -> Cell:
    """Bytes, for people; sorted by the exact number."""
    return Cell(text=amount(value), kind="number", sort=str(value))


def badge(value: object, tone: Tone) -> Cell:
    """A word that says how something ended."""
    return Cell(text=str(value), kind="badge", tone=tone)


def columns(*titles: str) -> tuple[Column, ...]:
    """Columns by their titles; one that begins with # holds numbers."""
    return tuple(Column(title=title.removeprefix("#"), is_number=title.startswith("#")) for title in titles)


def amount(value: int) -> str:
    """Bytes in the unit that leaves one to three digits before the point, as 43.2 MB."""
    left = float(value)
    for unit in _UNITS:
        if left < 999.95 or unit == _UNITS[-1]:
            return f"{left:.0f} {unit}" if unit == "B" else f"{left:.1f} {unit}"
        left /= 1000
    raise AssertionError(value)

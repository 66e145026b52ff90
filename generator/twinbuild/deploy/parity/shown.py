"""Differences as text: a table, Markdown for pull requests, JSON, JUnit XML for pipelines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from twinbuild.codec.amounts import counted
from twinbuild.codec.canonical import Json
from twinbuild.codec.markdown import unlinked
from twinbuild.deploy.parity.difference import ABSENT, LEVELS, Difference

__all__ = ["as_json", "as_junit", "as_markdown", "as_table", "brief", "by_risk", "marked", "plain"]

_DIGEST: Final = re.compile(r"\b([0-9a-f]{12})[0-9a-f]{52}\b")
_WIDEST: Final = 60  # characters of a value in the table
_MARKS: Final = re.compile(r"([\\`*_{}\[\]<>()#+!|~&@-])")
_UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")


def as_table(differences: tuple[Difference, ...], *, names: tuple[str, str], notes: tuple[str, ...]) -> str:
    """Lines for a terminal."""
    if not differences:
        return "\n".join((f"no difference between {plain(names[0])} and {plain(names[1])}", *_noted(notes), ""))
    rows = [("risk", "section", "what", "first", "second", "reason")]
    rows += [
        (item.risk, item.section, item.what, brief(item.first), brief(item.second), item.reason) for item in differences
    ]
    cells = [[plain(cell) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in cells) for column in range(5)]
    lines = [
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[5]]) for row in cells
    ]
    return "\n".join([*lines, by_risk(differences), *_noted(notes), ""])


def as_markdown(differences: tuple[Difference, ...], *, names: tuple[str, str], notes: tuple[str, ...]) -> str:
    """A table for a pull request. What stands in a document is text there, whatever it holds."""
    lines = [f"### {marked(names[0])} → {marked(names[1])}", ""]
    if not differences:
        lines.append("No difference.")
    else:
        lines += ["| risk | section | what | before | after | reason |", "|---|---|---|---|---|---|"]
        lines += [
            "| " + " | ".join((f"**{item.risk}**", *map(marked, _cells(item)), item.reason)) + " |"
            for item in differences
        ]
        lines += ["", by_risk(differences)]
    lines += [line for note in _noted(notes) for line in ("", marked(note))]
    return "\n".join(lines) + "\n"


def as_json(differences: tuple[Difference, ...], *, names: tuple[str, str], notes: tuple[str, ...]) -> dict[str, Json]:
    """The value; nothing is shortened but values beyond 200 characters."""
    return {
        "first": names[0],
        "second": names[1],
        "same": not differences,
        "differences": [
            {
                "section": item.section,
                "what": item.what,
                "first": None if item.first == ABSENT else item.first,
                "second": None if item.second == ABSENT else item.second,
                "risk": item.risk,
                "reason": item.reason,
            }
            for item in differences
        ],
        "notes": list(notes),
    }


def as_junit(
    differences: tuple[Difference, ...],
    *,
    names: tuple[str, str],
    sections: tuple[str, ...],
    notes: tuple[str, ...],
) -> str:
    """A test suite with a case for each section that was compared; it fails with each difference of it.

    What could not be compared is a case that was skipped.
    """
    by_section = {section: [item for item in differences if item.section == section] for section in sections}
    by_section |= {item.section: [each for each in differences if each.section == item.section] for item in differences}
    failed = sum(bool(found) for found in by_section.values())
    title = quoteattr(plain(f"parity of {names[0]} and {names[1]}"))
    lines = ['<?xml version="1.0" encoding="UTF-8"?>']
    counts = f'tests="{len(by_section) + len(notes)}" failures="{failed}"'
    lines.append(f'<testsuites name="twinbuild parity" {counts}>')
    lines.append(f'  <testsuite name={title} {counts} errors="0" skipped="{len(notes)}">')
    for section, found in sorted(by_section.items()):
        start = f'    <testcase classname="twinbuild.parity" name={quoteattr(plain(section))}'
        if not found:
            lines.append(f"{start}/>")
            continue
        worst = min(found, key=lambda item: LEVELS.index(item.risk)).risk
        lines.append(f"{start}>")
        lines.append(f'      <failure type="{worst}" message="{len(found)} differences">')
        lines += [escape(plain(f"{item.risk}: {_sentence(item)}")) for item in found]
        lines += ["      </failure>", "    </testcase>"]
    for note in notes:
        lines.append(f'    <testcase classname="twinbuild.parity" name={quoteattr(plain(note))}>')
        lines += ['      <skipped message="not compared"/>', "    </testcase>"]
    return "\n".join([*lines, "  </testsuite>", "</testsuites>", ""])


def _sentence(item: Difference) -> str:
    return f"{item.what}: {_digests(item.first)} -> {_digests(item.second)} ({item.reason})"


def _cells(item: Difference) -> tuple[str, str, str, str]:
    return (item.section, item.what, _digests(item.first), _digests(item.second))


def by_risk(differences: tuple[Difference, ...]) -> str:
    """How many differences there are of each risk."""
    counts = [(sum(item.risk == level for item in differences), level) for level in LEVELS]
    total = len(differences)
    return f"{counted(total, 'difference')}: {', '.join(f'{count} {level}' for count, level in counts)}"


def _noted(notes: tuple[str, ...]) -> Iterator[str]:
    return (f"not compared: {note}" for note in notes)


def brief(text: str) -> str:
    """A value for a table: digests and long texts cut."""
    text = _digests(text)
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}…"


def _digests(text: str) -> str:
    """Digests as their first 12 digits."""
    return _DIGEST.sub(r"\1…", text)


def plain(text: str) -> str:
    """Without what could steer a terminal or break a line; also what XML 1.0 does not allow."""
    return _UNPRINTABLE.sub("\ufffd", text).replace("\ufffe", "\ufffd").replace("\uffff", "\ufffd")


def marked(text: str) -> str:
    """Text that is no Markdown, whatever it holds."""
    return unlinked(_MARKS.sub(r"\\\1", plain(text)))

"""A catalogue on disk: a page for each release, what changed between neighbours, and the list of all.

Releases pass through one at a time: of each, the catalogue keeps a line and the facts that are compared. Two catalogues
of the same releases are the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from twinbuild.describe.site.catalogue import Entry, by_name, entry, neighbours
from twinbuild.describe.site.pages import TEMPLATES, Pages
from twinbuild.describe.site.published import Published
from twinbuild.pipeline.output import SITE_MARK, Output, replace_directory, write_file
from twinbuild.pipeline.site.differing import Stated, Statements, any_two, compared
from twinbuild.pipeline.templates import template

__all__ = ["Source", "Written", "write_report", "write_site"]

Source = Callable[[], Published]
_MARK_TEXT: Final = "A catalogue of releases: `twinbuild site` writes it anew as a whole.\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What was written: numbers of releases, names and pages, and the bytes of all pages."""

    releases: int
    names: int
    pages: int
    size: int


def shipped_pages() -> Pages:
    """The pages by the templates of this installation."""
    return Pages({name: template(name) for name in TEMPLATES})


def write_report(release: Published, output: Path) -> int:
    """Write the page of one release, and nothing else; its size in bytes."""
    content = shipped_pages().report(release)
    write_file(output, content)
    return len(content)


def write_site(sources: Iterable[Source], output: Path) -> Written:
    """Write a catalogue in place of the one that lies there. A release that is given twice is in it once.

    Each of ``sources`` is called once, and what it gave is let go of before the next. Raises UsageError TB8020 where
    ``output`` is something that twinbuild did not write, and whatever a source raises: what lay there then stays.
    """
    pages, facts, made, statements = shipped_pages(), dict[str, Stated](), dict[str, Entry](), Statements()
    with replace_directory(output, Output.SITE) as fresh:
        for folder in ("releases", "compare"):
            (fresh / folder).mkdir()
        sizes = []
        for source in sources:
            release = source()
            if release.slug in made:
                continue
            made[release.slug], facts[release.slug] = entry(release), statements.of(release)
            place = fresh / "releases" / f"{release.slug}.html"
            sizes.append(_put(place, pages.report(release, in_catalogue=True)))
        entries = tuple(made.values())
        names = by_name(entries)
        sizes.append(_put(fresh / "index.html", pages.index(entries, names)))
        for name, listed in names.items():
            for older, newer in neighbours(listed):
                found = compared(facts[older.slug], facts[newer.slug])
                place = fresh / "compare" / f"{older.slug}-{newer.slug}.html"
                sizes.append(_put(place, pages.difference(older, newer, found)))
            chooser = pages.chooser(name, listed, any_two([(each, facts[each.slug]) for each in listed]))
            sizes.append(_put(fresh / "compare" / f"{name}.html", chooser))
        (fresh / SITE_MARK).write_text(_MARK_TEXT)
    return Written(releases=len(made), names=len(names), pages=len(sizes), size=sum(sizes))


def _put(path: Path, content: bytes) -> int:
    path.write_bytes(content)
    return len(content)

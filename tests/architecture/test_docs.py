"""The documentation: generated pages are fresh, links lead somewhere, and nothing of one machine stands in them."""

from __future__ import annotations

import re
import runpy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import click
import pytest

from twinbuild.cli.__main__ import cli
from twinbuild.describe.conventions import RULES

ROOT: Final = Path(__file__).resolve().parents[2]
PAGES: Final = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
_LINK: Final = re.compile(r"\[[^\]\n]*\]\(([^)\s]+)\)")
_HEADING: Final = re.compile(r"^#+ (.+)$", re.MULTILINE)


def _generator() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "tools" / "write_docs.py"))


def test_generated_pages_are_fresh() -> None:
    """`make docs` would change nothing."""
    pages: Callable[[], dict[str, str]] = _generator()["pages"]
    stale = [name for name, text in pages().items() if (ROOT / "docs" / name).read_text("utf-8") != text]
    assert stale == [], "run `make docs`"


def _anchors(page: Path) -> set[str]:
    anchor: Callable[[str], str] = _generator()["_anchor"]
    return {anchor(heading) for heading in _HEADING.findall(page.read_text("utf-8"))}


def _links(page: Path) -> Iterator[tuple[str, str]]:
    text = re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL)
    for link in _LINK.findall(re.sub(r"`[^`\n]*`", "", text)):
        if not link.startswith(("http:", "https:", "mailto:")):
            path, _, fragment = link.partition("#")
            yield path, fragment


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links(page: Path) -> None:
    """Each relative link names a file, each fragment a heading of it."""
    for path, fragment in _links(page):
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{path} in {page.name}"
        if fragment:
            assert fragment in _anchors(target), f"{path}#{fragment} in {page.name}"


def test_no_digest_of_what_was_built_goes_stale() -> None:
    """Pages elide digests (`sha256:…`); those of README.md and release.md are of the committed example.

    Others are generated, and variants.md has base images that everybody makes with the same digest.
    """
    kept = {"README.md", "release.md", "cli.md", "errors.md", "spec.md", "families.md", "variants.md"}
    found = [
        f"{page.name}: {digest}"
        for page in PAGES
        if page.name not in kept
        for digest in re.findall(r"sha256:[0-9a-f]{12,}", page.read_text("utf-8"))
    ]
    assert found == []
    digest = (ROOT / "examples" / "fraud-scorer" / "release.digest").read_text().strip()
    for page in (ROOT / "README.md", ROOT / "docs" / "release.md"):
        assert f"release  fraud-scorer 1.0.0  {digest}\n" in page.read_text("utf-8")


def test_no_page_is_linked_twice_in_a_paragraph_of_links() -> None:
    """The README's list of pages names each once."""
    section = (ROOT / "README.md").read_text("utf-8").partition("## Documentation")[2]
    links = _LINK.findall(section)
    assert len(links) == len(set(links))


def test_conventions_are_listed() -> None:
    """docs/ci.md has a line for every rule of `lint`."""
    page = (ROOT / "docs" / "ci.md").read_text("utf-8")
    assert [code for code, rule in RULES.items() if f"| {code} | {rule}" not in page] == []


def test_every_page_is_in_the_index() -> None:
    """docs/README.md links every page, and the README the index."""
    linked = {path for path, _ in _links(ROOT / "docs" / "README.md")}
    assert {page.name for page in (ROOT / "docs").glob("*.md")} - {"README.md"} <= linked
    assert "docs/README.md" in {path for path, _ in _links(ROOT / "README.md")}


def test_the_readme_has_every_verb() -> None:
    """Each verb is in the README's tables, where a newcomer looks for it."""
    rows = " ".join(re.findall(r"^\| (`[^|]+) \|", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE))
    assert [verb for verb in cli.list_commands(click.Context(cli)) if not re.search(rf"`{verb}\b[^-]", rows)] == []

"""``describe.site.beside``: what gets into no image, and what it is for."""

from __future__ import annotations

from typing import Any

from fakes.published import example, shipped_pages
from twinbuild.describe.site.beside import beside


def package(name: str) -> dict[str, Any]:
    """A package of a release manifest."""
    return {"name": name, "version": "1", "sha256": "0" * 64}


def given(document: dict[str, Any]) -> None:
    """Packages beside two targets, and those of a step."""
    entry = {"variant": "cpu", "platform": "linux/amd64", "build": [package("hatchling")], "test": [package("pytest")]}
    document["dependencies"]["beside"] = [entry, {**entry, "platform": "linux/arm64"}]
    step = {"name": "tokens", "wheels": [package("pytest")], "os_packages": [package("gcc")]}
    document["environment"]["targets"][0]["steps"] = [step]


def test_each_purpose_is_told_once() -> None:
    """However many targets have it."""
    rows = [tuple(cell.text for cell in row)[:4] for row in beside(example(change=given).document).rows]
    assert rows == [
        ("gcc", "1", "deb", "step tokens"),
        ("hatchling", "1", "wheel", "building"),
        ("pytest", "1", "wheel", "step tokens"),
        ("pytest", "1", "wheel", "tests"),
    ]
    assert beside(example().document).rows == ()


def test_the_graph_leads_to_it() -> None:
    """A node of its own, and none where there is nothing."""
    pages = shipped_pages()
    text = pages.report(example(change=given)).decode()
    assert 'href="#beside"' in text
    assert 'id="beside"' in text
    assert "4 to build and test" in text
    assert 'href="#beside"' not in pages.report(example()).decode()

"""``describe.site.pages``: the same bytes each time, nothing loaded, and no value becomes structure."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from fakes.published import HOSTILE, example, hostile, shipped_pages
from twinbuild.describe.site.catalogue import by_name, entry
from twinbuild.describe.site.difference import Change, Comparison, Section
from twinbuild.describe.site.pages import Pages
from twinbuild.pipeline.site.differing import Statements, any_two, compared

_FETCHING = frozenset({"src", "srcset", "data", "poster", "background", "action", "formaction", "style", "ping"})


class _Tags(HTMLParser):
    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.feed(page.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]


@pytest.fixture(scope="module")
def pages() -> Pages:
    """The pages by the shipped templates."""
    return shipped_pages()


def _all(pages: Pages) -> list[bytes]:
    one, two = example(), example("1.1.0", day=1)
    names = by_name([entry(one), entry(two)])
    statements = Statements()
    stated = {each.digest: statements.of(each) for each in (one, two, hostile())}
    change = Change(word="added", scope="direct", what=HOSTILE, before="", after=HOSTILE, risk="high", reason=HOSTILE)
    sections = (*compared(stated[one.digest], stated[two.digest]).sections, Section(title=HOSTILE, changes=(change,)))
    choices = [(entry(each), stated[each.digest]) for each in (two, hostile())]
    return [
        pages.report(one),
        pages.report(two, in_catalogue=True),
        pages.report(hostile()),
        pages.report(replace(one, bom=None, builders=())),
        pages.index([entry(one), entry(two), entry(hostile())], names),
        pages.difference(entry(one), entry(two), Comparison(sections=sections)),
        pages.chooser("fraud-scorer", [each for each, _ in choices], any_two(choices)),
    ]


def test_the_same_bytes(pages: Pages) -> None:
    """Made again by other templates read anew, each page is the same."""
    assert _all(pages) == _all(shipped_pages())


def test_nothing_is_loaded(pages: Pages) -> None:
    """No attribute fetches, no element does; every link is to a page, a place on it, or the web by choice."""
    for page in _all(pages):
        found = _Tags(page)
        assert not {"img", "iframe", "object", "embed", "form", "base", "video", "audio"} & set(found.tags)
        for tag, name, value in found.attributes:
            assert name not in _FETCHING
            assert not name.startswith("on")
            if name == "href" and tag != "link":
                assert re.fullmatch(
                    r"#[A-Za-z0-9-]+|(\.\./)?([a-z]+/)?[A-Za-z0-9.-]+\.html(#to=[A-Za-z0-9.-]+)?|https?://[^\s<>\"']+",
                    value,
                )


def test_the_policy_names_what_stands_in_the_page(pages: Pages) -> None:
    """Style and script by their digests, and nothing else may be loaded."""
    for page in _all(pages):
        text = page.decode()
        (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', text)
        assert policy.startswith("default-src &#39;none&#39;; ")
        assert "unsafe" not in policy
        for tag in ("style", "script"):
            (content,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
            assert f"sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}" in policy


def test_no_value_becomes_structure(pages: Pages) -> None:
    """A release whose texts are markup has the elements of one whose texts are words."""
    page = pages.report(hostile())
    assert set(_Tags(page).tags) == set(_Tags(pages.report(example())).tags)
    text = page.decode()
    assert "\u202e" not in text
    assert "\x07" not in text
    assert "&lt;U+202E&gt;exe.x" in text
    assert "javascript:owned=1 {{7*7}}" in text  # as text, and no template of ours


def test_many_rows(pages: Pages) -> None:
    """Of several thousand the first stand there at once; of fewer all do."""
    one = example()
    assert one.bom is not None
    for count, hidden in ((2000, 0), (2001, 1001)):
        parts = tuple(replace(one.bom.components[0], reference=f"r{number}") for number in range(count))
        page = pages.report(replace(one, bom=replace(one.bom, components=parts)))
        rows = re.findall(rb'<tr id="components-[0-9]+"( hidden)?>', page)
        assert (len(rows), rows.count(b" hidden"), b'data-most="1000"' in page) == (count, hidden, hidden > 0)
        assert all(rows[-hidden:]) or not hidden


def test_entries_of_a_log_are_shown_and_not_verified(pages: Pages) -> None:
    """The page says so where it shows some, and only there."""
    said = b"this page verified neither"
    assert said in pages.report(hostile())
    assert said not in pages.report(replace(hostile(), entries=()))


def test_no_text_ends_the_element_of_its_data(pages: Pages) -> None:
    """JSON in a page has no character that HTML knows; read back, it is what it was."""
    for page in _all(pages):
        for content in re.findall(r'<script type="application/json"[^>]*>(.*?)</script>', page.decode(), re.DOTALL):
            assert not set("<>&") & set(content)
            assert isinstance(json.loads(content), dict)
    assert json.dumps(HOSTILE).encode() in pages.report(hostile()).replace(b"\\u003c", b"<").replace(
        b"\\u003e", b">"
    ).replace(b"\\u0026", b"&")


_NO_LINKS = (
    "javascript:alert(1)",
    "javascript://a.b/%0aalert(1)",
    "file:///etc/passwd",
    "ftp://a.b/c",
    "data:text/html,x",
    "https://a\n.b",
    "//x.y",
    'https://a"b',
)


@pytest.mark.parametrize("address", _NO_LINKS)
def test_what_is_no_link(pages: Pages, address: str) -> None:
    """Anything but http and https stays text."""
    one = example(change=lambda document: document["source"].update(repository=address))
    assert not [value for _, name, value in _Tags(pages.report(one)).attributes if name == "href" and address in value]


def test_a_link(pages: Pages) -> None:
    """The repository of the source is one; whoever follows it is not followed."""
    text = pages.report(example()).decode()
    assert '<a href="https://git.example/payments/fraud-scorer" rel="noopener noreferrer nofollow">' in text

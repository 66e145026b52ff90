"""Whether a text is that of a known licence, by SPDX's own templates and its matching guidelines (SPDX 2.3, annex B).

A text is compared whole: every word of it must be one of the template's, in its order. What the guidelines call
replaceable is passed over (case, punctuation, bullets, copyright notices, a title), what a template marks as variable
must fit the template's own expression and stay short. Nothing is scored, and no licence is found inside of a longer
text: a text with one more sentence is not that licence. What is passed over is where terms could hide: so a notice and
a variable part name people and things in Latin letters, without the words that sentences of terms are made of.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from xml.etree import ElementTree as ET
from xml.etree.ElementTree import Element

__all__ = ["LARGEST_TEXT", "Template", "Text", "is_text_of", "speaks_of_terms", "template", "words_of"]

LARGEST_TEXT: Final = 256 << 10  # bytes; the longest template has 60 KiB
_SPACE: Final = "{http://www.spdx.org/license}"
_WORD: Final = re.compile(  # letters of other scripts are words, whatever Unicode this Python has; some signs are none
    r"[a-z0-9]+|[^\x00-\x7f\xa0\xa7\xa9\xab\xae\xb6\xb7\xbb\u2000-\u200a\u2010-\u201f\u2022\u2026\u202f"
    r"\u2039\u203a\u2122\u3000\ufeff]+",
    re.ASCII,
)
_LATIN: Final = re.compile(r"[a-z0-9\u00c0-\u024f\u0300-\u036f\u1e00-\u1eff]+", re.ASCII)
_BULLET: Final = re.compile(
    r"^[ \t]*(?:(?:\(?(?:\d{1,2}|[a-z]|[ivx]{1,4})[.)]|\d{1,2}(?:\.\d{1,2}){1,3}\.?|[-*+•])[ \t]+)+"
)
_NOTICE: Final = re.compile(
    r"[\W_]*(?:portions[ \t]+)?(?:copyright\b(?=[^a-z]*(?:\(c\)|©|\d{4}|by\b|<))|\(c\)|©|all rights reserved)"
)
_NO_NOTICE: Final = frozenset(  # words of terms: a line with one of them is none that may be passed over
    [
        "license",
        "licenses",
        "licensed",
        "permission",
        "permitted",
        "granted",
        "grant",
        "use",
        "used",
        "may",
        "must",
        "shall",
        "not",
        "no",
        "only",
        "except",
        "terms",
        "condition",
        "conditions",
        "provided",
        "subject",
        "without",
        "unless",
        "free",
        "commercial",
        "notice",
        "liable",
        "warranty",
        "holder",
        "holders",
        "prohibit",
        "prohibited",
        "prohibits",
        "forbid",
        "forbidden",
        "forbids",
        "disallowed",
        "allowed",
        "restricted",
        "restriction",
        "restrictions",
        "requires",
        "required",
        "agree",
        "agreement",
        "consent",
        "sell",
        "selling",
        "sold",
        "redistribution",
        "redistribute",
        "redistributed",
        "usage",
        "using",
        "purpose",
        "purposes",
        "noncommercial",
        "proprietary",
        "confidential",
        "evaluation",
        "royalty",
        "royalties",
        "fee",
        "fees",
        "pay",
        "paid",
        "never",
        "cannot",
        "under",
        "agpl",
        "lgpl",
        "gpl",
        "sspl",
        "busl",
        "eula",
    ]
)
_SENTENCE: Final = frozenset(  # words of sentences, of which neither a name nor a notice is one
    [
        "is",
        "are",
        "be",
        "was",
        "were",
        "been",
        "has",
        "have",
        "should",
        "does",
        "this",
        "these",
        "that",
        "those",
        "which",
        "whoever",
        "everybody",
        "anyone",
        "any",
        "every",
        "if",
        "when",
        "you",
        "your",
        "they",
    ]
)
_TITLE: Final = frozenset(
    [
        "the",
        "a",
        "mit",
        "expat",
        "bsd",
        "isc",
        "apache",
        "zlib",
        "x11",
        "2",
        "3",
        "clause",
        "new",
        "simplified",
        "revised",
        "modified",
        "open",
        "source",
        "software",
        "license",
        "copyright",
    ]
)
_COMMENT: Final = re.compile(r"^[ \t]*(?://|#+|;+|\*+|[>|])[ \t]?")
_SAME: Final = {"licence": "license", "licences": "licenses", "https": "http"}  # of equivalentwords.txt, what occurs
_GAP: Final = 40  # words that a variable part may have
_LONGEST_GAP: Final = 400  # characters of them
_LONGEST_NOTICE: Final = 40  # words of a line that may be passed over
_HOLDERS: Final = frozenset(["holder", "holders"])  # whom variable parts name


@dataclass(frozen=True, slots=True)
class _Words:
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Variable:
    expression: str
    original: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Optional:
    parts: tuple[_Part, ...]


_Part = _Words | _Variable | _Optional


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """The text of a licence as SPDX's list has it: words, variable parts and optional ones."""

    licence: str
    parts: tuple[_Part, ...]


def template(content: bytes) -> Template:
    """The template of a file of SPDX's license-list-XML. ``content`` is our own: it is parsed without a bound."""
    root = ET.fromstring(content)  # noqa: S314  packaged with the program
    found = root.find(f"{_SPACE}license")
    assert found is not None, "a licence of SPDX's list"
    text = found.find(f"{_SPACE}text")
    assert text is not None, "every licence has a text"
    return Template(licence=found.attrib["licenseId"], parts=tuple(_parts(text)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """What counts of a text: its words, of which the first ``title`` are a title that may be passed over."""

    words: tuple[str, ...]
    title: int


def is_text_of(text: Text, licence: Template) -> bool:
    """Whether a text is that of a licence, from its first word to its last."""
    return len(text.words) in _ends(licence.parts, text.words, frozenset({0, text.title}))


def speaks_of_terms(text: Text) -> bool:
    """Whether any word of a text is one that terms are made of, or of a script that is not Latin.

    NOTICE and AUTHORS often have none.
    """
    return not _NO_NOTICE.isdisjoint(text.words) or not all(map(_LATIN.fullmatch, text.words))


def words_of(text: str) -> Text:
    """The words of a text, without copyright notices and bullets."""
    found: list[str] = []
    title = 0
    for line in text.casefold().splitlines():
        bare = _COMMENT.sub("", line)
        words = _words(_BULLET.sub("", bare))
        if _NOTICE.match(bare) and len(words) <= _LONGEST_NOTICE and _names_only(words):
            continue
        if not found and "license" in words and _TITLE.issuperset(words):
            title = len(words)
        found += words
    return Text(words=tuple(found), title=title)


def _names_only(words: tuple[str, ...], but: frozenset[str] = frozenset()) -> bool:
    """Whether words can name people and things, and say nothing; ``but`` are words that are expected there."""
    found = frozenset(words) - but
    return (_NO_NOTICE | _SENTENCE).isdisjoint(found) and all(map(_LATIN.fullmatch, found))


def _words(text: str) -> tuple[str, ...]:
    plain = text.casefold().replace("\u2019", "'").replace("'", "").replace("(c)", " ")
    return tuple(_SAME.get(word, word) for word in _WORD.findall(plain))


def _ends(parts: tuple[_Part, ...], words: tuple[str, ...], starts: frozenset[int]) -> frozenset[int]:
    """Where a reading of the parts can end, of those that begin at one of the starts."""
    for part in parts:
        if not starts:
            break
        match part:
            case _Words(wanted):
                starts = frozenset(at + len(wanted) for at in starts if words[at : at + len(wanted)] == wanted)
            case _Variable():
                starts = frozenset(end for at in starts for end in _variable(part, words, at))
            case _Optional(inner):
                starts |= _ends(inner, words, starts)
    return starts


def _variable(part: _Variable, words: tuple[str, ...], at: int) -> Iterator[int]:
    expected = _HOLDERS.union(part.original, _words(part.expression.replace("\\s", " ")))
    for end in range(at, min(at + _GAP, len(words)) + 1):
        found = words[at:end]
        text = " ".join(found)
        if len(text) > _LONGEST_GAP:
            return
        if found == part.original or (_names_only(found, expected) and _expression(part.expression).fullmatch(text)):
            yield end


@lru_cache(maxsize=512)
def _expression(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE | re.DOTALL)


def _parts(element: Element) -> Iterator[_Part]:
    if element.text:
        yield from _literal(element.text)
    for child in element:
        match child.tag.removeprefix(_SPACE):
            case "bullet" | "copyrightText":
                pass  # taken out of the text, too
            case "titleText" | "optional":
                yield _Optional(tuple(_parts(child)))
            case "alt":
                yield _Variable(child.attrib["match"], _words(child.text or ""))
            case _:
                yield from _parts(child)
        if child.tail:
            yield from _literal(child.tail)


def _literal(text: str) -> Iterator[_Part]:
    if words := _words(text):
        yield _Words(words)

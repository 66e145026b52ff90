"""``codec.spdx``: what counts as an expression, and what is one line."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinbuild.codec.spdx import conjunction, is_identifier, licences_in, one_line, spdx_expression


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("mit", "MIT"),
        ("MIT or apache-2.0", "MIT OR Apache-2.0"),
        ("(MIT OR Apache-2.0) AND GPL-3.0-only WITH gcc-exception-3.1", None),
        ("GPL-3.0-only with GCC-exception-3.1", "GPL-3.0-only WITH GCC-exception-3.1"),
        ("LicenseRef-Own", "LicenseRef-Own"),
        ("BSD", ""),
        ("MIT License", ""),
        ("", ""),
        ("MIT\n", ""),
        ("MIT AND", ""),
        ("\uff2dIT", ""),
        ("(" * 5000 + "MIT" + ")" * 5000, ""),
        ("MIT OR " * 5000 + "MIT", ""),
    ],
)
def test_expression(text: str, expression: str | None) -> None:
    """Expressions are taken in SPDX's spelling; anything else is none, however deep or long."""
    found = spdx_expression(text)
    if expression is None:
        assert found == "(MIT OR Apache-2.0) AND GPL-3.0-only WITH GCC-exception-3.1"
    else:
        assert found == expression


def test_identifier() -> None:
    """One identifier of the list is one; expressions and own licences are not."""
    assert is_identifier("MIT")
    assert not any(map(is_identifier, ("MIT OR ISC", "LicenseRef-Own", "GPL-2.0+", "(MIT)")))


def test_licences_in() -> None:
    """An exception belongs to its licence."""
    assert licences_in("(MIT OR GPL-2.0-only WITH Classpath-exception-2.0) AND ISC") == {
        "MIT",
        "GPL-2.0-only WITH Classpath-exception-2.0",
        "ISC",
    }


def test_conjunction() -> None:
    """Alternatives stay together, and the result is an expression."""
    found = conjunction(["MIT OR ISC", "Zlib", "MIT AND ISC"])
    assert found == "(MIT OR ISC) AND Zlib AND MIT AND ISC"
    assert spdx_expression(found) == found
    assert conjunction(["MIT OR ISC"]) == "MIT OR ISC"
    assert not conjunction([])


@given(st.text())
def test_one_line(text: str) -> None:
    """What comes out has no control and no outer space, and stays as it is."""
    line = one_line(text)
    assert not any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in line)
    assert line == line.strip()
    assert one_line(line) == line


def test_too_long() -> None:
    """A whole licence is no name."""
    assert not one_line("x" * 501)
    assert not one_line("x " * 100_000)
    assert one_line("a\n b\x00") == "a b\ufffd"


@pytest.mark.parametrize("hidden", ["\u202e", "\u2066", "\u200b", "\ufeff", "\ud800", "\ufffe", "\x85\x1b", "\u00ad"])
def test_unseen(hidden: str) -> None:
    """Nothing invisible and nothing that turns the direction of a text comes through."""
    assert hidden[-1] not in one_line(f"a{hidden}b")


def test_any_version_of_unicode() -> None:
    """A character that this Python may not know yet is kept: another Python must write the same lock."""
    assert one_line("\U0001fae8 \U000378ff \ue000") == "\U0001fae8 \U000378ff \ue000"

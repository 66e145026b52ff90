from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from twinbuild.codec.markdown import code, table, text


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("plain words, 95 % of them.", "plain words, 95 % of them."),
        ("a_b *c* [d](e) <f> | g", r"a\_b \*c\* \[d\](e) \<f\> | g"),
        ("- item", r"\- item"),
        ("1. item", r"1\. item"),
        ("12) item", r"12\) item"),
        ("--- rule", r"\--- rule"),
        ("1.5 times", "1.5 times"),
        ("# title", r"\# title"),
        ("two\nlines\r\n\u2028three", "two lines three"),
        ("see https://a.example, WWW.b.example", r"see https\://a.example, WWW\.b.example"),
        ("no https: or www alone", "no https: or www alone"),
        ("&lt;script&gt;", r"\&lt;script\&gt;"),
    ],
)
def test_text(value: str, written: str) -> None:
    """One line without structure."""
    assert text(value) == written


@pytest.mark.parametrize(
    ("value", "written"),
    [("a`b", "``a`b``"), ("`", "`` ` ``"), ("a|b", "`a|b`"), ("x\ny", "`x y`"), ("", "")],
)
def test_code(value: str, written: str) -> None:
    """Backticks are fenced by more of them; a bar is as it was, for it is copied into a shell."""
    assert code(value) == written


@given(st.text(), st.text())
@example("", "\\|")
@example("\\|", "\\\\|")
def test_a_row_stays_a_row(one: str, other: str) -> None:
    """Whatever two cells hold, a table has three lines and two columns."""
    lines = table(("a", "b"), [(text(one), code(other))])
    assert len(lines) == 4
    assert not any("\n" in line or "\r" in line for line in lines)
    assert len(re.findall(r"(?<!\\)(?:\\\\)*\|", lines[2])) == 3


def test_bars_of_cells() -> None:
    """They part no cells, in code neither."""
    assert table(("a", "b"), [(text("x|y"), code("cat | sh"))])[2] == r"| x\|y | `cat \| sh` |"
    assert table(("a", "b"), [(text("x\\|y"), code(r"sed s/\\|/-/"))])[2] == r"| x\\\|y | `sed s/\\\|/-/` |"
    assert table(("a",), [(code("a\\|b"),)])[2] == r"| `a\\\|b` |"


def test_no_rows() -> None:
    """An empty table is nothing."""
    assert table(("a",), []) == []

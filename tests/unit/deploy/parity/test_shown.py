"""``deploy.parity.shown``: differences in every form, whatever the values hold."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from twinbuild.deploy.parity.difference import Difference
from twinbuild.deploy.parity.shown import as_json, as_junit, as_markdown, as_table

NAMES = ("a 1.0.0", "b 1.0.0")


def _difference(what: str = "version", first: str = "1", second: str = "2") -> Difference:
    return Difference(section="model", what=what, first=first, second=second, risk="high", reason="another model")


def test_table() -> None:
    """Columns, digests cut, a count, and what was not compared."""
    digest = "0123456789abcdef" * 4
    text = as_table((_difference(first=f"sha256:{digest}"),), names=NAMES, notes=("this",))
    assert text.splitlines() == [
        "risk  section  what     first                 second  reason",
        "high  model    version  sha256:0123456789ab…  2       another model",
        "1 difference: 1 high, 0 medium, 0 low",
        "not compared: this",
    ]
    assert as_table((), names=NAMES, notes=()) == "no difference between a 1.0.0 and b 1.0.0\n"


def test_json() -> None:
    """All of a digest stands there, and what is absent is null."""
    value = as_json((_difference(first="(none)", second="f" * 64),), names=NAMES, notes=())
    assert value["differences"] == [
        {
            "section": "model",
            "what": "version",
            "first": None,
            "second": "f" * 64,
            "risk": "high",
            "reason": "another model",
        }
    ]
    assert (value["same"], as_json((), names=NAMES, notes=())["same"]) == (False, True)


HOSTILE = "a|b\n# c\x1b[31m <img src=x onerror=alert(1)> `d` [e](http://f.example) **g** @everyone \u202e"


def test_markdown_is_text() -> None:
    """No value makes a cell, a heading, markup, a link, a mention or a line of its own."""
    text = as_markdown((_difference(what=HOSTILE, first=HOSTILE),), names=(HOSTILE, "b"), notes=(HOSTILE,))
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(text)
    assert html.count("<tr>") == 2
    assert html.count("<td>") == 6
    assert html.count("<h") == 1
    for tag in ("<img", "<a ", "<code", "\x1b", "\u202e"):
        assert tag not in html
    assert html.count("<strong>") == 1  # the risk
    assert r"https\://a.example" in as_markdown((_difference(first="https://a.example"),), names=NAMES, notes=())
    assert "No difference." in as_markdown((), names=NAMES, notes=())


def test_junit() -> None:
    """A case for each section, and a failure for each that differs; what was not compared was skipped."""
    two = (_difference(), _difference(what="family"))
    text = as_junit(two, names=NAMES, sections=("model", "serving"), notes=("the <image>",))
    (suite,) = ET.fromstring(text)
    assert {key: suite.attrib[key] for key in ("tests", "failures", "skipped")} == {
        "tests": "3",
        "failures": "1",
        "skipped": "1",
    }
    model, serving, image = suite
    assert (image.attrib["name"], image[0].tag) == ("the <image>", "skipped")
    failure = model.find("failure")
    assert failure is not None
    assert failure.attrib == {"type": "high", "message": "2 differences"}
    assert "version: 1 -> 2 (another model)" in (failure.text or "")
    assert serving.find("failure") is None


@given(st.text())
def test_any_text(text: str) -> None:
    """Whatever a value holds, XML is well-formed and a table has one line for it."""
    found = (_difference(what=text, first=text),)
    ET.fromstring(as_junit(found, names=(text, "b"), sections=(text,), notes=()))
    assert len(as_table(found, names=NAMES, notes=()).splitlines()) == 3


@pytest.mark.parametrize("level", ["high", "medium", "low"])
def test_worst(level: str) -> None:
    """A failure is of the kind of the worst difference in it."""
    item = Difference(section="m", what="w", first="1", second="2", risk=level, reason="r")  # type: ignore[arg-type]
    assert f'type="{level}"' in as_junit((item,), names=NAMES, sections=(), notes=())

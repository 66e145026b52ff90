"""``codec.scalars``: each unquoted scalar has one reading or is refused."""

from __future__ import annotations

import pytest
import yaml

from twinbuild.codec.scalars import Ambiguous, read_plain
from twinbuild.model.spec.frozen import PlainDate


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("true", True),
        ("FALSE", False),
        ("0", 0),
        ("-12", -12),
        ("3.10", 3.1),
        ("1e-6", 1e-6),
        ("1E2", 100.0),
        ("1.0.0", "1.0.0"),
        ("1.2.3-rc1", "1.2.3-rc1"),
        ("app", "app"),
        ("nothing", "nothing"),
        ("yesterday", "yesterday"),
        ("0.0.0.0", "0.0.0.0"),
        ("10m", "10m"),
        ("9007199254740991", 2**53 - 1),
    ],
)
def test_values(text: str, value: object) -> None:
    """JSON's numbers, both versions' nulls and truth values, and plain text are taken."""
    read = read_plain(text)
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize("text", ["2026-11-01", "2026-11-01T12:00:00Z", "2001-12-14 21:59:43.10 -5"])
def test_dates(text: str) -> None:
    """What YAML 1.1 takes for a time is kept as text for fields that hold dates."""
    read = read_plain(text)
    assert isinstance(read, PlainDate)
    assert read.text == text


@pytest.mark.parametrize(
    "text",
    [
        "yes",
        "no",
        "on",
        "off",
        "Yes",
        "NO",
        "On",
        "OFF",
        "y",
        "Y",
        "n",
        "N",
        "=",
        "0777",
        "0o17",
        "0x1F",
        "0b101",
        "1_000",
        "12:30:45",
        "190:20:30",
        "+1",
        ".5",
        "5.",
        "+1.5",
        ".nan",
        ".inf",
        "-.inf",
        ".NaN",
        "1e400",
        "-1e400",
        "01",
        "00",
        "9007199254740992",
        "-9007199254740992",
        "685_230.15",
        "<<",
    ],
)
def test_ambiguous(text: str) -> None:
    """What readers of YAML disagree on, and numbers that JSON cannot hold, are refused."""
    with pytest.raises(Ambiguous):
        read_plain(text)


def test_text_is_text_to_pyyaml() -> None:
    """Whatever is taken as text, PyYAML takes as text too."""
    for text in ("a", "1.2.3", "10m", "v1", "x-y", "1a", "0.1.2", "--", "e1", "truely", "nul", "12:3x"):
        assert read_plain(text) == text == yaml.safe_load(text)


def test_letters_as_keys() -> None:
    """A coordinate may be called y, and a count n."""
    assert read_plain("y", key=True) == "y"
    assert read_plain("N", key=True) == "N"
    with pytest.raises(Ambiguous):
        read_plain("no", key=True)

from __future__ import annotations

import pytest

from twinbuild.codec.envfile import parse_env_file
from twinbuild.errors import UsageError


def test_lines() -> None:
    """Comments and empty lines are none; blanks and quotes are part of a value; a mark at the beginning is not."""
    content = b'\xef\xbb\xbf# note\n\nA=1\r\n  B= two words \nC="q"\nD=a=b\nE=\n'
    found = [(each.name, each.value, each.line) for each in parse_env_file("prod.env", content)]
    assert found == [("A", "1", 3), ("B", " two words ", 4), ("C", '"q"', 5), ("D", "a=b", 6), ("E", "", 7)]


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        (b"A=1\nB\n", [2]),
        (b"export A=1\n", [1]),
        (b"A =1\n", [1]),
        (b"A=1\nB=2\nA=3\n", [3]),
        (b"1A=1\n=2\nA-B=3\n", [1, 2, 3]),
        (b"A=x\0y\n", [1]),
        (b"A=1\nB=\xff\n", [2]),
        (b"A=" + b"x" * (1 << 20), [1]),
    ],
)
def test_no_assignments(content: bytes, lines: list[int]) -> None:
    """Every such line is named; no value is shown."""
    with pytest.raises(UsageError) as caught:
        parse_env_file("prod.env", content)
    assert [(finding.code, finding.where.line) for finding in caught.value.findings] == [("TB7101", n) for n in lines]


def test_a_secret_is_not_shown() -> None:
    """A line that is none may hold a secret."""
    with pytest.raises(UsageError) as caught:
        parse_env_file("prod.env", b"TOKEN: hunter2\n")
    assert "hunter2" not in str(caught.value)

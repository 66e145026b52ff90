"""``pipeline.archive.ended``: the error of a process that built from an archive."""

from __future__ import annotations

import json

import pytest

from fakes.archived import tiny_record
from twinbuild.errors import BuildError
from twinbuild.pipeline.archive.ended import error_of


def test_a_build_that_says_nothing() -> None:
    """A process that was killed is a defect with its status and last words: TB9122; an error of it keeps its kind."""
    for text in (b"", b"Killed", b"{}", b"[1]"):
        assert error_of(-9, text, tiny_record()).findings[0].code == "TB9122"
    said = b'noise\n{"exit_code": 6, "findings": [{"code": "TB7201", "message": "m", "remedy": "r", "subject": "s"}]}'
    error = error_of(6, said, tiny_record())
    assert (type(error), error.findings[0].code, error.findings[0].where.subject) == (BuildError, "TB7201", "s")


@pytest.mark.parametrize(
    "findings",
    [3, "abc", [3], [{}], [{"code": "TB9116"}], [{"code": 7, "message": "m"}], [{"code": "m", "message": "m"}],
     [{"code": "TB9116", "message": "m", "line": "x"}], [{"code": "TB9116", "message": "m", "column": -1}],
     [{"code": "TB9116", "message": "m", "file": ["x"]}]],
)  # fmt: skip
def test_what_is_no_error(findings: object) -> None:
    """A program of an archive may print anything: TB9122 with what it printed, and no crash."""
    text = json.dumps({"findings": findings}).encode()
    assert error_of(5, text, tiny_record()).findings[0].code == "TB9122"


def test_too_much() -> None:
    """Nested without end, or without number."""
    assert error_of(5, b"[" * 100_000, tiny_record()).findings[0].code == "TB9122"
    many = [{"code": "TB9116", "message": "m" * 9000}] * 1000
    findings = error_of(5, json.dumps({"findings": many[:100]}).encode(), tiny_record()).findings
    assert len(findings) == 100
    assert len(findings[0].message) == 2000


def test_who_says_it() -> None:
    """The words of an archived twinbuild are told from ours."""
    text = b'{"findings": [{"code": "TB9116", "message": "m", "remedy": "r"}]}'
    (finding,) = error_of(5, text, tiny_record(), of_archive=True).findings
    assert finding.message == "the archived twinbuild says: m"

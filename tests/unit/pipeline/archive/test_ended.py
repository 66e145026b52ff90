"""``pipeline.archive.ended``: the error of a process that built from an archive."""

from __future__ import annotations

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

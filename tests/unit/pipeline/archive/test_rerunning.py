"""``pipeline.archive.rerunning``: a stage's values, and requests. Services run in ``pipeline/test_examples``."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakes.archived import Archived, archived_once
from fakes.tool import Tool, tool
from twinbuild.errors import UsageError
from twinbuild.pipeline.archive.rerunning import golden_finding, read_requests, refuse_other, stage_environment
from twinbuild.pipeline.reading.released import read_release
from twinbuild.trial.asking import Answer

__all__ = ["archived_once", "tool"]


def test_a_stage_that_is_not_there(archived_once: Archived, tool: Tool) -> None:
    """No stage is the defaults; one that the release has not is refused with those that it has."""
    document = read_release(archived_once.dist).document
    assert stage_environment(archived_once.dist, document, "") == ()
    with pytest.raises(UsageError, match=r"TB9132.*none: the release has none"):
        stage_environment(archived_once.dist, document, "production")
    record = archived_once.record
    refuse_other(record, stage="", variant="")
    for stage, variant, code in (("production", "", "TB9132"), ("", "another", "TB7304")):
        with pytest.raises(UsageError, match=code):
            refuse_other(record, stage=stage, variant=variant)
    ended = tool("reproduce", "tiny", "--archive", str(archived_once.place), "--output", "out", "--run", "--stage", "x")
    assert (ended.status, "TB9132" in ended.err) == (2, True), "before anything is built"


def test_values_of_a_stage(tmp_path: Path) -> None:
    """Each value goes to the variable of its knob, as the service reads it; a knob without one has none."""
    (tmp_path / "deploy" / "prod").mkdir(parents=True)
    (tmp_path / "deploy" / "prod" / "configuration.json").write_text('{"values":{"debug":true,"rate":0.5,"files":9}}')
    document = {
        "documents": [{"path": "deploy/prod/configuration.json"}],
        "configuration": {
            "parameters": [
                {"name": "debug", "environment": "DEBUG"},
                {"name": "rate", "environment": "RATE"},
                {"name": "files", "environment": None},
            ]
        },
    }
    assert stage_environment(tmp_path, document, "prod") == (("DEBUG", "true"), ("RATE", "0.5"))
    with pytest.raises(UsageError, match=r"TB9132.*one of prod"):
        stage_environment(tmp_path, document, "../prod")


def test_requests(tmp_path: Path) -> None:
    """A JSON object a line; none, or a file that is none, is refused before anything is built."""
    file = tmp_path / "requests"
    file.write_text('{"method": "GET", "path": "/healthz"}\n')
    assert [each.request.path for each in read_requests(file)] == ["/healthz"]
    assert read_requests(None) == ()
    file.write_text("\n")
    for path in (file, tmp_path, tmp_path / "nothing"):
        with pytest.raises(UsageError, match="TB7301"):
            read_requests(path)


def test_a_golden_test_that_is_answered_otherwise() -> None:
    """Within the tolerance it is the same; another status, another value or no answer is not: TB9131."""
    golden = {"name": "one", "expect": {"status": 200, "body": {"score": 0.5}, "tolerance": 0.01}}

    def said(status: int, body: bytes) -> str:
        found = golden_finding("tiny 1", golden, Answer(status=status, headers=(), body=body, seconds=0.1))
        return "" if found is None else f"{found.code} {found.message}"

    assert said(200, b'{"score": 0.505}') == ""
    assert said(200, b'{"score": 0.6}').startswith("TB9131 golden test 'one' is answered otherwise: at /score")
    assert "status 500" in said(500, b"")
    found = golden_finding("tiny 1", golden, "it closed the connection")
    assert found is not None
    assert "no answer: it closed the connection" in found.message

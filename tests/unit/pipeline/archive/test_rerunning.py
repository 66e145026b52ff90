"""``pipeline.archive.rerunning``: a stage's values, and requests. Services run in ``pipeline/test_examples``."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakes.archived import Archived, archived_once
from twinbuild.errors import UsageError
from twinbuild.pipeline.archive.rerunning import read_requests, stage_environment
from twinbuild.pipeline.released import read_release

__all__ = ["archived_once"]


def test_a_stage_that_is_not_there(archived_once: Archived) -> None:
    """No stage is the defaults; one that the release has not is refused with those that it has."""
    document = read_release(archived_once.dist).document
    assert stage_environment(archived_once.dist, document, "") == ()
    with pytest.raises(UsageError, match=r"TB9132.*none: the release has none"):
        stage_environment(archived_once.dist, document, "production")


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

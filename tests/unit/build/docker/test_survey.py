"""Docker as ``doctor`` looks at it: nothing is started, and whatever answers is taken as it is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fakes.runner import Call, FakeRunner
from twinbuild.build.docker import survey
from twinbuild.build.docker.survey import engine_address, look_at_builder, look_at_engine
from twinbuild.errors import EnvironmentFault
from twinbuild.ports import Completed
from twinbuild.process.runner import SubprocessRunner

CONTEXT = b'[{"Name": "far", "Endpoints": {"docker": {"Host": "tcp://far:2376"}}}]'
INSPECTED = b"Name:          far\nDriver:        docker-container\n\nNodes:\nName:      far0\nStatus:    inactive\n"


def answering(*answers: tuple[str, bytes]) -> FakeRunner:
    """A docker program that knows these last words of a command, and fails otherwise."""

    def program(call: Call) -> Completed:
        found = dict(answers).get(call.argv[-1])
        return Completed(status=1 if found is None else 0, stdout=found or b"", stderr=b"unknown")

    return FakeRunner({"docker": program})


@pytest.mark.parametrize(
    ("environment", "answer", "expected"),
    [
        ({"DOCKER_HOST": "unix:///run/d.sock"}, b"", ("unix:///run/d.sock", True)),
        ({"DOCKER_HOST": "ssh://ada@far"}, b"", ("ssh://ada@far", False)),
        ({}, CONTEXT, ("tcp://far:2376", False)),
        ({}, b"[]", ("", True)),
        ({}, b"\xff", ("", True)),
        ({}, b"[7]", ("", True)),
    ],
)
def test_address(environment: dict[str, str], answer: bytes, expected: tuple[str, bool]) -> None:
    """The variable, else the context; a context that says nothing readable is no error."""
    assert engine_address(answering(("inspect", answer)), environment) == expected


def test_builder_is_not_started() -> None:
    """A builder that does not run is described as it lies there; `--bootstrap` would start it."""
    runner = answering(("version", b"github.com/docker/buildx v0.13.1 x"), ("inspect", INSPECTED))
    found = look_at_builder(runner, {"DOCKER_HOST": "tcp://x", "SECRET": "y"}, ask=True)
    assert (found.version, found.name, found.driver, found.buildkit) == ("0.13.1", "far", "docker-container", "")
    assert [call.argv[1:] for call in runner.calls] == [("buildx", "version"), ("buildx", "inspect")]
    assert all(call.environment == (("DOCKER_HOST", "tcp://x"),) for call in runner.calls)


def test_builder_that_nobody_asks() -> None:
    """Where the engine may not be asked the version is all there is."""
    runner = answering(("version", b"github.com/docker/buildx v0.13.1 x"))
    assert look_at_builder(runner, {}, ask=False).driver == ""
    assert len(runner.calls) == 1


def test_builder_that_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is as if it said nothing."""
    monkeypatch.setattr(survey, "_PATIENCE", 0.05)
    script = tmp_path / "docker"
    script.write_text('#!/bin/sh\n[ "$2" = version ] && echo buildx v0.30.0 && exit\nexec sleep 60\n')
    script.chmod(0o755)
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    found = look_at_builder(SubprocessRunner(), environment, ask=True)
    assert (found.version, found.name) == ("0.30.0", "")


def test_no_engine() -> None:
    """TB5201 from a port on which nobody listens, by the real client."""
    with pytest.raises(EnvironmentFault, match="TB5201"):
        look_at_engine(answering(), {"DOCKER_HOST": "tcp://127.0.0.1:1"})

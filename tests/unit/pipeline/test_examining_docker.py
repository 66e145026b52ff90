"""What ``doctor`` says of Docker and registries; the oracle asks a real engine."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.runner import Call, FakeRunner
from twinbuild.model.settings import Settings
from twinbuild.pipeline.examining import Check, State
from twinbuild.pipeline.examining_docker import examine_docker, examine_registries
from twinbuild.ports import Completed

SECRET = "hunter22-is-secret"
SETTINGS = Settings(store="/nonexistent")


def program(directory: Path, name: str) -> Path:
    """A program that marks that it was run."""
    directory.mkdir(exist_ok=True)
    file = directory / name
    file.write_text(f"#!/bin/sh\ntouch {directory}/was-run\n")
    file.chmod(0o755)
    return file


def registries(tmp_path: Path, document: object, settings: Settings = SETTINGS) -> dict[str, Check]:
    """The checks of a configuration by name."""
    (tmp_path / "config.json").write_text(document if isinstance(document, str) else json.dumps(document))
    environment = {"DOCKER_CONFIG": str(tmp_path), "PATH": str(tmp_path / "bin")}
    found = list(examine_registries(settings, environment, "/nonexistent"))
    assert SECRET not in repr(found)
    assert all(check.remedy for check in found if check.state is not State.OK)
    return {check.name: check for check in found}


def test_nothing_is_configured(tmp_path: Path) -> None:
    """Then there is nothing to say."""
    assert registries(tmp_path, {}) == {}
    assert list(examine_registries(SETTINGS, {}, str(tmp_path / "nobody"))) == []


def test_logins_and_helpers(tmp_path: Path) -> None:
    """Registries by name, helpers and whether they are there; none is run and no secret is shown."""
    helper = program(tmp_path / "bin", "docker-credential-there")
    found = registries(
        tmp_path,
        {
            "auths": {
                "https://index.docker.io/v1/": {"auth": SECRET},
                f"https://ada:{SECRET}@r.example/v1/": {"identitytoken": SECRET},
                f"ada:{SECRET}@s.example/team": {"password": SECRET},
                "empty.example": {},
            },
            "credsStore": "there",
            "credHelpers": {"gone.example": "gone"},
        },
    )
    assert found["registry logins"].detail == f"index.docker.io, r.example, s.example/team ({tmp_path}/config.json)"
    assert found["credential helper 'docker-credential-there'"] == Check(
        name="credential helper 'docker-credential-there'", state=State.OK, detail=f"{helper}, for every registry"
    )
    gone = found["credential helper 'docker-credential-gone'"]
    assert (gone.state, gone.detail) == (State.NOTE, "not on PATH, for gone.example")
    assert not (tmp_path / "bin" / "was-run").exists()


@pytest.mark.parametrize("document", [f"{{ {SECRET}", {"credsStore": f"../{SECRET}"}, {"credHelpers": {"r": "a b"}}])
def test_a_broken_configuration(tmp_path: Path, document: object) -> None:
    """TB3206, which a registry that asks who we are would end with; the rest is still looked at."""
    found = registries(tmp_path, document, replace(SETTINGS, plain_http=("registry.lan:5000",)))
    assert found["registry logins"].state is State.MISSING
    assert found["registry logins"].detail.startswith("TB3206: ")
    assert found["plain http"].state is State.OK


def test_mirrors(tmp_path: Path) -> None:
    """Each is tried for a connection; offline it is named alone."""
    settings = replace(SETTINGS, mirrors=(("docker.io", ("127.0.0.1:1/hub", "http://127.0.0.1:1")),))
    found = registries(tmp_path, {}, settings)["mirror of 'docker.io'"]
    assert (found.state, found.detail) == (State.NOTE, "http://127.0.0.1:1 cannot be reached: Connection refused")
    offline = registries(tmp_path, {}, replace(settings, offline=True))["mirror of 'docker.io'"]
    assert offline.state is State.OK


def test_no_docker(tmp_path: Path) -> None:
    """One note; nothing is missing, for nothing needs it."""
    (check,) = examine_docker(SETTINGS, FakeRunner({}), {"PATH": str(tmp_path)})
    assert (check.name, check.state) == ("docker", State.NOTE)
    assert "the embedded builder needs none" in check.remedy


def docker(tmp_path: Path, runner: FakeRunner, *, host: str, offline: bool = False) -> dict[str, Check]:
    """The checks where there is a docker program."""
    program(tmp_path, "docker")
    environment = {"PATH": str(tmp_path), "DOCKER_HOST": host} if host else {"PATH": str(tmp_path)}
    found = list(examine_docker(replace(SETTINGS, offline=offline), runner, environment))
    assert SECRET not in repr(found)
    assert not [check for check in found if check.state is State.MISSING]
    return {check.name: check for check in found}


def buildx(call: Call) -> Completed:
    """A docker program with a buildx and no engine."""
    if call.argv[-1] == "version":
        return Completed(status=0, stdout=b"github.com/docker/buildx v0.13.1 x", stderr=b"")
    return Completed(status=1, stdout=b"", stderr=b"")


def test_an_engine_that_does_not_answer(tmp_path: Path) -> None:
    """TB5201 as a note, without what the address holds of secrets; buildx is there all the same."""
    for host in ("tcp://127.0.0.1:1", f"tcp://ada:{SECRET}@127.0.0.1:1"):
        found = docker(tmp_path, FakeRunner({"docker": buildx}), host=host)
        assert found["docker engine"].state is State.NOTE
        assert found["docker engine"].detail.startswith("TB5201: ")
        assert "127.0.0.1:1)" in found["docker engine"].detail
        assert found["buildx"] == Check(name="buildx", state=State.OK, detail="0.13.1")


def test_offline(tmp_path: Path) -> None:
    """An engine elsewhere is named, not asked."""
    runner = FakeRunner({"docker": buildx})
    found = docker(tmp_path, runner, host=f"ssh://ada:{SECRET}@far.example", offline=True)
    assert found["docker engine"].detail == "ssh://***@far.example (not asked: offline)"
    assert [call.argv[-1] for call in runner.calls] == ["version"]


def test_a_program_that_cannot_be_started(tmp_path: Path) -> None:
    """What the runner says of it, as a note."""
    found = docker(tmp_path, FakeRunner({}), host="")
    assert found["docker engine"].detail.startswith("TB5901: ")

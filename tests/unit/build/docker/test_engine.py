"""What is missing for a build by Docker is said, each with its remedy."""

from __future__ import annotations

import gc
from collections.abc import Callable

import pytest

from fakes.runner import Call, FakeRunner
from twinbuild.build.docker import engine as module
from twinbuild.build.docker.engine import Engine, docker_environment, find_toolchain
from twinbuild.errors import EnvironmentFault
from twinbuild.model.platform import Platform
from twinbuild.ports import Completed
from twinbuild.process.runner import SubprocessRunner

AMD64 = Platform.parse("linux/amd64")
INSPECTED = """\
Name:          far
Driver:        {driver}
Last Activity: 2026-11-26 01:03:21 +0000 UTC

Nodes:
Name:             far0
Endpoint:         tcp://far:1234
Status:           running
BuildKit version: v0.13.2
Platforms:        linux/amd64*, linux/amd64/v2, linux/386
"""


def docker(*, version: str = "github.com/docker/buildx 0.13.1+ds1 0.13.1+ds1-3", driver: str = "remote") -> FakeRunner:
    """A docker program that answers as buildx 0.13 does."""

    def program(call: Call) -> Completed:
        if call.argv[2] == "version":
            return Completed(status=0 if version else 1, stdout=version.encode(), stderr=b"docker: unknown command")
        if driver == "deaf":  # the status is 0 all the same
            answer = b"Name:          default\nDriver:        \nError:         Cannot connect to tcp://x\n\nNodes:\n"
            return Completed(status=0, stdout=answer, stderr=b"")
        if driver == "dead":
            return Completed(status=1, stdout=b"", stderr=b"Cannot connect to the Docker daemon at tcp://x\n")
        return Completed(status=0, stdout=INSPECTED.format(driver=driver).encode(), stderr=b"")

    return FakeRunner({"docker": program})


def refused(call: Callable[[], object]) -> str:
    """The code of what is missing; its hint says what to do."""
    with pytest.raises(EnvironmentFault) as caught:
        call()
    assert caught.value.findings[0].hint
    return caught.value.findings[0].code


def test_a_builder_of_another_driver() -> None:
    """No engine is asked for a builder that is none; its name is passed on."""
    runner = docker()
    found = find_toolchain(runner, {"DOCKER_HOST": "tcp://x"}, AMD64, builder="far")
    assert (found.buildx, found.driver, found.buildkit, found.engine) == ("0.13.1", "remote", "v0.13.2", None)
    assert found.platforms == ("linux/amd64", "linux/amd64/v2", "linux/386")
    assert runner.calls[1].argv[-1] == "far"


def test_no_docker() -> None:
    """Without the program, and without the plugin."""
    assert refused(lambda: find_toolchain(SubprocessRunner(), {"PATH": "/nonexistent"}, AMD64)) == "TB5200"
    assert refused(lambda: find_toolchain(docker(version=""), {}, AMD64)) == "TB5200"


def test_no_builder_answers() -> None:
    """The builder's own words are shown."""
    assert refused(lambda: find_toolchain(docker(driver="dead"), {}, AMD64)) == "TB5201"
    assert refused(lambda: find_toolchain(docker(driver="deaf"), {}, AMD64)) == "TB5201"


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
def test_no_engine_answers() -> None:
    """The engine is asked where DOCKER_HOST says."""
    environment = {"DOCKER_HOST": "unix:///nonexistent/docker.sock"}
    assert refused(lambda: find_toolchain(docker(driver="docker"), environment, AMD64)) == "TB5201"
    gc.collect()  # the docker package leaves a socket open that could not be connected


@pytest.mark.parametrize("version", ["github.com/docker/buildx v0.11.2 9872040", "github.com/docker/buildx 0.9.1"])
def test_an_old_buildx(version: str) -> None:
    """One that cannot write a directory."""
    assert refused(lambda: find_toolchain(docker(version=version), {}, AMD64)) == "TB5202"


def test_the_classic_store(monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine whose store has no digests; a real one is asked in the oracles."""
    classic = Engine(version="26.1.5", api="1.45", platform="linux/amd64", containerd=False)
    monkeypatch.setattr(module, "engine_of", lambda *_: classic)
    assert refused(lambda: find_toolchain(docker(driver="docker"), {}, AMD64)) == "TB5203"


def test_another_platform() -> None:
    """A builder that cannot run the image's programs."""
    assert refused(lambda: find_toolchain(docker(), {}, Platform.parse("linux/arm64"))) == "TB5204"


def test_what_docker_may_see() -> None:
    """Where the engine is and how to reach it; no token, no key of something else."""
    passed = {"DOCKER_HOST": "x", "DOCKER_CONFIG": "y", "BUILDX_BUILDER": "z", "PATH": "/bin", "HOME": "/h"}
    assert (
        dict(
            docker_environment(
                {**passed, "AWS_SECRET_ACCESS_KEY": "s", "LD_PRELOAD": "p", "TZ": "q", "BUILDX_GIT_LABELS": "full"}
            )
        )
        == passed
    )

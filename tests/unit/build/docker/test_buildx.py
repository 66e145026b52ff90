from __future__ import annotations

from pathlib import Path

import pytest

from fakes.runner import Call, FakeRunner
from twinbuild.build.docker.buildx import BuildRequest, run_build
from twinbuild.build.docker.engine import Toolchain
from twinbuild.errors import BuildError, EnvironmentFault
from twinbuild.model.digest import Digest
from twinbuild.model.platform import Platform
from twinbuild.ports import Completed

TOOLS = Toolchain(
    docker="docker", buildx="0.13.1", builder="far", driver="remote", buildkit="", platforms=(), engine=None,
    environment=(("DOCKER_CONFIG", "own"), ("PATH", "/bin"), ("TZ", "UTC")),
)  # fmt: skip
HERE = Path(__file__).parent
REQUEST = BuildRequest(
    context=HERE / "c" / "d", base=HERE / "base", base_manifest=Digest.of(b"m"), output=HERE / "o",
    platform=Platform.parse("linux/amd64"), epoch=7, cached=False, host_name="elsewhere", arguments=(("A", "b\nc"),),
    environment=(("TZ", "Etc/GMT-14"),),
)  # fmt: skip
LOG = """\
#1 [internal] load build definition from Dockerfile
#1 DONE 0.0s

#7 [stage-1 2/8] RUN ["/usr/bin/env", "python", "-c", "x"]
#7 0.113 Traceback (most recent call last):
#7 0.113 OSError: [Errno 101] Network is unreachable
#7 ERROR: process "/usr/bin/env python -c x" did not complete successfully: exit code: 1
------
 > [stage-1 2/8] RUN ["/usr/bin/env", "python", "-c", "x"]:
------
ERROR: failed to solve: process "/usr/bin/env python -c x" did not complete successfully: exit code: 1
"""


def run(status: int = 0, stderr: str = "", request: BuildRequest = REQUEST) -> Call:
    """One build by a program that ends so."""
    runner = FakeRunner({"docker": lambda _: Completed(status=status, stdout=b"", stderr=stderr.encode())})
    run_build(request, TOOLS, runner)
    return runner.calls[0]


def test_arguments() -> None:
    """No network, no cache, no attestations; the base from a layout; everything that the second build varies."""
    call = run()
    text = " ".join(call.argv)
    assert call.argv[:5] == ("docker", "buildx", "build", "--builder", "far")
    for part in (
        "--network none",
        "--no-cache",
        "--provenance=false",
        "--sbom=false",
        "--pull=false",
        "--platform linux/amd64",
        f"--build-context base=oci-layout://base@{Digest.of(b'm')}",
        "--build-arg SOURCE_DATE_EPOCH=7",
        "--build-arg BUILDKIT_SANDBOX_HOSTNAME=elsewhere",
        "--build-arg A=b\nc",
        "--build-arg HTTPS_PROXY= ",
        "--output type=oci,tar=false,compression=uncompressed,dest=o",
    ):
        assert part in text, part
    assert (call.directory, call.argv[-1]) == (HERE, "c/d")
    assert dict(call.environment) == {
        "DOCKER_CONFIG": str(Path.cwd() / "own"),
        "PATH": "/bin",
        "SOURCE_DATE_EPOCH": "7",
        "TZ": "Etc/GMT-14",
    }


def test_the_failed_step_is_named() -> None:
    """With its last words."""
    with pytest.raises(BuildError) as caught:
        run(1, LOG)
    (finding,) = caught.value.findings
    assert finding.code == "TB5210"
    assert "[stage-1 2/8] RUN" in finding.message
    assert "Network is unreachable" in finding.message
    assert "exit code: 1" in finding.message


def test_a_failure_before_any_step() -> None:
    """BuildKit's own message is shown."""
    with pytest.raises(BuildError, match=r"TB5210.*failed to solve: no such file"):
        run(1, "ERROR: failed to solve: no such file\n")


def test_a_full_disk_is_the_engine_s() -> None:
    """TB5205 says where to make room, not that a step is wrong."""
    with pytest.raises(EnvironmentFault) as caught:
        run(1, "ERROR: failed to solve: failed to write diff: write /data: no space left on device: unknown\n")
    assert caught.value.findings[0].code == "TB5205"

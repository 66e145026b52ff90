"""One run of ``docker buildx build``: its arguments, and what it says when a step fails."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from twinbuild.build.docker.engine import Toolchain
from twinbuild.errors import BuildError, EnvironmentFault
from twinbuild.model.digest import Digest
from twinbuild.model.platform import Platform
from twinbuild.ports import Runner

__all__ = ["BuildRequest", "run_build"]

_TIMEOUT: Final = 3600.0
_STEP: Final = re.compile(r"^#(\d+) \[(.+)\s*$")
_LINE: Final = re.compile(r"^#(\d+) (.*)$")
_FAILED: Final = re.compile(r"^ERROR: (.*)$", re.MULTILINE)
_PROXIES: Final = ("HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY")
_PLACES: Final = frozenset({"BUILDX_CONFIG", "DOCKER_CERT_PATH", "DOCKER_CONFIG", "HOME", "KUBECONFIG"})
_FULL: Final = "no space left on device"  # ENOSPC, as Go says it
_TAIL: Final = 12  # lines of a step's output that a message shows


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildRequest:
    """What a build is given. The base is an OCI layout, so that nothing is pulled while building.

    ``base`` lies in a scratch directory, and all else somewhere below it.
    """

    context: Path  # with a Dockerfile
    base: Path  # an OCI layout directory
    base_manifest: Digest
    output: Path  # becomes an OCI layout directory
    platform: Platform
    epoch: int  # SOURCE_DATE_EPOCH
    cached: bool  # whether BuildKit may take steps from its cache
    roots: tuple[tuple[str, Path, Digest], ...] = ()  # likewise of each build step: stage, layout, manifest
    host_name: str = ""  # of the sandbox; "" for BuildKit's own choice
    arguments: tuple[tuple[str, str], ...] = ()  # of the build: values that a Dockerfile cannot hold
    environment: tuple[tuple[str, str], ...] = ()  # for the client: what the second build varies


def run_build(request: BuildRequest, toolchain: Toolchain, runner: Runner) -> None:
    """Build; ``request.output`` is then an OCI layout with one image.

    Every step runs without a network. Attestations stay off: BuildKit's differ from run to run, and ours exist.
    Layers that BuildKit makes are exported as plain tars, for they are read once and written anew; what the base has
    is exported as it is. Raises BuildError TB5210 with the step that failed and its last words, EnvironmentFault TB5205
    where the builder's disk is full.
    """
    # Paths are relative to the scratch directory, for buildx splits --output at commas and a layout's path at "@". The
    # proxies of Docker's configuration, which buildx would hand to every step, are no input of a release.
    here = request.base.parent
    argv = [
        *(toolchain.docker, "buildx", "build"),
        *(("--builder", toolchain.builder) if toolchain.builder else ()),
        *("--progress", "plain", "--network", "none", "--provenance=false", "--sbom=false", "--pull=false"),
        *("--platform", str(request.platform)),
        *("--build-context", f"base=oci-layout://{request.base.name}@{request.base_manifest}"),
        *(
            part
            for stage, layout, manifest in request.roots
            for part in ("--build-context", f"{stage}=oci-layout://{layout.relative_to(here)}@{manifest}")
        ),
        *("--build-arg", f"SOURCE_DATE_EPOCH={request.epoch}"),
        *("--output", f"type=oci,tar=false,compression=uncompressed,dest={request.output.relative_to(here)}"),
    ]
    for name, value in (*((name, "") for name in _PROXIES), *request.arguments):
        argv += ["--build-arg", f"{name}={value}"]
    if not request.cached:
        argv.append("--no-cache")
    if request.host_name:
        argv += ["--build-arg", f"BUILDKIT_SANDBOX_HOSTNAME={request.host_name}"]
    known = {name: str(Path(value).absolute()) if name in _PLACES else value for name, value in toolchain.environment}
    environment = known | dict(request.environment) | {"SOURCE_DATE_EPOCH": str(request.epoch)}
    done = runner.run(
        (*argv, str(request.context.relative_to(here))),
        environment=tuple(sorted(environment.items())),
        directory=here,
        timeout=_TIMEOUT,
    )
    if done.status != 0:
        raise _failure(done.stderr.decode(errors="replace") + done.stdout.decode(errors="replace"), done.status)


def _failure(log: str, status: int) -> BuildError | EnvironmentFault:
    """The step that failed, by name, with the end of its output."""
    steps: dict[str, str] = {}
    spoken: dict[str, list[str]] = {}
    failed = ""
    for line in log.splitlines():
        if (named := _STEP.match(line)) is not None:
            steps[named[1]] = "[" + named[2]
        elif (spoke := _LINE.match(line)) is not None:
            if spoke[2].startswith("ERROR"):
                failed = spoke[1]
            spoken.setdefault(spoke[1], []).append(spoke[2])
    reason = (_FAILED.findall(log) or [f"status {status}"])[-1].strip()
    if _FULL in reason:
        return EnvironmentFault.of(
            "TB5205",
            "the disk of the builder is full",
            hint="make room where the engine keeps its data: `docker buildx prune` takes its build cache away",
        )
    if failed not in steps:
        return BuildError.of(
            "TB5210",
            f"BuildKit stopped: {reason[:600]}",
            hint="look at the message; `docker buildx build` in the context of `twinbuild fetch --into` repeats it",
        )
    said = " | ".join(line for line in spoken[failed][-_TAIL:] if not line.startswith("ERROR"))
    return BuildError.of(
        "TB5210",
        f"step {_short(steps[failed])} failed: {reason[:300]}" + (f"; it said: {said[-1500:]}" if said else ""),
        hint="a step has no network and sees only the context: give it what it needs by the lock",
        where=_short(steps[failed]),
    )


def _short(step: str) -> str:
    return step if len(step) <= 160 else step[:157] + "..."

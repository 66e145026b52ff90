"""Which engine and which buildx a build would use, and whether they can do what it needs.

The engine is asked by the ``docker`` package, which finds it as the command line does: ``DOCKER_HOST``, else the
context that ``DOCKER_CONTEXT`` or Docker's own configuration names. buildx is a program, and has no other interface.
"""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from twinbuild.errors import EnvironmentFault
from twinbuild.model.platform import Platform
from twinbuild.ports import Runner

if TYPE_CHECKING:
    from docker import DockerClient

__all__ = [
    "BUILDER_FIELD",
    "Engine",
    "Toolchain",
    "buildx_version",
    "client_of",
    "docker_environment",
    "engine_of",
    "find_toolchain",
    "require_layouts",
]

_PASSED: Final = ("HOME", "PATH", "KUBECONFIG", "SSH_AUTH_SOCK", "SSL_CERT_FILE", "SSL_CERT_DIR", "XDG_RUNTIME_DIR")
_BUILDX: Final = ("BUILDX_BUILDER", "BUILDX_CONFIG")  # others (BUILDX_GIT_LABELS) change what is built
_OLDEST: Final = (0, 12)  # buildx that knows oci-layout contexts and directories as output
_API: Final = "1.41"  # stated, so that making a client asks nothing yet
_PATIENCE: Final = 60  # seconds
_CONTAINERD: Final = "io.containerd.snapshotter"
_VERSION: Final = re.compile(r"\bv?(\d+)\.(\d+)\.(\d+)")
BUILDER_FIELD: Final = re.compile(r"^[ \t]*([A-Za-z ]+?):[ \t]*(.*?)[ \t]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """An engine as it answers. ``containerd``: its image store keeps digests and exports OCI layouts."""

    version: str
    api: str
    platform: str  # linux/amd64
    containerd: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Toolchain:
    """buildx, the builder that it uses, and the engine behind it (None where the builder is no engine's own)."""

    docker: str  # the program
    buildx: str  # version
    builder: str  # its name; "" for the default
    driver: str
    buildkit: str  # version as the builder states it
    platforms: tuple[str, ...]
    engine: Engine | None
    environment: tuple[tuple[str, str], ...]  # for the program


def docker_environment(environment: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """The part of the caller's environment that Docker's programs may see: where the engine is, and how to reach it."""
    passed = (*_PASSED, *_BUILDX)
    return tuple(
        sorted((name, value) for name, value in environment.items() if name in passed or name.startswith("DOCKER_"))
    )


def find_toolchain(
    runner: Runner, environment: Mapping[str, str], platform: Platform, *, builder: str = ""
) -> Toolchain:
    """The toolchain, after it was seen to be able to build for ``platform``.

    Raises EnvironmentFault: TB5200 no docker or buildx, TB5201 no engine or builder answers, TB5202 buildx is too old,
    TB5203 the engine's image store cannot export layouts, TB5204 it runs no program of that platform.
    """
    shown = docker_environment(environment)
    version = buildx_version(runner, shown)
    inspected = runner.run(
        ("docker", "buildx", "inspect", "--bootstrap", *((builder,) if builder else ())), environment=shown, timeout=120
    )
    fields = {name.strip(): value for name, value in reversed(BUILDER_FIELD.findall(inspected.stdout.decode()))}
    if inspected.status != 0 or fields.get("Error"):
        reason = fields.get("Error") or _last(inspected.stderr)
        raise EnvironmentFault.of(
            "TB5201",
            f"the builder {builder or 'of the current context'} does not answer: {reason}",
            hint="start the engine, set DOCKER_HOST, choose a context (`docker context use`), or name a builder that "
            "`docker buildx ls` shows with --buildx-builder",
        )
    engine = engine_of(runner, environment) if fields.get("Driver") == "docker" else None
    if engine is not None:
        require_layouts(engine)
    platforms = tuple(part.strip(" *") for part in fields.get("Platforms", "").split(",") if part.strip())
    if str(platform) not in platforms:
        raise EnvironmentFault.of(
            "TB5204",
            f"the builder runs programs of {', '.join(platforms) or 'no platform that it names'}, and {platform} is "
            "not among them",
            hint="name a builder of that platform with --buildx-builder, install its emulation (binfmt) on the "
            "engine's machine, or use the embedded builder, which needs none",
        )
    return Toolchain(
        docker="docker",
        buildx=version,
        builder=builder,
        driver=fields.get("Driver", ""),
        buildkit=fields.get("Buildkit", fields.get("BuildKit version", "")),
        platforms=platforms,
        engine=engine,
        environment=shown,
    )


def require_layouts(engine: Engine) -> None:
    """Raises EnvironmentFault TB5203 for an engine that cannot export OCI layouts."""
    if not engine.containerd:
        raise EnvironmentFault.of(
            "TB5203",
            f"the engine {engine.version} keeps images in its own store, which cannot export an OCI layout",
            hint='turn on its containerd image store (`"features": {"containerd-snapshotter": true}` in daemon.json), '
            "or make a builder with `docker buildx create --driver docker-container` and name it with --buildx-builder",
        )


def client_of(runner: Runner, environment: Mapping[str, str], *, timeout: int = _PATIENCE) -> DockerClient:
    """A client for the engine that the command line would use, with seconds for an answer. Raises TB5201."""
    import docker
    from docker.errors import DockerException

    try:
        if address := environment.get("DOCKER_HOST"):
            _require_listener(address)
            client = docker.from_env(version=_API, environment=dict(environment), timeout=timeout)
        else:
            context = _context(runner, environment)
            _require_listener(context["base_url"])
            client = docker.DockerClient(version=_API, timeout=timeout, **context)
    except (DockerException, OSError, ValueError, KeyError, TypeError) as error:
        raise _silent(str(error)) from error
    client.api.trust_env = False  # requests would let REQUESTS_CA_BUNDLE replace the engine's own authority
    return client


def _require_listener(address: str) -> None:
    """Raise OSError where nobody listens on a socket: Docker's client would leave it open."""
    if address.startswith("unix://"):
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(_PATIENCE)
            probe.connect(address.removeprefix("unix://"))


def _context(runner: Runner, environment: Mapping[str, str]) -> dict[str, Any]:
    """Address and certificates of the current context, as the command line states them."""
    from docker.tls import TLSConfig

    asked = runner.run(("docker", "context", "inspect"), environment=docker_environment(environment), timeout=60)
    if asked.status != 0:
        raise _silent(_last(asked.stderr))
    (context,) = json.loads(asked.stdout)
    endpoint = context["Endpoints"]["docker"]
    files = (context.get("TLSMaterial") or {}).get("docker") or ()
    if not files:
        return {"base_url": endpoint["Host"]}
    place = Path(context["Storage"]["TLSPath"], "docker")
    return {
        "base_url": endpoint["Host"],
        "tls": TLSConfig(
            ca_cert=str(place / "ca.pem") if "ca.pem" in files else None,
            client_cert=(str(place / "cert.pem"), str(place / "key.pem")) if "cert.pem" in files else None,
            verify=not endpoint.get("SkipTLSVerify", False),
        ),
    }


def engine_of(runner: Runner, environment: Mapping[str, str], *, timeout: int = _PATIENCE) -> Engine:
    """The engine that the command line would use. Raises EnvironmentFault TB5201."""
    from docker.errors import DockerException

    client = client_of(runner, environment, timeout=timeout)
    try:
        with_version, information = client.version(), client.info()
    except (DockerException, OSError) as error:
        raise _silent(str(error)) from error
    finally:
        client.close()
    status = dict(information.get("DriverStatus") or ())
    return Engine(
        version=str(with_version.get("Version", "")),
        api=str(with_version.get("ApiVersion", "")),
        platform=f"{with_version.get('Os', '')}/{with_version.get('Arch', '')}",
        containerd=str(status.get("driver-type", "")).startswith(_CONTAINERD),
    )


def buildx_version(runner: Runner, environment: tuple[tuple[str, str], ...]) -> str:
    """The version of buildx. Raises EnvironmentFault TB5200 (no docker, no buildx), TB5202 (too old)."""
    try:
        asked = runner.run(("docker", "buildx", "version"), environment=environment, timeout=60)
    except EnvironmentFault as error:
        raise EnvironmentFault.of(
            "TB5200",
            "there is no `docker` program on PATH",
            hint="install Docker's command line with buildx (Debian: docker-cli and docker-buildx), or use the "
            "embedded builder, which needs none",
        ) from error
    match = _VERSION.search(asked.stdout.decode(errors="replace"))
    if asked.status != 0 or match is None:
        raise EnvironmentFault.of(
            "TB5200",
            f"`docker buildx` does not work: {_last(asked.stderr)}",
            hint="install the buildx plugin (Debian: docker-buildx), or put it into cli-plugins of Docker's "
            "configuration directory",
        )
    if (int(match[1]), int(match[2])) < _OLDEST:
        raise EnvironmentFault.of(
            "TB5202",
            f"buildx is version {match[0]}, expected 0.12 or newer",
            hint="update the buildx plugin",
        )
    return match[0].removeprefix("v")


def _last(text: bytes) -> str:
    lines = text.decode(errors="replace").strip().splitlines()
    return lines[-1][:300] if lines else "it said nothing"


def _silent(reason: str) -> EnvironmentFault:
    return EnvironmentFault.of(
        "TB5201",
        f"no Docker Engine answers: {reason.strip()[:300]}",
        hint="start it, or set DOCKER_HOST (or a context) to one that runs; the embedded builder needs none",
    )

"""What ``twinbuild doctor`` says of Docker and of registries: nothing of it is needed, so nothing missing is an error.

No secret is shown, no credential helper is run, and no builder is started.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from typing import Final

from twinbuild.build.docker.engine import require_layouts
from twinbuild.build.docker.survey import engine_address, look_at_builder, look_at_engine
from twinbuild.errors import EnvironmentFault, TwinbuildError
from twinbuild.model.settings import Settings
from twinbuild.net.address import is_web, redact
from twinbuild.net.registry.logins import Logins, docker_configuration
from twinbuild.pipeline.examining import Check, State, check_failed, check_place
from twinbuild.ports import Runner

__all__ = ["examine_docker", "examine_registries"]

_FREE: Final = "; the embedded builder needs none"
_HELPERS: Final = "install it, or take it out of Docker's config.json: pulls and pushes that it is asked for fail"


def examine_docker(settings: Settings, runner: Runner, environment: Mapping[str, str]) -> Iterator[Check]:
    """Docker's command line, the engine that it would use, and buildx."""
    program = shutil.which("docker", path=environment.get("PATH"))
    if program is None:
        remedy = f"install docker and buildx (Debian: docker-cli, docker-buildx) for `--builder docker`{_FREE}"
        yield Check(name="docker", state=State.NOTE, detail="no `docker` program on PATH", remedy=remedy)
        return
    yield Check(name="docker", state=State.OK, detail=program)
    try:
        address, here = engine_address(runner, environment)
    except EnvironmentFault as error:  # a program that hangs, or cannot be started
        yield check_failed("docker engine", error, state=State.NOTE)
        return
    shown = redact(address) if address else "an address that its context does not say"
    asked = here or not settings.offline
    if asked:
        yield _engine(runner, environment, shown)
    else:
        yield Check(name="docker engine", state=State.OK, detail=f"{shown} (not asked: offline)")
    try:
        builder = look_at_builder(runner, environment, ask=asked)
    except EnvironmentFault as error:
        yield check_failed("buildx", error, state=State.NOTE)
        return
    detail = builder.version
    if builder.driver:
        detail += f", builder {builder.name!r} ({builder.driver}"
        detail += f", BuildKit {builder.buildkit})" if builder.buildkit else ")"
        detail += f" for {', '.join(builder.platforms)}" if builder.platforms else ""
    yield Check(name="buildx", state=State.OK, detail=redact(detail))


def _engine(runner: Runner, environment: Mapping[str, str], address: str) -> Check:
    try:
        engine = look_at_engine(runner, environment)
        detail = f"{engine.version} (API {engine.api}, {engine.platform}) at {address}"
        require_layouts(engine)
    except EnvironmentFault as error:
        finding = error.findings[0]
        said = f"{finding.code}: {redact(finding.message)} (at {address})"
        return Check(name="docker engine", state=State.NOTE, detail=said, remedy=finding.hint)
    return Check(name="docker engine", state=State.OK, detail=f"{detail}, containerd's image store")


def examine_registries(settings: Settings, environment: Mapping[str, str], home: str) -> Iterator[Check]:
    """Logins and credential helpers as Docker keeps them, mirrors, and registries that are spoken to without TLS."""
    path = docker_configuration(environment, home)
    logins = Logins(path, runner=None, environment={})
    try:
        helpers, registries = logins.helpers(), logins.registries()
    except TwinbuildError as error:
        yield check_failed("registry logins", error)
        helpers = registries = ()
    if registries:
        yield Check(name="registry logins", state=State.OK, detail=f"{', '.join(registries)} ({path})")
    for program, registry in helpers:
        name, of = f"credential helper {program!r}", registry or "every registry"
        found = shutil.which(program, path=environment.get("PATH"))
        if found:
            yield Check(name=name, state=State.OK, detail=f"{found}, for {of}")
        else:
            yield Check(name=name, state=State.NOTE, detail=f"not on PATH, for {of}", remedy=_HELPERS)
    for registry, mirrors in settings.mirrors:
        for mirror in mirrors:
            address = mirror if is_web(mirror) else f"https://{mirror}"
            yield check_place(f"mirror of {registry!r}", address, settings)
    for registry in settings.plain_http:
        yield Check(name="plain http", state=State.OK, detail=f"{redact(registry)}, because the settings ask for it")

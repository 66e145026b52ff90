"""Trying: a built image's service that runs in the sandbox for a while, and that can be asked.

It runs as its container would: its user, its environment, no network, a root that it cannot write to, and no more
memory and processors than the spec allows it.
"""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from twinbuild.build.sandbox import Bind, Sandbox
from twinbuild.build.service import RunningService
from twinbuild.errors import EnvironmentFault
from twinbuild.model.plan import Derivation, ImageConfig
from twinbuild.model.spec.environment import Resources
from twinbuild.model.spec.external import Secret
from twinbuild.model.spec.serving import Serving
from twinbuild.model.spec.values import quantity_value
from twinbuild.pipeline.machine import Machine
from twinbuild.pipeline.running import confinement_of
from twinbuild.trial.asking import Answer, NoAnswer, Question, Questioner

__all__ = ["Bounds", "Trial", "bounds_of", "configured_trial", "stand_ins", "trial"]

_PAUSE: Final = 0.02
_MOMENT: Final = 0.5  # seconds: limits of memory are looked at ten times in one
_LAST_WORDS: Final = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What a service may take: bytes of memory, and processors (0: all that there is)."""

    memory: int = 0
    processors: int = 0


def bounds_of(resources: Resources) -> Bounds:
    """The limits of a spec. A part of a processor counts as a whole one: nothing finer can be had without root."""
    memory, cpu = resources.memory.limit, resources.cpu.limit
    return Bounds(
        memory=math.floor(quantity_value(memory)) if memory else 0,
        processors=math.ceil(quantity_value(cpu)) if cpu else 0,
    )


def stand_ins(secrets: tuple[Secret, ...]) -> tuple[tuple[str, str], ...]:
    """What a trial gives for secrets of the environment, which are nowhere near: they must be set to start at all."""
    return tuple((secret.reference, "no-secret-but-a-trial") for secret in secrets if secret.provider == "env")


class Trial:
    """A service that runs, and questions to it. ``ports`` are the numbers of its ports, by name."""

    def __init__(self, service: RunningService, serving: Serving, log: Path) -> None:
        self.service = service
        self.serving = serving
        self.ports = {port.name: port.port for port in serving.ports}
        self._log = log
        self._questioner = self.questioner()

    def questioner(self) -> Questioner:
        """Another client, with connections of its own."""
        return Questioner(lambda port: self.service.connect(port, timeout=30.0))

    def port(self, name: str | None = None) -> int:
        """The number of a port; of the first one where no name is given."""
        return self.ports[name] if name is not None else next(iter(self.ports.values()))

    def ask(self, question: Question) -> Answer:
        """The answer to any question. Raises NoAnswer, EnvironmentFault TB5912, BuildError TB5915."""
        try:
            return self._questioner.ask(question)
        except NoAnswer:
            self.raise_if_ended(question.port)
            raise

    def raise_if_ended(self, port: int) -> None:
        """Raise what ended the service, if it just has: its connections close a moment before that is known."""
        self.service.wait(_MOMENT)
        if self.service.ended:
            self.service.connect(port, timeout=0.0).close()

    def get(self, path: str, *, port: str | None = None, headers: tuple[tuple[str, str], ...] = ()) -> Answer:
        """The answer to a GET."""
        return self.ask(Question.of("GET", path, self.port(port), headers=headers))

    def post(
        self, path: str, value: object, *, port: str | None = None, headers: tuple[tuple[str, str], ...] = ()
    ) -> Answer:
        """The answer to a POST of a JSON value."""
        return self.ask(Question.of("POST", path, self.port(port), value, headers))

    def wait_until_ready(self, timeout: float) -> None:
        """Until the probe of startup, readiness or liveness answers 200 to 399; without one, until it listens.

        Raises EnvironmentFault TB5912 where it doesn't within ``timeout`` seconds or ends, BuildError TB5915.
        """
        health = self.serving.health
        probe = health.startup or health.readiness or health.liveness
        end = time.monotonic() + timeout
        if probe is None:
            for number in self.ports.values():
                self.service.connect(number, timeout=timeout).close()
            return
        reason = "it was never asked"
        while True:
            self.service.connect(probe.port, timeout=max(0.1, end - time.monotonic())).close()
            try:
                answer = self.ask(Question.of("GET", probe.path, probe.port))
            except NoAnswer as error:
                reason = str(error)
            else:
                if 200 <= answer.status < 400:
                    return
                reason = f"it answers {answer.status}"
            if time.monotonic() >= end:
                raise EnvironmentFault.of(
                    "TB5912",
                    f"the service is not ready after {timeout:g} s: {probe.path} at port {probe.port}: {reason}; "
                    f"it printed: {self.last_words() or 'nothing'}",
                    hint="look at its output; give it more time with tests.performance.startup",
                )
            time.sleep(_PAUSE)

    def close(self) -> None:
        """End its own connections."""
        self._questioner.close()

    def memory(self) -> int:
        """Bytes of memory that it has had at most."""
        return self.service.memory()

    @property
    def output(self) -> bytes:
        """What it has printed."""
        return self._log.read_bytes()

    def last_words(self) -> str:
        """The end of what it has printed."""
        return self.output[-_LAST_WORDS:].decode(errors="replace").strip()


@contextmanager
def trial(
    derivation: Derivation,
    root: Path,
    machine: Machine,
    *,
    serving: Serving,
    bounds: Bounds = Bounds(),
    environment: tuple[tuple[str, str], ...] = (),
    binds: tuple[Bind, ...] = (),
) -> Iterator[Trial]:
    """The service of an image that ``running.unpacked_image`` unpacked to ``root``, until the context ends.

    ``environment`` is added to that of the image. It has not been waited for: see ``wait_until_ready``.
    """
    with configured_trial(
        derivation.config, root, machine, serving=serving, bounds=bounds, environment=environment, binds=binds
    ) as tried:
        yield tried


@contextmanager
def configured_trial(
    config: ImageConfig,
    root: Path,
    machine: Machine,
    *,
    serving: Serving,
    bounds: Bounds = Bounds(),
    environment: tuple[tuple[str, str], ...] = (),
    binds: tuple[Bind, ...] = (),
) -> Iterator[Trial]:
    """The same for an image that nobody derived here: a release's, by its configuration."""
    confinement = replace(
        confinement_of(config, environment, host_network=False),
        resident=bounds.memory,
        cpus=bounds.processors,
        binds=binds,
    )
    with tempfile.TemporaryDirectory(prefix="trial-", dir=machine.scratch) as directory:
        log = Path(directory, "log")
        log.touch()
        argv = (*config.entrypoint, *config.command)
        with Sandbox(machine.runner).start(root, argv, log=log, confinement=confinement) as service:
            tried = Trial(service, serving, log)
            try:
                yield tried
            finally:
                tried.close()

"""Trying: a built image's service that runs in the sandbox for a while, and that can be asked.

It runs as its container would: its user, its environment, no network, a root that it cannot write to, and no more
memory and processors than the spec allows it.
"""

from __future__ import annotations

import math
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from twinbuild.build.rootfs import located
from twinbuild.build.sandbox import Bind, Confinement, Sandbox
from twinbuild.build.service import RunningService, last_words
from twinbuild.errors import EnvironmentFault, Location
from twinbuild.model.plan import ImageConfig
from twinbuild.model.spec.environment import Resources
from twinbuild.model.spec.serving import Serving
from twinbuild.model.spec.values import quantity_value
from twinbuild.pipeline.machine import Machine
from twinbuild.pipeline.run.running import confinement_of
from twinbuild.trial.asking import Answer, NoAnswer, Question, Questioner

__all__ = [
    "LARGEST_OUTPUT",
    "STAND_IN",
    "Bounds",
    "Told",
    "Trial",
    "bounds_of",
    "confined",
    "trial",
]

STAND_IN: Final = "no-secret-but-a-trial"
LARGEST_OUTPUT: Final = 64 << 20  # bytes of what it prints that are looked at
_PAUSE: Final = 0.02
_MOMENT: Final = 0.5  # seconds: limits of memory are looked at ten times in one
_END: Final = 10.0  # seconds that the end of a service that takes no connections may take
_SPACE: Final = 1 << 30  # bytes of each temporary directory, and of what it prints
_PROCESSES: Final = 4096  # and threads, as many as a node of Kubernetes gives a pod
_SHARED: Final = 64 << 20  # bytes of /dev/shm where no knob asks for more: engines give as many
_LONGEST: Final = 7200.0  # seconds that one start may take, whatever is asked of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What a service may take: bytes of memory, processors (0: all that there is), bytes of /dev/shm (0: 64 MiB)."""

    memory: int = 0
    processors: int = 0
    shared: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a service is given: variables over those of its image, files with a stand-in for a secret, and bounds."""

    environment: tuple[tuple[str, str], ...] = ()
    secrets: tuple[str, ...] = ()  # absolute paths
    bounds: Bounds = Bounds()


def bounds_of(resources: Resources, *, shared: str = "") -> Bounds:
    """The limits of a spec, and the quantity of /dev/shm that a knob asks for.

    A part of a processor counts as a whole one: nothing finer can be had without root.
    """
    memory, cpu = resources.memory.limit, resources.cpu.limit
    return Bounds(
        memory=math.floor(quantity_value(memory)) if memory else 0,
        processors=math.ceil(quantity_value(cpu)) if cpu else 0,
        shared=math.floor(quantity_value(shared)) if shared else 0,
    )


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

    def ask(self, question: Question, *, patience: float = 0.0) -> Answer:
        """The answer to any question, within so many seconds (0: a minute).

        Raises NoAnswer, EnvironmentFault TB5912, BuildError TB5915.
        """
        try:
            return self._questioner.ask(question, patience=patience)
        except NoAnswer:
            self.raise_if_ended(question.port)
            raise

    def raise_if_ended(self, port: int) -> None:
        """Raise what ended the service, if it just has: its connections close a moment before that is known.

        While it goes on, it can be connected to; where it can't, its end is waited for.
        """
        self.service.wait(_MOMENT)
        self.service.connect(port, timeout=_END).close()

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
        probes = {"startup": health.startup, "readiness": health.readiness, "liveness": health.liveness}
        kind, probe = next(((kind, probe) for kind, probe in probes.items() if probe), ("", None))
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
                    hint=f"let it answer 200 to 399 there, or correct serving.health.{kind}; "
                    "tests.performance.startup gives it more time",
                    where=Location(pointer=f"/serving/health/{kind}"),
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
        """What it has printed, or the beginning of it."""
        with self._log.open("rb") as stream:
            return stream.read(LARGEST_OUTPUT)

    def whole_output(self) -> bytes:
        """The same once its last line has an end, for which it gets a moment."""
        end = time.monotonic() + _MOMENT
        while (said := self.output) and not said.endswith(b"\n") and time.monotonic() < end:
            time.sleep(_PAUSE)
        return said

    def last_words(self) -> str:
        """The end of what it has printed."""
        return last_words(self._log)


@contextmanager
def trial(
    config: ImageConfig,
    root: Path,
    machine: Machine,
    *,
    serving: Serving,
    told: Told = Told(),
    binds: tuple[Bind, ...] = (),
) -> Iterator[Trial]:
    """The service of an image that ``running.unpacked_image`` unpacked to ``root``, until the context ends.

    It has not been waited for: see ``wait_until_ready``.
    """
    with tempfile.TemporaryDirectory(prefix="trial-", dir=machine.scratch) as directory:
        log = Path(directory, "log")
        log.touch()
        confinement = confined(config, root, told, binds=binds, directory=Path(directory))
        argv = (*config.entrypoint, *config.command)
        with Sandbox(machine.runner).start(root, argv, log=log, confinement=confinement, timeout=_LONGEST) as service:
            tried = Trial(service, serving, log)
            try:
                yield tried
            finally:
                tried.close()


def confined(config: ImageConfig, root: Path, told: Told, *, binds: tuple[Bind, ...], directory: Path) -> Confinement:
    """The sandbox of an image that is tried; ``directory`` holds the stand-in for its secrets while it runs."""
    return replace(
        confinement_of(config, told.environment, host_network=False),
        resident=told.bounds.memory,
        cpus=told.bounds.processors,
        shared=told.bounds.shared or _SHARED,
        space=_SPACE,
        processes=_PROCESSES,
        binds=(*binds, *_stand_ins(root, told.secrets, directory / "secret")),
    )


def _stand_ins(root: Path, paths: tuple[str, ...], file: Path) -> Iterator[Bind]:
    """A file in each of these places; links of the image on the way, such as /var/run, are followed."""
    if paths:
        file.write_text(STAND_IN)
        os.utime(file, (0, 0))
    for path in paths:
        above, _, name = path.rpartition("/")
        target = located(root, above).relative_to(root) / name
        yield Bind(source=str(file.resolve()), target=f"/{target.as_posix()}")

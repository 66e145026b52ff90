"""Fallbacks: while another service does not answer, the golden test that is marked for it must pass all the same.

In the first start that service closes every connection, in the second it takes them and says nothing. That it was
asked at all is seen by its connections: an answer that never needed it proves no fallback.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from twinbuild.errors import Finding
from twinbuild.model.spec.external import Service
from twinbuild.model.spec.release import ReleaseSpec
from twinbuild.model.spec.serving import Serving
from twinbuild.model.spec.tests import Golden
from twinbuild.model.spec.values import duration_seconds
from twinbuild.pipeline.project import Project
from twinbuild.pipeline.run.trying import Trial
from twinbuild.pipeline.trial.record import finding_at
from twinbuild.trial import asking
from twinbuild.trial.asking import Answer
from twinbuild.trial.dead import Dead, unanswering

__all__ = ["dead_services", "fallback_findings", "patience_for", "service_environment"]

_FIRST: Final = 4400  # port inside of the first service; the others follow
_SLACK: Final = 2.0  # seconds that everything else may take


def _tried(services: tuple[Service, ...], serving: Serving) -> tuple[tuple[Service, int], ...]:
    """Services with a fallback that can be tried, each with its port inside; no port of the service's own."""
    own = {port.port for port in serving.ports}
    free = (number for number in range(_FIRST, _FIRST + len(own) + len(services)) if number not in own)
    return tuple((service, next(free)) for service in services if service.fallback is not None and service.environment)


def service_environment(services: tuple[Service, ...], serving: Serving) -> tuple[tuple[str, str], ...]:
    """Addresses of the services that are tried, leading to the loopback; of the others, as they are declared."""
    tried = {service.name: port for service, port in _tried(services, serving)}
    found = []
    for service in services:
        if service.environment is not None:
            address = service.endpoint
            if service.name in tried:
                parts = urlsplit(address)
                address = urlunsplit(("http", f"127.0.0.1:{tried[service.name]}", parts.path, parts.query, ""))
            found.append((service.environment, address))
    return tuple(found)


@contextmanager
def dead_services(spec: ReleaseSpec, service: Trial, *, silent: bool) -> Iterator[Mapping[str, Dead]]:
    """Those services, by name, while the context lasts: ``silent``, or closing every connection."""
    with ExitStack() as stack:
        yield {
            other.name: stack.enter_context(unanswering(service.service.listen(port), "silent" if silent else "closes"))
            for other, port in _tried(spec.services, spec.serving)
        }


def patience_for(spec: ReleaseSpec, golden: Golden) -> float:
    """Seconds that the answer to a golden test gets: more than its fallback is allowed; 0: as many as any other."""
    if golden.fallback is None:
        return 0.0
    return max(asking.PATIENCE, _allowed(_other(spec, golden)) + _SLACK)


def _other(spec: ReleaseSpec, golden: Golden) -> Service:
    return next(each for each in spec.services if each.name == golden.fallback)


def _allowed(other: Service) -> float:
    return float(duration_seconds(other.timeout)) * (other.retries + 1) + _SLACK


def fallback_findings(project: Project, index: int, answer: Answer, *, asked: int) -> Iterator[Finding]:
    """What is wrong with the answer to a golden test: the other service was never ``asked``, or it took too long.

    ``asked`` is how often golden tests of this start have made it ask: a service that has found out once that the
    other does not answer (a circuit breaker) may leave it alone.
    """
    golden = project.spec.tests.golden[index]
    other = _other(project.spec, golden)
    at = ("tests", "golden", index, "fallback")
    if not asked:
        message = f"golden test {golden.name!r} was answered, but service {other.name!r} was not asked meanwhile"
        hint = f"let the service take its address from {other.environment}, or choose a request that needs it"
        yield finding_at(project, "TB7409", message, hint, *at)
    allowed = _allowed(other)
    if answer.seconds > allowed:
        message = (
            f"golden test {golden.name!r} was answered after {answer.seconds:.1f} s while service {other.name!r} did "
            f"not answer, expected at most {allowed:g} s (its timeout, {other.retries} retries, and {_SLACK:g} s)"
        )
        yield finding_at(project, "TB7408", message, "give up after the declared time-out", *at)

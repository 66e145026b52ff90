"""What can be seen of a service is there: each metric that is declared, or that an alert or a gate reads.

The service has answered its golden tests by then. A metric of the mesh or of the cluster can't be proven here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from twinbuild.deploy.observability.rules import INFORMATION
from twinbuild.deploy.rollout.scraped import places
from twinbuild.errors import Finding
from twinbuild.model.promql.expression import parse, uses
from twinbuild.model.spec.observability import MetricDefinition, Observability
from twinbuild.model.spec.release import ReleaseSpec
from twinbuild.model.spec.watching import series_of, watched
from twinbuild.pipeline.project import Project
from twinbuild.pipeline.run.trying import Trial
from twinbuild.pipeline.trial.logs import identity_findings
from twinbuild.pipeline.trial.record import finding_at
from twinbuild.pipeline.trial.selected import REACH, expressions, unmeasured
from twinbuild.trial.asking import NoAnswer
from twinbuild.trial.comparing import shortened
from twinbuild.trial.exposition import Published, Unreadable, read_exposition

__all__ = ["Place", "provable", "prove", "unprovable"]

Path = tuple[int | str, ...]
Place = tuple[str, str]
_PLAIN: Final = "text/plain;version=0.0.4"
_PROMETHEUS: Final = (  # what Prometheus 2 sends
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
_ALIKE: Final = {"gauge": frozenset({"gauge", "info", "stateset"})}


def provable(observability: Observability) -> tuple[MetricDefinition, ...]:
    """The metrics that the service itself publishes."""
    return tuple(metric for metric in observability.metrics if metric.source == "service")


def unprovable(observability: Observability) -> tuple[str, ...]:
    """The others, each with who publishes it."""
    return tuple(f"{metric.name} ({metric.source})" for metric in observability.metrics if metric.source != "service")


def prove(project: Project, service: Trial, image: str) -> tuple[Finding, ...]:
    """All metrics that are not as they were declared, of a service that has answered its golden tests.

    They must be there in both forms: as Prometheus asks for them, which is OpenMetrics where the service has it, and
    as plain text, which is what others and older ones read.
    """
    for accepted in (_PLAIN, _PROMETHEUS):
        if found := tuple(_metrics(project, service, image, accepted)):
            return found
    return ()


def _metrics(project: Project, service: Trial, image: str, accepted: str) -> Iterator[Finding]:
    observability = project.spec.observability
    found: dict[Place, dict[str, Published]] = {}
    for port, path in places(project.spec):
        try:
            found[port, path] = _scraped(service, port, path, accepted)
        except (NoAnswer, Unreadable) as error:
            message = f"GET {path} at port {port!r} gives no metrics{_asked(accepted)}: {shortened(str(error))}"
            hint = "publish them there in Prometheus' text format, or say where below observability.scrape"
            yield finding_at(project, "TB7401", message, hint, "observability", "scrape")
            return
    readers = _readers(project)
    for index, metric in enumerate(observability.metrics):
        if metric.source == "service":
            published = found[_place(project.spec, metric)]
            wrong = tuple(_metric(project, index, metric, published, readers.get(metric.name, ())))
            yield from wrong or unmeasured(project, metric, published)
            if metric.name == INFORMATION and INFORMATION in published:
                labels = [dict(each) for each in published[INFORMATION].labels]
                yield from identity_findings(project, labels, image, ("observability", "metrics", index, "name"))


def _asked(accepted: str) -> str:
    return " to Prometheus, which accepts OpenMetrics first" if accepted == _PROMETHEUS else ""


def _scraped(service: Trial, port: str, path: str, accepted: str) -> dict[str, Published]:
    answer = service.get(path, port=port, headers=(("accept", accepted),))
    if answer.status != 200:
        raise Unreadable(f"status {answer.status}, expected 200")
    return read_exposition(answer.body, dict(answer.headers).get("content-type", ""))


def _place(spec: ReleaseSpec, metric: MetricDefinition) -> Place:
    """Where a metric is published; as ``places`` has it."""
    scrape = spec.observability.scrape
    number = metric.port or scrape.port or spec.serving.ports[0].port
    name = next(port.name for port in spec.serving.ports if port.port == number)
    return name, metric.path or scrape.path


def _readers(project: Project) -> dict[str, tuple[tuple[str, str, Path], ...]]:
    """By metric: who reads a series of it (``alert 'Slow'``), which, and where that stands in the spec."""
    spec = project.spec
    known = watched(spec.observability)
    found: dict[str, list[tuple[str, str, Path]]] = {}
    for who, expression, at in expressions(spec):
        for use in uses(parse(expression)):
            if use.metric in known:
                found.setdefault(known[use.metric].metric, []).append((who, use.metric, at))
    return {name: tuple(readers) for name, readers in found.items()}


def _metric(
    project: Project,
    index: int,
    metric: MetricDefinition,
    published: dict[str, Published],
    readers: tuple[tuple[str, str, Path], ...],
) -> Iterator[Finding]:
    """What is wrong with one metric; who reads it is named, for it is that which would never work."""
    at = ("observability", "metrics", index)
    series = series_of(metric)
    there = [published[each.series] for each in series if each.series in published]
    missing = [(who, name, where) for who, name, where in readers if name not in published]
    for who, name, where in dict.fromkeys(missing):
        message = f"{who} reads {name}, which the service does not publish after its golden tests"
        yield finding_at(project, "TB7402", message, REACH, *where)
    wanted = 1 if metric.type == "counter" else len(series)
    if len(there) < wanted and not missing:
        message = f"metric {metric.name!r} is declared, and the service does not publish it after its golden tests"
        yield finding_at(project, "TB7402", message, REACH, *at, "name")
    for each in there:
        if each.type not in _ALIKE.get(metric.type, (metric.type,)):
            message = f"{each.name} is published as {each.type}, and declared as {metric.type}"
            yield finding_at(project, "TB7403", message, "declare what it is", *at, "type")
            return
        unlike = [names for names in each.label_names if names - {"le", "quantile"} != set(metric.labels)]
        if unlike:
            got = ", ".join(sorted(unlike[0] - {"le", "quantile"})) or "none"
            expected = ", ".join(metric.labels) or "none"
            message = f"{each.name} is published with the labels {got}, and declared with {expected}"
            where = (*at, "labels") if metric.labels else (*at, "name")
            yield finding_at(project, "TB7404", message, "declare those that it has", *where)
            return

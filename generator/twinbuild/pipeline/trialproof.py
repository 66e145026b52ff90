"""What can be seen of a service is there: each metric that is declared, or that an alert reads, and each log line.

The service has answered its golden tests by then. A metric of the mesh or of the cluster can't be proven here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from twinbuild.deploy.observability.environment import IMAGE, RELEASE
from twinbuild.deploy.observability.gates import gates_of
from twinbuild.deploy.observability.rules import INFORMATION
from twinbuild.deploy.rollout.scraped import places
from twinbuild.errors import Finding
from twinbuild.model.promql.expression import parse, uses
from twinbuild.model.spec.observability import MetricDefinition, Observability
from twinbuild.model.spec.release import ReleaseSpec
from twinbuild.model.spec.watching import series_of, watched
from twinbuild.pipeline.project import Project
from twinbuild.pipeline.trialtraces import STAND_IN
from twinbuild.pipeline.trying import Trial
from twinbuild.trial.asking import NoAnswer
from twinbuild.trial.comparing import shortened
from twinbuild.trial.exposition import Published, Unreadable, read_exposition
from twinbuild.trial.lines import bad_lines, fields_of

__all__ = ["Place", "provable", "prove", "unprovable"]

Path = tuple[int | str, ...]
Place = tuple[str, str]
_LINES: Final = 3  # of a log, that are shown
_ALIKE: Final = {"gauge": frozenset({"gauge", "info", "stateset"})}
_REACH: Final = "let a golden test reach the code that makes it, or initialise its labels at the start"


def provable(observability: Observability) -> tuple[MetricDefinition, ...]:
    """The metrics that the service itself publishes."""
    return tuple(metric for metric in observability.metrics if metric.source == "service")


def unprovable(observability: Observability) -> tuple[str, ...]:
    """The others, each with who publishes it."""
    return tuple(f"{metric.name} ({metric.source})" for metric in observability.metrics if metric.source != "service")


def prove(project: Project, service: Trial, image: str) -> tuple[Finding, ...]:
    """All that is not as it was declared, of a service that has answered its golden tests."""
    spec = project.spec
    lines = _lines(project, service.output, image) if _logs_are_declared(spec) else ()
    return (*_metrics(project, service, image), *lines)


def _logs_are_declared(spec: ReleaseSpec) -> bool:
    return "logs" in spec.observability.model_fields_set


def _finding(project: Project, code: str, message: str, hint: str, *at: int | str) -> Finding:
    return Finding(code=code, message=message, hint=hint, where=project.loaded.where(*at))


def _metrics(project: Project, service: Trial, image: str) -> Iterator[Finding]:
    observability = project.spec.observability
    found: dict[Place, dict[str, Published]] = {}
    for port, path in places(project.spec):
        try:
            found[port, path] = _scraped(service, port, path)
        except (NoAnswer, Unreadable) as error:
            message = f"GET {path} at port {port!r} gives no metrics: {shortened(str(error))}"
            hint = "publish them there in Prometheus' text format, or say where below observability.scrape"
            yield _finding(project, "TB7401", message, hint, "observability", "scrape")
            return
    readers = _readers(project)
    for index, metric in enumerate(observability.metrics):
        if metric.source == "service":
            published = found[_place(project.spec, metric)]
            yield from _metric(project, index, metric, published, readers.get(metric.name, ()))
            if metric.name == INFORMATION and INFORMATION in published:
                labels = [dict(each) for each in published[INFORMATION].labels]
                yield from _identity(project, labels, image, ("observability", "metrics", index, "name"))


def _scraped(service: Trial, port: str, path: str) -> dict[str, Published]:
    answer = service.get(path, port=port)
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
    for who, expression, at in _expressions(spec):
        for use in uses(parse(expression)):
            if use.metric in known:
                found.setdefault(known[use.metric].metric, []).append((who, use.metric, at))
    return {name: tuple(readers) for name, readers in found.items()}


def _expressions(spec: ReleaseSpec) -> Iterator[tuple[str, str, Path]]:
    """Every expression whose metrics somebody relies on."""
    for index, alert in enumerate(spec.observability.alerts):
        yield f"alert {alert.name!r}", alert.expression, ("observability", "alerts", index, "expression")
    for gate in gates_of(spec).gates:
        conditions = list(spec.rollout.promote if gate.kind == "promote" else spec.rollout.rollback)
        key = "expression" if gate.condition.expression is not None else "metric"
        yield (
            f"gate {gate.name!r}",
            gate.expression,
            ("rollout", gate.kind, conditions.index(gate.condition), key),
        )


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
        yield _finding(project, "TB7402", message, _REACH, *where)
    wanted = 1 if metric.type == "counter" else len(series)
    if len(there) < wanted and not missing:
        message = f"metric {metric.name!r} is declared, and the service does not publish it after its golden tests"
        yield _finding(project, "TB7402", message, _REACH, *at, "name")
    for each in there:
        if each.type not in _ALIKE.get(metric.type, (metric.type,)):
            message = f"{each.name} is published as {each.type}, and declared as {metric.type}"
            yield _finding(project, "TB7403", message, "declare what it is", *at, "type")
            return
        unlike = [names for names in each.label_names if names - {"le", "quantile"} != set(metric.labels)]
        if unlike:
            got = ", ".join(sorted(unlike[0] - {"le", "quantile"})) or "none"
            expected = ", ".join(metric.labels) or "none"
            message = f"{each.name} is published with the labels {got}, and declared with {expected}"
            where = (*at, "labels") if metric.labels else (*at, "name")
            yield _finding(project, "TB7404", message, "declare those that it has", *where)
            return


def _identity(
    project: Project, said: list[dict[str, str]], image: str, at: Path, keys: tuple[str, ...] = ("image", "release")
) -> Iterator[Finding]:
    """Whoever says which image and release it is says the ones that it was told."""
    for each in said:
        for key, value in (("image", image), ("release", STAND_IN)):
            if key in keys and value and each.get(key) != value:
                variable = IMAGE if key == "image" else RELEASE
                message = f"{key} is {each.get(key, 'nothing')[:80]!r}, expected {value}, as {variable} says"
                yield _finding(project, "TB7406", message, f"take it from the variable {variable}", *at)
                return


def _lines(project: Project, output: bytes, image: str) -> Iterator[Finding]:
    logs = project.spec.observability.logs
    lines = output.split(b"\n")
    for count, (number, fault) in enumerate(bad_lines(output, logs)):
        if count == _LINES:
            return
        said = shortened(lines[number - 1].decode(errors="replace"))
        message = f"line {number} of the log is not as declared: {fault}; it is: {said}"
        hint = "let every logger write the declared form, the server's own too, or declare what is written"
        yield _finding(project, "TB7405", message, hint, "observability", "logs")
    keys = tuple(key for key in ("image", "release") if key in logs.fields)
    if keys:
        records = [fields_of(line, logs.format) for line in lines[:-1]]
        told: list[dict[str, str]] = [
            {key: str(each.get(key)) for key in keys} for each in records if isinstance(each, dict)
        ]
        yield from _identity(project, told, image, ("observability", "logs"), keys)

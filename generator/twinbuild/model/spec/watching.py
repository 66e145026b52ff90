"""What a release's alerts and gates read: each expression is PromQL about metrics and labels that are declared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

from pydantic_core import PydanticCustomError

from twinbuild.model.spec.base import Objections
from twinbuild.model.spec.observability import Alert, AlertTests, MetricDefinition, Observability
from twinbuild.model.spec.serving import Serving
from twinbuild.model.spec.values import duration_seconds

if TYPE_CHECKING:
    import promql_parser as ql

    from twinbuild.model.promql.state import Schema

__all__ = ["Watched", "check_expression", "check_watching", "schema_of", "series_of", "watched"]

_SCRAPED: Final = {"up": ("job", "instance"), "scrape_duration_seconds": ("job", "instance")}  # Prometheus' own


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A series that can be asked for: the metric that it belongs to ("": Prometheus' own), and all of its labels."""

    series: str
    metric: str
    labels: tuple[str, ...]
    counter: bool


def series_of(metric: MetricDefinition) -> tuple[Watched, ...]:
    """The series under which a metric is stored."""
    name, labels = metric.name, tuple(metric.labels)
    named: tuple[tuple[str, tuple[str, ...]], ...]
    if metric.type == "histogram":
        named = ((f"{name}_bucket", (*labels, "le")), (f"{name}_sum", labels), (f"{name}_count", labels))
    elif metric.type == "summary":
        named = ((name, (*labels, "quantile")), (f"{name}_sum", labels), (f"{name}_count", labels))
    elif metric.type == "counter" and not name.endswith("_total"):
        named = ((name, labels), (f"{name}_total", labels))  # OpenMetrics adds the suffix, older clients don't
    else:
        named = ((name, labels),)
    return tuple(
        Watched(series=series, metric=name, labels=own, counter=metric.type != "gauge" and series != name)
        if metric.type != "counter"
        else Watched(series=series, metric=name, labels=own, counter=True)
        for series, own in named
    )


def watched(observability: Observability) -> dict[str, Watched]:
    """Every series that an expression may read, by name."""
    found = {
        series: Watched(series=series, metric="", labels=labels, counter=False) for series, labels in _SCRAPED.items()
    }
    for metric in observability.metrics:
        found |= {each.series: each for each in series_of(metric)}
    return found


def schema_of(observability: Observability, tree: ql.Expr, job: str) -> Schema:
    """What series are made with for the unit test of an expression."""
    from twinbuild.model.promql.expression import TARGET_LABELS, uses
    from twinbuild.model.promql.state import Schema

    known = watched(observability)
    asked = {label for use in uses(tree) for label in use.labels}
    return Schema(
        labels=tuple((name, each.labels) for name, each in known.items()),
        target=tuple(sorted(asked & TARGET_LABELS)),
        job=job,
        counters=frozenset(name for name, each in known.items() if each.counter),
    )


def check_watching(observability: Observability, serving: Serving, name: str, objections: Objections) -> None:
    """Objections to expressions that are none, to what they read, and to alerts that nothing tests."""
    _check_places(observability, serving, objections)
    known = watched(observability)
    for index, alert in enumerate(observability.alerts):
        at = ("observability", "alerts", index)
        tree = _read(alert.expression, known, objections, (*at, "expression"))
        if tree is not None:
            _check_tests(alert, tree, schema_of(observability, tree, name), objections, at)


def check_expression(
    text: str, observability: Observability, objections: Objections, at: tuple[int | str, ...]
) -> None:
    """Objections to an expression of another section, such as that of a gate."""
    _read(text, watched(observability), objections, at)


def _check_places(observability: Observability, serving: Serving, objections: Objections) -> None:
    """Ports are those of the service; two metrics never make one series."""
    ports = {port.port for port in serving.ports}
    places = [(observability.scrape.port, ("observability", "scrape", "port"))]
    places += [
        (metric.port, ("observability", "metrics", index, "port"))  # type: ignore[misc]
        for index, metric in enumerate(observability.metrics)
    ]
    for port, at in places:
        if port is not None and port not in ports:
            message = f"port {port} is one that serving.ports lacks"
            objections.add("TB1117", message, "add it to serving.ports, or name one that is there", *at)
    owners: dict[str, str] = {}
    for index, metric in enumerate(observability.metrics):
        for each in series_of(metric):
            owner = owners.setdefault(each.series, metric.name)
            if owner != metric.name:
                message = f"metrics {owner!r} and {metric.name!r} both make the series {each.series}"
                objections.add("TB1174", message, "rename one of them", "observability", "metrics", index, "name")


def _read(text: str, known: dict[str, Watched], objections: Objections, at: tuple[int | str, ...]) -> ql.Expr | None:
    """The tree of an expression that reads only what is there; None, and objections, otherwise."""
    from twinbuild.model.promql.expression import TARGET_LABELS, parse, uses

    try:
        tree = parse(text)
    except PydanticCustomError as error:
        context = error.context or {}
        objections.add("TB1170", str(context.get("message")), str(context.get("hint")), *at)
        return None
    sound = True
    for use in uses(tree):
        series = known.get(use.metric)
        if series is None:
            message = f"the expression reads {use.metric!r}, which is no series of a declared metric"
            objections.add("TB1171", message, _nearest(use.metric, known), *at)
            sound = False
            continue
        unknown = [label for label in use.labels if label not in series.labels and label not in TARGET_LABELS]
        for label in unknown:
            message = f"the expression asks {use.metric} for the label {label!r}, which it has not"
            hint = f"use one of {', '.join(series.labels) or 'none'}, or declare it"
            objections.add("TB1172", message, hint, *at)
            sound = False
    return tree if sound else None


def _nearest(name: str, known: dict[str, Watched]) -> str:
    import difflib

    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    declare = "declare it below observability.metrics (with 'source' where the mesh or the cluster publishes it)"
    return f"did you mean {close[0]!r}? Else {declare}" if close else declare


def _check_tests(
    alert: Alert, tree: ql.Expr, schema: Schema, objections: Objections, at: tuple[int | str, ...]
) -> None:
    """Series are derived, or they are given and are series."""
    from twinbuild.model.promql.derive import Underivable, derive_false, derive_true
    from twinbuild.model.promql.timing import timing_of

    held = int(duration_seconds(alert.duration) * 1000)
    if alert.tests is not None:
        _check_samples(alert.tests, objections, (*at, "tests"))
        return
    word = "tells anything"
    try:
        timing_of(tree, held)
        word = "fires"
        derive_true(tree, schema)
        word = "is silent"
        derive_false(tree, schema)
    except Underivable as error:
        message = f"no series can be derived under which alert {alert.name!r} {word}: {error}"
        hint = "give them below 'tests': firing: [{series: 'NAME{LABEL=\"VALUE\"}', values: 0+60x30}], silent: [...]"
        objections.add("TB1173", message, hint, *at, "expression")


def _check_samples(tests: AlertTests, objections: Objections, at: tuple[int | str, ...]) -> None:
    from twinbuild.model.promql.state import Atom

    if not tests.firing and not tests.silent:
        objections.add("TB1177", "the tests have no series at all", "give those under which the alert is silent", *at)
    for kind in ("firing", "silent"):
        for index, sample in enumerate(getattr(tests, kind)):
            selector = _selector(sample.series)
            matchers = Atom.of(selector).matchers if selector is not None else ()
            if selector is None or any(operator != "=" for operator, _, _ in matchers):
                message = f"{sample.series[:80]!r} is no series"
                objections.add("TB1177", message, 'write NAME{LABEL="VALUE"}', *at, kind, index, "series")


def _selector(text: str) -> ql.VectorSelector | None:
    import promql_parser as ql

    try:
        tree = ql.parse(text)
    except ValueError:
        return None
    plain = isinstance(tree, ql.VectorSelector) and tree.name is not None and tree.offset is None and tree.at is None
    return cast("ql.VectorSelector", tree) if plain else None

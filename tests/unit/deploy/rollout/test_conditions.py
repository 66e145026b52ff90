"""Conditions as PromQL, and what their measurements mean."""

from __future__ import annotations

import math

import pytest

from fakes.deployed import deployed, example
from twinbuild.deploy.rollout.conditions import compare, duration, measured, query, seconds, threshold_text, verdict
from twinbuild.model.promql.expression import parse
from twinbuild.model.spec.release import ReleaseSpec

METRICS = """
  metrics:
    - {name: asked_total, type: counter, description: x, labels: [path]}
    - {name: asked_seconds, type: histogram, description: x, labels: [path]}
    - {name: queue, type: gauge, description: x, labels: [path]}
    - {name: size, type: summary, description: x, labels: [path]}
    - {name: mesh_requests_total, type: counter, description: x, labels: [host], source: mesh}
"""


def spec_with(condition: str) -> ReleaseSpec:
    """The first example with one condition of promotion."""
    before, _, rest = example().partition("rollout:\n")
    after = rest[rest.index("publish:\n") :]
    rollout = f"rollout:\n  strategy: blue_green\n  promote: [{{{condition}}}]\n"
    return deployed(f"{before}{rollout}observability:{METRICS}{after}").spec


@pytest.mark.parametrize(
    ("condition", "expression"),
    [
        ("metric: asked_total", 'sum(rate(asked_total{service="x"}[5m]))'),
        ("metric: asked_total, rate: 30s", 'sum(rate(asked_total{service="x"}[30s]))'),
        (
            "metric: asked_total, labels: {path: '/a\"b\\\\'}",
            r'sum(rate(asked_total{service="x",path="/a\"b\\\\"}[5m]))',
        ),
        (
            "metric: asked_total, labels: {path: /a}, per: asked_seconds",
            'sum(rate(asked_total{service="x",path="/a"}[5m])) / sum(rate(asked_seconds_count{service="x"}[5m]))',
        ),
        (
            "metric: asked_total, per: asked_total",
            'sum(rate(asked_total{service="x"}[5m])) / sum(rate(asked_total{service="x"}[5m]))',
        ),
        (
            "metric: asked_seconds, quantile: 0.95",
            'histogram_quantile(0.95, sum by (le) (rate(asked_seconds_bucket{service="x"}[5m])))',
        ),
        (
            "metric: asked_seconds",
            'sum(rate(asked_seconds_sum{service="x"}[5m])) / sum(rate(asked_seconds_count{service="x"}[5m]))',
        ),
        ("metric: queue", 'avg(avg_over_time(queue{service="x"}[5m]))'),
        ("metric: size, quantile: 0.5", 'avg(avg_over_time(size{service="x",quantile="0.5"}[5m]))'),
        ("metric: size", 'sum(rate(size_sum{service="x"}[5m])) / sum(rate(size_count{service="x"}[5m]))'),
        ("expression: 'up == 1'", "up == 1"),
        ("metric: mesh_requests_total, labels: {host: a}", 'sum(rate(mesh_requests_total{host="a"}[5m]))'),
        (
            "metric: asked_total, per: mesh_requests_total",
            'sum(rate(asked_total{service="x"}[5m])) / sum(rate(mesh_requests_total[5m]))',
        ),
    ],
)
def test_query(condition: str, expression: str) -> None:
    """Each kind of metric has its own expression; labels are quoted, instances chosen of what the pods publish."""
    spec = spec_with(f"{condition}, operator: '<', threshold: 1, window: 5m")
    found = query(spec, spec.rollout.promote[0], ('service="x"',))
    assert found == expression
    parse(found)  # it is PromQL


def test_query_without_matchers() -> None:
    """Of all instances there is no empty selector."""
    spec = spec_with("metric: asked_total, operator: '<', threshold: 1, window: 5m")
    assert query(spec, spec.rollout.promote[0]) == "sum(rate(asked_total[5m]))"


def test_measured() -> None:
    """A window is filled by measurements; a condition without a name is counted."""
    spec = spec_with("metric: queue, rate: 2m, operator: '<', threshold: 1, window: 5m")
    (each,) = measured(spec, "promote")
    assert (each.name, each.interval, each.count) == ("promote-1", 120, 3)
    assert measured(spec, "rollback") == ()


@pytest.mark.parametrize(
    ("text", "count", "spoken"),
    [
        ("90s", 90, "1m30s"),
        ("1h", 3600, "1h"),
        ("1.5h", 5400, "1h30m"),
        ("2d", 172_800, "48h"),
        ("10ms", 1, "1s"),
        ("0s", 0, "0s"),
    ],
)
def test_durations(text: str, count: int, spoken: str) -> None:
    """Whole seconds, rounded up, as Go reads them."""
    assert (seconds(text), duration(seconds(text))) == (count, spoken)


@pytest.mark.parametrize(
    ("operator", "below", "at", "above"),
    [
        ("<", "holds", "fails", "fails"),
        ("<=", "holds", "holds", "fails"),
        (">", "fails", "fails", "holds"),
        (">=", "fails", "holds", "holds"),
        ("==", "fails", "holds", "fails"),
        ("!=", "holds", "fails", "holds"),
    ],
)
def test_verdict(operator: str, below: str, at: str, above: str) -> None:
    """Comparisons are those of numbers; nothing and NaN are no decision, whatever is compared."""
    spec = spec_with(f"metric: queue, operator: '{operator}', threshold: 1, window: 5m")
    condition = spec.rollout.promote[0]
    assert [verdict(condition, value) for value in (0.5, 1.0, 1.5)] == [below, at, above]
    assert verdict(condition, None) == verdict(condition, math.nan) == "unknown"
    assert compare(condition, 0.5) == (below == "holds")


@pytest.mark.parametrize(
    ("value", "text"), [(0.1, "0.1"), (5.0, "5"), (-3.0, "-3"), (1e300, "1e+300"), (1e-9, "1e-09")]
)
def test_threshold(value: float, text: str) -> None:
    """Digits that read back as the same number."""
    assert threshold_text(value) == text
    assert float(text) == value

"""What alerts read is declared, and each of them is tested: every fault with its code and place."""

from __future__ import annotations

from pathlib import Path

import pytest

from twinbuild.codec.spec import SourceText, load_spec
from twinbuild.errors import SpecError
from twinbuild.model.spec.observability import MetricDefinition
from twinbuild.model.spec.watching import series_of

EXAMPLE = (Path(__file__).resolve().parents[4] / "examples" / "fraud-scorer" / "release.yaml").read_text("utf-8")
SECTION = """\
observability:
  metrics:
    - {name: requests_total, type: counter, description: Requests., labels: [path]}
    - {name: seconds, type: histogram, description: Time to answer., labels: [path]}
    - {name: queue, type: gauge, description: Requests that wait.}
    - {name: mesh_requests_total, type: counter, description: Requests., labels: [code], source: mesh}
  scrape: {port: 8000, path: /metrics, interval: 30s}
  alerts:
    - name: Slow
      expression: queue > 5
      summary: It is slow.
  logs: {format: json, fields: [time, level], optional: [exception]}
  tracing: {enabled: true, exporter: otlp, sample_ratio: 0.5}
"""


def text_with(section: str) -> str:
    """The example's spec with another section ``observability``, at its end, and no rollout that asks for more."""
    head, rest = EXAMPLE.split("\nobservability:\n")
    head = head.partition("\nrollout:\n")[0]
    kept = rest[rest.index("\npublish:") :]
    return f"{head}\n{kept}\n{section}"


def faults(section: str) -> list[tuple[str, int, int]]:
    """Code, line in the section and column of each finding."""
    text = text_with(section)
    with pytest.raises(SpecError) as caught:
        load_spec((SourceText(name="release.yaml", content=text.encode()),))
    first = text[: text.rindex("\nobservability:")].count("\n") + 1
    return [(each.code, each.where.line - first, each.where.column) for each in caught.value.findings]


def with_expression(expression: str) -> str:
    """The section with another expression of its alert, on line 10, column 19."""
    return SECTION.replace("queue > 5", expression)


def test_a_sound_section() -> None:
    """Nothing is said of it."""
    load_spec((SourceText(name="release.yaml", content=text_with(SECTION).encode()),))


@pytest.mark.parametrize(
    ("expression", "codes"),
    [
        ("queue >", ["TB1170"]),
        ("sum(rate(requests_total[5m]) > 1", ["TB1170"]),
        ("rate(queue) > 1", ["TB1170"]),
        ("nosuch(queue) > 1", ["TB1170"]),
        ("mad_over_time(queue[5m]) > 1", ["TB1170"]),
        ("1 > bool 0", ["TB1170"]),
        ("queue[5m]", ["TB1170"]),
        ("'a {word}'", ["TB1170"]),
        ("'{path=\"/\"} > 1'", ["TB1170"]),
        ("queue[99999999999999999y] > 1", ["TB1170"]),
        ("qeue > 5", ["TB1171"]),
        ("seconds > 5", ["TB1171"]),
        ("requests_total_bucket > other_total", ["TB1171", "TB1171"]),
        ('requests_total{pth="/"} > 5', ["TB1172"]),
        ("sum by (code) (rate(requests_total[5m])) > 5", ["TB1172"]),
        ("sum by (shard) (queue) > on (shard) mesh_requests_total", ["TB1172", "TB1172"]),
        ('quantile_over_time(0.5, seconds_sum{le="1"}[5m]) > 1', ["TB1172"]),
        ("queue", ["TB1173"]),
        ("queue > bool 5", ["TB1173"]),
        ("rate(requests_total[5m]) < -1", ["TB1173"]),
        ("stddev(queue) > 5", ["TB1173"]),
        ("rate(requests_total[5m]) / mesh_requests_total > 1", ["TB1173"]),
        ("queue > time()", ["TB1173"]),
    ],
)  # fmt: skip
def test_bad_expression(expression: str, codes: list[str]) -> None:
    """The finding stands at the expression."""
    column = 19
    assert faults(with_expression(expression)) == [(code, 10, column) for code in codes]


@pytest.mark.parametrize(
    "expression",
    [
        'up{job="fraud-scorer"} == 0',
        "sum by (le, pod) (rate(seconds_bucket[5m])) > 5",
        'mesh_requests_total{code="500"} > 1',
    ],
)
def test_what_else_is_there(expression: str) -> None:
    """Prometheus' own series, buckets, labels of the target, metrics of the mesh."""
    load_spec((SourceText(name="release.yaml", content=text_with(with_expression(expression)).encode()),))


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("labels: [path]}\n    - {name: seconds", "labels: [le]}\n    - {name: seconds", ("TB1174", 3, 78)),
        ("labels: [path]}\n    - {name: seconds", "labels: [a-b]}\n    - {name: seconds", ("TB1174", 3, 78)),
        ("labels: [path]}\n    - {name: seconds", "labels: [__a]}\n    - {name: seconds", ("TB1174", 3, 78)),
        ("name: mesh_requests_total", "name: seconds_sum", ("TB1174", 6, 14)),
        ("source: mesh}", "source: mesh, port: 8000}", ("TB1174", 6, 98)),
        ("{port: 8000,", "{port: 9000,", ("TB1117", 7, 18)),
        ("Requests that wait.}", "Requests that wait., port: 9000}", ("TB1117", 5, 74)),
        ("format: json,", "format: text,", ("TB1175", 12, 24)),
        ("optional: [exception]", "optional: [level]", ("TB1175", 12, 58)),
        ("exporter: otlp, ", "", ("TB1176", 13, 3)),
        ("sample_ratio: 0.5", "sample_ratio: 0.0", ("TB1176", 13, 58)),
        ("sample_ratio: 0.5", "sample_ratio: 0.5, endpoint: 'ssh://a.example'", ("TB1176", 13, 73)),
        (
            "exporter: otlp, sample_ratio: 0.5",
            "exporter: zipkin, sample_ratio: 0.5, endpoint: 'http://a'",
            ("TB1176", 13, 75),
        ),
        ("summary: It is slow.", "summary: It is slow.\n      tests: {}", ("TB1177", 12, 7)),
        (
            "summary: It is slow.",
            "summary: It is slow.\n      tests: {firing: [{series: 'queue{a=~\"b\"}', values: 7x30}]}",
            ("TB1177", 12, 33),
        ),
        (
            "summary: It is slow.",
            "summary: It is slow.\n      tests: {firing: [{series: queue, values: 7*30}]}",
            ("TB1177", 12, 48),
        ),
    ],
)
def test_bad_section(old: str, new: str, fault: tuple[str, int, int]) -> None:
    """One fault, at its place."""
    assert SECTION.count(old) == 1
    assert faults(SECTION.replace(old, new)) == [fault]


def test_series_that_are_given() -> None:
    """Where nothing can be derived, series of the spec do."""
    tests = "      tests:\n        firing: [{series: queue, values: 0+7x30 _ stale -1e3x2 NaN}]\n        silent: []\n"
    text = with_expression("stddev(queue) > 5").replace("It is slow.\n", f"It is slow.\n{tests}")
    load_spec((SourceText(name="release.yaml", content=text_with(text).encode()),))


def test_series_of_a_counter_without_its_suffix() -> None:
    """OpenMetrics adds it, older clients don't."""
    metric = MetricDefinition(name="requests", type="counter", description="Requests.")
    assert [each.series for each in series_of(metric)] == ["requests", "requests_total"]


def test_series_of_a_summary() -> None:
    """Its quantiles have a label of their own."""
    metric = MetricDefinition(name="s", type="summary", description="A summary.", labels=("a",))
    assert [(each.series, each.labels, each.counter) for each in series_of(metric)] == [
        ("s", ("a", "quantile"), False),
        ("s_sum", ("a",), True),
        ("s_count", ("a",), True),
    ]

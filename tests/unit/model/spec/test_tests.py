"""``tests``: what is refused before anything is built, each at its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from twinbuild.codec.spec import SourceText, load_spec
from twinbuild.errors import SpecError
from twinbuild.model.spec.tests import Performance

TEXT = (
    (Path(__file__).resolve().parents[4] / "examples" / "fraud-scorer" / "release.yaml")
    .read_text("utf-8")
    .replace("      runtime_change: true\n", "")
)
BEFORE = TEXT[: TEXT.index("tests:\n")]
AFTER = TEXT[TEXT.index("rollout:\n") :]
GOLDEN = """\
  golden:
    - name: one
      request: {method: POST, path: /predict, body: {amount: 1}}
      expect: {status: 200, body: {score: 0.5}, tolerance: 0.1}
"""
FIRST = BEFORE.count("\n") + 2  # the line after ``tests:``


def _refused(tests: str) -> list[tuple[str, str, int]]:
    text = f"{BEFORE}tests:\n{tests}{AFTER}"
    with pytest.raises(SpecError) as caught:
        load_spec((SourceText(name="release.yaml", content=text.encode()),))
    return [(each.code, each.where.pointer, each.where.line - FIRST) for each in caught.value.findings]


def test_what_is_accepted() -> None:
    """The tests that the refused ones are made from."""
    limits = "  performance: {latency_p50: 5ms, latency_p95: 5ms, throughput: 10, startup: 20s, memory: 1Gi}\n"
    text = f"{BEFORE}tests:\n{GOLDEN}{limits}  required: [cpu]\n{AFTER}"
    spec = load_spec((SourceText(name="release.yaml", content=text.encode()),)).spec
    assert spec.tests.golden[0].name == "one"
    assert spec.tests.performance is not None
    assert spec.tests.performance.throughput == 10.0
    assert spec.tests.required == ("cpu",)


def _golden(old: str, new: str) -> str:
    assert old in GOLDEN
    return GOLDEN.replace(old, new)


@pytest.mark.parametrize(
    ("tests", "found"),
    [
        (_golden("body: {amount: 1}", "headers: {'a b': x}"), ("TB1150", "/tests/golden/0/request/headers/a b", 2)),
        (_golden("body: {amount: 1}", "headers: {Host: x}"), ("TB1150", "/tests/golden/0/request/headers/Host", 2)),
        (
            _golden("body: {amount: 1}", 'headers: {x: "a\\r\\nb: c"}'),
            ("TB1150", "/tests/golden/0/request/headers/x", 2),
        ),
        (_golden("body: {amount: 1}", "headers: {x: 1}"), ("TB1107", "/tests/golden/0/request/headers/x", 2)),
        (_golden("method: POST", "method: GET"), ("TB1151", "/tests/golden/0/request/body", 2)),
        (
            _golden("method: POST, path: /predict, body: {amount: 1}", "method: HEAD, path: /"),
            ("TB1151", "/tests/golden/0/expect/body", 3),
        ),
        (_golden("path: /predict", "path: predict"), ("TB1104", "/tests/golden/0/request/path", 2)),
        (_golden("path: /predict", "path: '/a b'"), ("TB1104", "/tests/golden/0/request/path", 2)),
        (_golden("{score: 0.5}", "{score: high}"), ("TB1152", "/tests/golden/0/expect/tolerance", 3)),
        (_golden("tolerance: 0.1", "tolerance: 2"), ("TB1105", "/tests/golden/0/expect/tolerance", 3)),
        (_golden("status: 200", "status: 99"), ("TB1105", "/tests/golden/0/expect/status", 3)),
        (_golden("path: /predict", "path: /predict, port: grpc"), ("TB1117", "/tests/golden/0/request/port", 2)),
        (GOLDEN + GOLDEN.removeprefix("  golden:\n"), ("TB1115", "/tests/golden/1/name", 4)),
        (
            GOLDEN + "  performance: {latency_p50: 9ms, latency_p95: 5ms}\n",
            ("TB1153", "/tests/performance/latency_p95", 4),
        ),
        (GOLDEN + "  performance: {startup: 0s}\n", ("TB1153", "/tests/performance/startup", 4)),
        (
            GOLDEN + "  performance: {latency_p95: 5ms, requests: 5, concurrency: 6}\n",
            ("TB1153", "/tests/performance/concurrency", 4),
        ),
        (GOLDEN + "  performance: {throughput: 0}\n", ("TB1105", "/tests/performance/throughput", 4)),
        (GOLDEN + "  performance: {latency_p96: 5ms}\n", ("TB1101", "/tests/performance/latency_p96", 4)),
        (GOLDEN + "  performance: {latency_p95: fast}\n", ("TB1123", "/tests/performance/latency_p95", 4)),
        ("  performance: {latency_p95: 5ms}\n", ("TB1154", "/tests/performance", 0)),
        (GOLDEN + "  required: [cuda]\n", ("TB1117", "/tests/required/0", 4)),
        (GOLDEN + "  required: [cpu, cpu]\n", ("TB1115", "/tests/required/1", 4)),
        ("  required: [cpu]\n", ("TB1154", "/tests/required", 0)),
    ],
)
def test_what_is_refused(tests: str, found: tuple[str, str, int]) -> None:
    """One finding, with its code, its pointer and its line."""
    assert _refused(tests) == [found]


def test_a_service_without_a_port() -> None:
    """Nobody could ask it."""
    text = BEFORE.replace("  ports:\n    - {name: http, port: 8000}\n", "")
    text = text[: text.index("  health:")] + f"\ntests:\n{GOLDEN}{AFTER}"
    with pytest.raises(SpecError) as caught:
        load_spec((SourceText(name="release.yaml", content=text.encode()),))
    assert [each.code for each in caught.value.findings] == ["TB1154"]


def test_whether_load_is_needed() -> None:
    """Start-up and memory are measured anyway."""
    assert not Performance(startup="1s", memory="1Gi").under_load
    assert Performance(throughput=1.0).under_load

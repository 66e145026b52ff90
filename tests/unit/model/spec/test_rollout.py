"""``rollout``: what it may say, and what is refused at which line."""

from __future__ import annotations

from pathlib import Path

import pytest

from twinbuild.codec.spec import SourceText, load_spec
from twinbuild.errors import SpecError
from twinbuild.model.spec.release import ReleaseSpec

ROOT = Path(__file__).resolve().parents[4]
TEXT = (ROOT / "examples" / "fraud-scorer" / "release.yaml").read_text("utf-8")
GOOD = """
strategy: canary
steps: [{weight: 10, pause: 10m}, {weight: 50, pause: 1h}]
promote:
  - {name: in-time, metric: fraud_request_seconds, labels: {path: /predict}, quantile: 0.95,
     operator: "<", threshold: 0.1, window: 5m}
rollback:
  - {name: errors, metric: fraud_request_errors_total, per: fraud_request_seconds,
     operator: ">", threshold: 0.05, rate: 1m, window: 3m}
  - {expression: up, operator: "==", threshold: 0, window: 1m}
gates:
  - {name: review, before: 50, approvers: [model-review]}
failure_modes:
  - {name: slow, signal: in-time, action: stop, description: Too late.}
  - {name: broken, signal: errors, action: rollback, description: Errors.}
  - {name: called, signal: FraudScorerSlow, action: page, description: Slow.}
signals: [fraud_request_seconds, FraudScorerSlow]
traffic: {router: nginx, route: fraud-scorer}
replicas: {minimum: 2, maximum: 10, cpu: 70}
disruption: {unavailable: "25%"}
spread: [kubernetes.io/hostname]
"""


def with_rollout(rollout: str) -> str:
    """The first example with this section, which is written as if at the left margin."""
    before, _, rest = TEXT.partition("rollout:\n")
    after = rest[rest.index("observability:\n") :]
    lines = "".join(f"  {line}\n" for line in rollout.strip("\n").split("\n"))
    return f"{before}rollout:\n{lines}\n{after}"


def load(text: str) -> ReleaseSpec:
    """A spec of a text."""
    return load_spec((SourceText(name="release.yaml", content=text.encode()),)).spec


def test_everything() -> None:
    """All that can be said."""
    rollout = load(with_rollout(GOOD)).rollout
    assert rollout.promote[0].quantile == 0.95
    assert rollout.rollback[1].expression == "up"
    assert rollout.gates[0].before == 50
    assert [mode.action for mode in rollout.failure_modes] == ["stop", "rollback", "page"]
    assert rollout.replicas.scaled
    assert rollout.disruption.unavailable == "25%"


def test_defaults() -> None:
    """Nothing needs to be said: one pod that is replaced."""
    rollout = load(with_rollout("strategy: rolling")).rollout
    assert (rollout.replicas.minimum, rollout.replicas.scaled, rollout.surge, rollout.unavailable) == (1, False, 1, 0)


# code, what is replaced in GOOD, by what, and the text in whose line it is found
CASES = [
    (
        "TB1160",
        "metric: fraud_request_seconds, labels",
        "metric: fraud_request_seconds, expression: up, labels",
        "in-time, m",
    ),
    ("TB1160", "expression: up, ", "", '{operator: "=="'),
    ("TB1160", "expression: up", "expression: up, quantile: 0.5", "quantile: 0.5"),
    ("TB1160", "expression: up", "expression: 'up{{x}}'", "up{{x}}"),
    ("TB1160", "labels: {path: /predict}", "labels: {path: '{{args.x}}'}", "{{args.x}}"),
    ("TB1160", "window: 5m", "window: 100ms", "window: 100ms"),
    ("TB1160", "rate: 1m", "rate: 10m", "rate: 10m"),
    (
        "TB1160",
        "metric: fraud_request_errors_total,",
        "metric: fraud_request_errors_total, quantile: 0.5,",
        "quantile: 0.5",
    ),
    ("TB1160", "quantile: 0.95", "per: fraud_request_errors_total", "per: fraud_request_errors_total"),
    ("TB1170", "expression: up", "expression: 'up{'", "'up{'"),
    ("TB1171", "expression: up", "expression: uptime", "uptime"),
    ("TB1172", "expression: up", "expression: 'up{zone=\"a\"}'", "zone="),
    ("TB1105", "quantile: 0.95", "quantile: 95.0", "quantile: 95.0"),
    ("TB1106", 'operator: "<"', 'operator: "=<"', '"=<"'),
    ("TB1117", "metric: fraud_request_seconds,", "metric: fraud_request_secnds,", "fraud_request_secnds"),
    ("TB1117", "per: fraud_request_seconds", "per: requests_total", "requests_total"),
    ("TB1117", "labels: {path: /predict}", "labels: {route: /predict}", "route: /predict"),
    ("TB1117", "signal: in-time", "signal: in-tyme", "in-tyme"),
    ("TB1117", "signals: [fraud_request_seconds", "signals: [fraud_seconds", "signals: [fraud_seconds"),
    ("TB1115", "name: errors, metric", "name: in-time, metric", "name: in-time, metric: fraud_request_errors"),
    ("TB1115", "name: broken", "name: slow", "name: slow, signal: errors"),
    ("TB1116", "weight: 50, pause", "weight: 5, pause", "weight: 5,"),
    ("TB1161", "maximum: 10", "maximum: 1", "maximum: 1,"),
    ("TB1161", ", cpu: 70", "", "maximum: 10}"),
    ("TB1161", "minimum: 2, maximum: 10", "minimum: 2", "minimum: 2, cpu"),
    (
        "TB1162",
        "strategy: canary\nsteps: [{weight: 10, pause: 10m}, {weight: 50, pause: 1h}]",
        "strategy: rolling",
        "promote:",
    ),
    ("TB1162", "steps: [{weight: 10, pause: 10m}, {weight: 50, pause: 1h}]\n", "", "promote:"),
    (
        "TB1162",
        "strategy: canary\nsteps: [{weight: 10, pause: 10m}, {weight: 50, pause: 1h}]",
        "strategy: blue_green\nshadow: {duration: 10m}",
        "shadow: {duration: 10m}",
    ),
    ("TB1162", 'unavailable: "25%"', 'unavailable: "0%"', '"0%"'),
    ("TB1162", "strategy: canary", "strategy: canary\nsurge: 0", "surge: 0"),
    ("TB1117", "signal: errors,", "signal: errors, alert: FraudScorerSlw,", "FraudScorerSlw"),
    (
        "TB1163",
        "signal: FraudScorerSlow, action: page",
        "signal: FraudScorerSlow, alert: FraudScorerErrors, action: page",
        "alert: FraudScorerErrors",
    ),
    (
        "TB1163",
        "signal: errors, action: rollback",
        "signal: FraudScorerSlow, action: rollback",
        "FraudScorerSlow, action: rollback",
    ),
    ("TB1163", "signal: in-time, action: stop", "signal: in-time, action: page", "in-time, action: page"),
    ("TB1164", "before: 50", "before: 40", "before: 40"),
    ("TB1164", "approvers: [model-review]", "approvers: [somebody]", "[somebody]"),
    ("TB1166", "strategy: canary", f"strategy: canary\nname: {'a' * 60}", "name: aaa"),
    ("TB1166", "strategy: canary", "strategy: canary\nname: 3d-model", "name: 3d-model"),
    ("TB1167", "spread: [kubernetes.io/hostname]", "spread: [a/b/c]", "spread: [a/b/c]"),
    ("TB1168", ", route: fraud-scorer", "", "router: nginx"),
    ("TB1169", '"25%"', "25.5", "unavailable: 25.5"),
    ("TB1169", '"25%"', '"125%"', "125%"),
    (
        "TB1109",
        "strategy: canary",
        "strategy: canary\nshadow: {duration: 10m, baseline: 'registry.example/a:1'}",
        "baseline: 'registry.example/a:1'",
    ),
]


@pytest.mark.parametrize(("code", "old", "new", "marker"), CASES)
def test_refused(code: str, old: str, new: str, marker: str) -> None:
    """Each with its code at its own line, and a remedy."""
    assert GOOD.count(old) == 1
    text = with_rollout(GOOD.replace(old, new))
    assert text.count(marker) == 1, text.count(marker)
    with pytest.raises(SpecError) as caught:
        load(text)
    line = text.count("\n", 0, text.index(marker)) + 1
    assert (code, line) in [(finding.code, finding.where.line) for finding in caught.value.findings]
    assert all(finding.hint for finding in caught.value.findings)

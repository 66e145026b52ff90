"""Series that an expression chooses by values of labels are there, or the release stops at the expression."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakes.services import service
from twinbuild.pipeline.trial.run import TrialRun
from unit.pipeline.trial.test_proof import SERVICE, TESTS

pytestmark = pytest.mark.sandbox

SECTION = """\
observability:
  metrics:
    - {name: scores_total, type: counter, description: Scores., labels: [path]}
    - {name: seconds, type: histogram, description: Time.}
  alerts:
    - {name: Few, expression: 'EXPRESSION', summary: Few.}
"""


def _run(tmp_path: Path, section: str) -> TrialRun:
    tiny = service(tmp_path / "project", SERVICE, TESTS + section)
    return tiny.tried()


@pytest.mark.parametrize(
    ("expression", "chosen", "hint"),
    [
        ('rate(scores_total{path="/predict"}[5m]) > 1', "", ""),
        ('rate(scores_total{path="/predcit"}[5m]) > 1', 'scores_total{path="/predcit"}', '{path="/predict"}'),
        ('rate(scores_total{path=~"/pre.*",job="x"}[5m]) > 1', "", ""),
        ('rate(scores_total{path=~"pre"}[5m]) > 1', 'scores_total{path=~"pre"}', '{path="/predict"}'),
        ('rate(scores_total{path!="/predict"}[5m]) > 1', 'scores_total{path!="/predict"}', '{path="/predict"}'),
        (
            'sum(rate(scores_total[5m])) / sum(rate(seconds_bucket{le="2.0"}[5m])) > 1',
            'seconds_bucket{le="2.0"}',
            '"1.0"',
        ),
        ('absent(scores_total{path="/other"})', "", ""),
    ],
)
def test_an_alert(tmp_path: Path, *, expression: str, chosen: str, hint: str) -> None:
    """A value that no series has is told with those that are there; what may be absent is not asked for."""
    run = _run(tmp_path, SECTION.replace("EXPRESSION", expression))
    assert [each.code for each in run.findings] == (["TB7413"] if chosen else [])
    for finding in run.findings:
        assert f"alert 'Few' chooses {chosen}, and" in finding.message
        assert hint in finding.hint
        assert finding.where.pointer == "/observability/alerts/0/expression"


def test_a_condition_with_an_expression(tmp_path: Path) -> None:
    """It is a gate, and stands elsewhere."""
    gate = """\
rollout:
  strategy: canary
  steps: [{weight: 10, pause: 1m}, {weight: 100}]
  promote:
    - {name: few, expression: 'sum(rate(scores_total{path="/x"}[5m]))', operator: "<", threshold: 1, window: 5m}
"""
    section = SECTION.replace("EXPRESSION", "scores_total > 1")
    (finding,) = _run(tmp_path, section + gate).findings
    assert (finding.code, finding.where.pointer) == ("TB7413", "/rollout/promote/0/expression")

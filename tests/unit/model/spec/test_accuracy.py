"""``tests.accuracy``: what is refused, at its line, and which way a metric is better."""

from __future__ import annotations

import pytest
from tests.unit.model.spec.test_tests import AFTER, BEFORE, FIRST

from twinbuild.codec.spec import SourceText, load_spec
from twinbuild.errors import SpecError
from twinbuild.model.spec.accuracy import is_better
from twinbuild.trial.metrics import METRICS

ACCURACY = """\
  accuracy:
    - name: held-out
      dataset: evaluation/held-out.jsonl
      sha256: 03d7868e6ce0e51c0fda4618484fd451c0770b1ee35fde382304295dccea5fb3
      path: /predict
      prediction: /verdicts/*/score
      metric: roc_auc
      threshold: 0.75
"""


def _load(tests: str) -> list[tuple[str, str, int]]:
    text = f"{BEFORE}tests:\n{tests}{AFTER}"
    try:
        load_spec((SourceText(name="release.yaml", content=text.encode()),))
    except SpecError as error:
        return [(each.code, each.where.pointer, each.where.line - FIRST) for each in error.findings]
    return []


@pytest.mark.parametrize("metric", METRICS)
def test_every_metric_can_be_asked_for(metric: str) -> None:
    """The spec's list and the code's are one."""
    assert _load(ACCURACY.replace("roc_auc", metric)) == []


@pytest.mark.parametrize(
    ("old", "new", "code", "key", "line"),
    [
        ("threshold: 0.75", "threshold: 1.5", "TB1155", "threshold", 7),
        ("threshold: 0.75", "threshold: 0", "TB1155", "threshold", 7),
        ("threshold: 0.75", "threshold: '0.75'", "TB1103", "threshold", 7),
        ("metric: roc_auc\n      threshold: 0.75", "metric: rmse\n      threshold: -1", "TB1155", "threshold", 7),
        ("metric: roc_auc\n      threshold: 0.75", "metric: r2\n      threshold: 2", "TB1155", "threshold", 7),
        ("threshold: 0.75", "threshold: 0.75\n      cutoff: 0.5", "TB1155", "cutoff", 8),
        ("metric: roc_auc", "metric: auc", "TB1106", "metric", 6),
        ("/verdicts/*/score", "verdicts.score", "TB1155", "prediction", 5),
        ("/verdicts/*/score", "/a~2b", "TB1155", "prediction", 5),
        ("evaluation/held-out.jsonl", "../held-out.jsonl", "TB1108", "dataset", 2),
        ("03d7868e", "03D7868E", "TB1109", "sha256", 3),
        ("path: /predict", "path: /predict\n      port: grpc", "TB1117", "port", 5),
        ("      threshold: 0.75\n", "", "TB1102", "threshold", 1),
    ],
)
def test_what_is_refused(old: str, new: str, code: str, key: str, line: int) -> None:
    """One finding, with its code, its pointer and its line."""
    assert old in ACCURACY
    assert _load(ACCURACY.replace(old, new)) == [(code, f"/tests/accuracy/0/{key}", line)]


def test_one_name_twice() -> None:
    """Names tell tests apart."""
    twice = ACCURACY + ACCURACY.removeprefix("  accuracy:\n")
    assert _load(twice) == [("TB1115", "/tests/accuracy/1/name", 8)]


@pytest.mark.parametrize("metric", METRICS)
def test_the_better_side(metric: str) -> None:
    """Less of an error, more of anything else; the threshold itself will do."""
    errors = metric in ("log_loss", "brier", "mae", "mse", "rmse")
    assert is_better(metric, 0.5, 0.5)
    assert is_better(metric, 0.4, 0.5) is errors
    assert is_better(metric, 0.6, 0.5) is not errors

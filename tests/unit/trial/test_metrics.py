"""Metrics against values that were worked out by hand, against their definitions, and where there is none."""

from __future__ import annotations

import math
import random

import pytest

from twinbuild.trial.metrics import METRICS, Unmeasurable, measure

CLASSES = [(1.0, 1.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0), (0.0, 0.0), (0.0, 0.0), (0.0, 0.0), (0.0, 0.0)]
SCORES = [(0.0, 0.1), (0.0, 0.4), (1.0, 0.35), (1.0, 0.8)]  # the example of scikit-learn's documentation
NUMBERS = [(3.0, 2.5), (-0.5, 0.0), (2.0, 2.0), (7.0, 8.0)]  # and of its regression metrics


@pytest.mark.parametrize(
    ("metric", "pairs", "value"),
    [
        ("accuracy", CLASSES, 6 / 8),
        ("precision", CLASSES, 2 / 3),
        ("recall", CLASSES, 2 / 3),
        ("f1", CLASSES, 2 / 3),
        ("f1", [(1.0, 0.0), (0.0, 1.0)], 0.0),
        ("precision", [(1.0, 0.0), (0.0, 0.0)], 0.0),
        ("recall", [(0.0, 1.0)], 0.0),
        ("roc_auc", SCORES, 0.75),
        ("roc_auc", [(0.0, 0.5), (1.0, 0.5)], 0.5),
        ("average_precision", SCORES, 0.8333333333333333),
        ("average_precision", [(0.0, 0.5), (1.0, 0.5)], 0.5),
        ("log_loss", [(1.0, 0.5), (0.0, 0.75)], (math.log(2) + math.log(4)) / 2),
        ("brier", [(1.0, 0.5), (0.0, 0.75)], (0.25 + 0.5625) / 2),
        ("mae", NUMBERS, 0.5),
        ("mse", NUMBERS, 0.375),
        ("rmse", NUMBERS, math.sqrt(0.375)),
        ("r2", NUMBERS, 0.9486081370449679),
        ("accuracy", [(3.0, 3.0), (2.0, 3.0)], 0.5),
    ],
)
def test_by_hand(metric: str, pairs: list[tuple[float, float]], value: float) -> None:
    """The known value."""
    assert measure(metric, pairs) == pytest.approx(value, abs=1e-12)


def test_certain_and_wrong() -> None:
    """Of no probability at all the logarithm is kept finite."""
    assert measure("log_loss", [(1.0, 0.0)]) == pytest.approx(-math.log(1e-15))


@pytest.mark.parametrize("seed", range(20))
def test_roc_auc_is_the_share_of_pairs(seed: int) -> None:
    """By counting them, ties among them."""
    source = random.Random(seed)
    pairs = [(float(source.random() < 0.4), source.randrange(10) / 10) for _ in range(40)]
    wins = [
        1.0 if up > down else 0.5 if up == down else 0.0
        for label, up in pairs
        for other, down in pairs
        if label == 1.0 and other == 0.0
    ]
    assert measure("roc_auc", pairs) == pytest.approx(sum(wins) / len(wins))
    assert measure("roc_auc", [(1.0 - label, -score) for label, score in pairs]) == pytest.approx(sum(wins) / len(wins))


@pytest.mark.parametrize(
    ("metric", "pairs", "reason"),
    [
        *((metric, [], "nothing to compare") for metric in METRICS),
        ("f1", [(1.0, 0.7)], "neither 0 nor 1: `cutoff`"),
        ("recall", [(2.0, 1.0)], "a label is neither"),
        ("roc_auc", [(1.0, 0.2), (1.0, 0.3)], "all labels are the same"),
        ("average_precision", [(0.0, 0.2)], "all labels are the same"),
        ("brier", [(1.0, 1.5)], "no probability"),
        ("log_loss", [(1.0, -0.5)], "no probability"),
        ("r2", [(1.0, 1.0), (1.0, 2.0)], "all labels are the same"),
        *((metric, [(1e308, -1e308), (-1e308, 1e308)], "so large") for metric in ("mae", "mse", "rmse", "r2")),
    ],
)
def test_nothing_to_measure(metric: str, pairs: list[tuple[float, float]], reason: str) -> None:
    """Said, and not computed as something."""
    with pytest.raises(Unmeasurable, match=reason):
        measure(metric, pairs)

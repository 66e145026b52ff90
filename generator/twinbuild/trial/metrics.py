"""Measures of a model's accuracy, each by its usual definition. Labels and predictions are numbers, in pairs.

======================= ====================================================================================
accuracy                share of predictions that are the label
precision, recall, f1   of two classes, 1 the positive one: TP/(TP+FP), TP/(TP+FN), their harmonic mean; 0 where
                        there is nothing to divide by
roc_auc                 share of pairs of a positive and a negative whose positive has the higher score; ties count half
average_precision       sum over falling thresholds of (recall's rise) times precision (no interpolation)
log_loss                mean of -ln p of the true class; p is kept 1e-15 away from 0 and 1
brier                   mean squared difference of probability and label
mae, mse, rmse          mean absolute and squared error, and the root of the latter
r2                      1 - squared error / squared deviation of the labels from their mean
======================= ====================================================================================
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Final

__all__ = ["METRICS", "Unmeasurable", "measure"]

Pairs = list[tuple[float, float]]  # label, prediction
_CLIP: Final = 1e-15


class Unmeasurable(Exception):
    """The pairs do not allow the metric; the reason is its text."""


def measure(metric: str, pairs: Pairs) -> float:
    """The value of a metric. Raises Unmeasurable."""
    if not pairs:
        raise Unmeasurable("there is nothing to compare")
    try:
        value = METRICS[metric](pairs)
    except (OverflowError, ValueError):
        value = math.inf
    if not math.isfinite(value):
        raise Unmeasurable("a prediction or a label is so large that the metric has no value")
    return value


def _accuracy(pairs: Pairs) -> float:
    return sum(label == prediction for label, prediction in pairs) / len(pairs)


def _counts(pairs: Pairs) -> tuple[int, int, int]:
    """True positives, false positives, false negatives."""
    _two_classes(pairs)
    if any(prediction not in (0.0, 1.0) for _, prediction in pairs):
        raise Unmeasurable("a prediction is neither 0 nor 1: `cutoff` makes classes of scores")
    hits = sum(label == prediction == 1.0 for label, prediction in pairs)
    alarms = sum(prediction == 1.0 and label == 0.0 for label, prediction in pairs)
    misses = sum(prediction == 0.0 and label == 1.0 for label, prediction in pairs)
    return hits, alarms, misses


def _two_classes(pairs: Pairs) -> None:
    if any(label not in (0.0, 1.0) for label, _ in pairs):
        raise Unmeasurable("a label is neither 0 nor 1, neither false nor true")


def _precision(pairs: Pairs) -> float:
    hits, alarms, _ = _counts(pairs)
    return hits / (hits + alarms) if hits else 0.0


def _recall(pairs: Pairs) -> float:
    hits, _, misses = _counts(pairs)
    return hits / (hits + misses) if hits else 0.0


def _f1(pairs: Pairs) -> float:
    hits, alarms, misses = _counts(pairs)
    return 2 * hits / (2 * hits + alarms + misses) if hits else 0.0


def _both(pairs: Pairs) -> tuple[int, int]:
    """How many positives and negatives there are; both must be."""
    _two_classes(pairs)
    positives = sum(label == 1.0 for label, _ in pairs)
    if not 0 < positives < len(pairs):
        raise Unmeasurable("all labels are the same")
    return positives, len(pairs) - positives


def _by_score(pairs: Pairs, *, falling: bool) -> list[tuple[int, int]]:
    """Positives and negatives of each distinct score, in order of scores."""
    ordered = sorted(pairs, key=lambda pair: pair[1], reverse=falling)
    groups = (list(group) for _, group in itertools.groupby(ordered, key=lambda pair: pair[1]))
    return [(sum(label == 1.0 for label, _ in group), sum(label == 0.0 for label, _ in group)) for group in groups]


def _roc_auc(pairs: Pairs) -> float:
    positives, negatives = _both(pairs)
    below, wins = 0, 0.0
    for ups, downs in _by_score(pairs, falling=False):
        wins += ups * (below + downs / 2)
        below += downs
    return wins / (positives * negatives)


def _average_precision(pairs: Pairs) -> float:
    positives, _ = _both(pairs)
    seen, hits, total = 0, 0, 0.0
    for ups, downs in _by_score(pairs, falling=True):
        seen, hits = seen + ups + downs, hits + ups
        total += ups / positives * (hits / seen)
    return total


def _probabilities(pairs: Pairs) -> None:
    _two_classes(pairs)
    if any(not 0.0 <= prediction <= 1.0 for _, prediction in pairs):
        raise Unmeasurable("a prediction is no probability between 0 and 1")


def _log_loss(pairs: Pairs) -> float:
    _probabilities(pairs)
    true = (prediction if label == 1.0 else 1.0 - prediction for label, prediction in pairs)
    return -math.fsum(math.log(min(1.0 - _CLIP, max(_CLIP, each))) for each in true) / len(pairs)


def _brier(pairs: Pairs) -> float:
    _probabilities(pairs)
    return _mse(pairs)


def _mae(pairs: Pairs) -> float:
    return math.fsum(abs(label - prediction) for label, prediction in pairs) / len(pairs)


def _mse(pairs: Pairs) -> float:
    return math.fsum((label - prediction) * (label - prediction) for label, prediction in pairs) / len(pairs)


def _rmse(pairs: Pairs) -> float:
    return math.sqrt(_mse(pairs))


def _r2(pairs: Pairs) -> float:
    mean = math.fsum(label for label, _ in pairs) / len(pairs)
    deviation = math.fsum((label - mean) * (label - mean) for label, _ in pairs)
    if not deviation:
        raise Unmeasurable("all labels are the same")
    return 1.0 - _mse(pairs) * len(pairs) / deviation


METRICS: Final[dict[str, Callable[[Pairs], float]]] = {
    "accuracy": _accuracy,
    "precision": _precision,
    "recall": _recall,
    "f1": _f1,
    "roc_auc": _roc_auc,
    "average_precision": _average_precision,
    "log_loss": _log_loss,
    "brier": _brier,
    "mae": _mae,
    "mse": _mse,
    "rmse": _rmse,
    "r2": _r2,
}

"""``tests.accuracy``: an evaluation set, and how well the service must do on it."""

import re
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from twinbuild.model.spec.base import Objections, Section
from twinbuild.model.spec.paths import Confined
from twinbuild.model.spec.serving import HttpPath
from twinbuild.model.spec.values import Description, Name, Sha256, objection

__all__ = ["Accuracy", "check_threshold", "is_better"]

_POINTER: Final = re.compile(r"(/([^~/]|~[01])+){1,20}")
_LOWER: Final = frozenset({"log_loss", "brier", "mae", "mse", "rmse"})
_CLASSES: Final = frozenset({"accuracy", "precision", "recall", "f1"})
_SHARES: Final = _CLASSES | {"roc_auc", "average_precision"}

Metric = Literal[
    "accuracy",
    "precision",
    "recall",
    "f1",
    "roc_auc",
    "average_precision",
    "log_loss",
    "brier",
    "mae",
    "mse",
    "rmse",
    "r2",
]


def _check_pointer(text: str) -> str:
    if not _POINTER.fullmatch(text) or len(text) > 500:
        raise objection(
            "TB1155", f"got {text[:80]!r}, expected a JSON pointer", "write one such as /score or /verdicts/*/score"
        )
    return text


def is_better(metric: str, value: float, threshold: float) -> bool:
    """Whether a value is as good as the threshold, or better: of errors less is, of everything else more."""
    return value <= threshold if metric in _LOWER else value >= threshold


class Accuracy(Section):
    """How well the service must do on an evaluation set."""

    name: Name
    """Name of the test."""
    description: Description | None = None
    """What it shows."""
    dataset: Confined
    """Evaluation set, relative to the spec: JSON Lines, each an object of `request` (a body) and `label`."""
    sha256: Sha256
    """SHA-256 of the evaluation set."""
    path: HttpPath
    """Path to which each request is posted."""
    port: Name | None = None
    """Name of the port in `serving.ports`; the first one where it is missing."""
    prediction: Annotated[str, AfterValidator(_check_pointer)]
    """JSON pointer of the prediction in an answer; `*` stands for every entry of a list, and `label` is one then."""
    metric: Metric
    """What is measured."""
    threshold: float
    """Worst value that will do: the largest of log_loss, brier, mae, mse and rmse, the smallest of all others."""
    cutoff: float | None = Field(default=None)
    """Score from which a prediction counts as 1, for accuracy, precision, recall and f1."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        objections = Objections()
        check_threshold(self, objections)
        objections.settle()
        return self


def check_threshold(accuracy: Accuracy, objections: Objections) -> None:
    """Object to a threshold that says nothing or that nothing can reach, and to a cutoff that is not used."""
    metric, threshold = accuracy.metric, accuracy.threshold
    if metric in _SHARES and not 0.0 < threshold <= 1.0:
        what = f"{metric} is a share, and the threshold is {threshold:g}"
        objections.add("TB1155", what, "give one above 0 and up to 1", "threshold")
    elif metric in _LOWER and threshold < 0.0:
        what = f"{metric} is never below 0, and the threshold is {threshold:g}"
        objections.add("TB1155", what, "give the largest value that will do", "threshold")
    elif metric == "r2" and threshold > 1.0:
        objections.add("TB1155", f"r2 is never above 1, and the threshold is {threshold:g}", "lower it", "threshold")
    if accuracy.cutoff is not None and metric not in _CLASSES:
        what = f"{metric} is of scores, and 'cutoff' would make classes of them"
        objections.add("TB1155", what, "take 'cutoff' out", "cutoff")

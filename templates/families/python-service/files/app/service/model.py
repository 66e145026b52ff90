"""A logistic regression over rows of four numbers, in plain Python. Put your model here."""

import json
import math
from pathlib import Path

from service.rows import Instance, Prediction, judged

__all__ = ["Instance", "Model", "Prediction"]


class Model:
    """The coefficients of a file that train.py wrote."""

    def __init__(self, path: Path) -> None:
        document = json.loads(path.read_bytes())
        self.weights, self.bias = document["weights"], document["bias"]

    def predict(self, instances: list[Instance]) -> list[Prediction]:
        """A prediction for each row."""
        sums = [self.bias + sum(map(float.__mul__, self.weights, row)) for row in instances]
        return judged([_probability(total) for total in sums])


def _probability(total: float) -> float:
    """The logistic function; ``exp`` never gets a large number, which it refuses."""
    small = math.exp(-abs(total))
    return (1.0 if total >= 0 else small) / (1 + small)

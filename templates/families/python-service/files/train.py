"""Train the model: a logistic regression, by gradient descent. The same bytes on every run; nothing but Python.

python train.py        # writes model/model.json
"""

import json
import math
from pathlib import Path

from data import rows

HERE = Path(__file__).resolve().parent


def main() -> None:
    """Train, measure on held-out rows, and write the model."""
    weights, bias = [0.0] * 4, 0.0
    inputs, labels = rows(2000, seed=1)
    for _ in range(60):
        slopes, slope = [0.0] * 4, 0.0
        for row, label in zip(inputs, labels, strict=True):
            error = 1 / (1 + math.exp(-bias - sum(map(float.__mul__, weights, row)))) - label
            slopes = [total + error * value for total, value in zip(slopes, row, strict=True)]
            slope += error
        weights = [weight - 2 * total / len(inputs) for weight, total in zip(weights, slopes, strict=True)]
        bias -= 2 * slope / len(inputs)
    document = {"weights": [round(weight, 6) for weight in weights], "bias": round(bias, 6)}
    (HERE / "model").mkdir(exist_ok=True)
    (HERE / "model" / "model.json").write_text(json.dumps(document, indent=2) + "\n")
    inputs, labels = rows(1000, seed=2)
    scores = [bias + sum(map(float.__mul__, weights, row)) for row in inputs]
    right = sum((score >= 0) == bool(label) for score, label in zip(scores, labels, strict=True))
    print(json.dumps({"accuracy": right / len(labels)}))


if __name__ == "__main__":
    main()

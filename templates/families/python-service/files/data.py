"""The rows that models are trained on and measured with: four numbers and a label, by a known law."""

import json
import math
import random
from pathlib import Path

LAW = (1.5, -2.0, 0.5, 1.0)  # what the rows follow; training should find about this


def rows(count: int, seed: int) -> tuple[list[list[float]], list[int]]:
    """Rows of four numbers, and the label of each. The same on every machine."""
    chance = random.Random(seed)
    found, labels = [], []
    for _ in range(count):
        row = [round(chance.uniform(-2, 2), 4) for _ in LAW]
        odds = sum(weight * value for weight, value in zip(LAW, row, strict=True))
        found.append(row)
        labels.append(int(chance.random() < 1 / (1 + math.exp(-odds))))
    return found, labels


def main() -> None:
    """Write rows that no model was trained with, as requests with their labels: what `tests.accuracy` asks."""
    lines = []
    for at in range(8):
        inputs, labels = rows(64, seed=100 + at)
        lines.append(json.dumps({"request": {"instances": inputs}, "label": labels}, separators=(",", ":")) + "\n")
    place = Path(__file__).resolve().parent / "evaluation"
    place.mkdir(exist_ok=True)
    (place / "held-out.jsonl").write_text("".join(lines))


if __name__ == "__main__":
    main()

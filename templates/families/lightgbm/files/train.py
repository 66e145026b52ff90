"""Train the model: boosted trees of LightGBM. The same bytes on every run.

Run it in an environment with the versions that lockfiles/ names:  python train.py
"""

import json
from pathlib import Path

import lightgbm
import numpy as np
from data import rows

HERE = Path(__file__).resolve().parent
PARAMETERS = {
    "objective": "binary",
    "num_leaves": 7,
    "learning_rate": 0.2,
    "num_threads": 1,
    "seed": 7,
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
}


def main() -> None:
    """Train, measure on held-out rows, and write the model."""
    inputs, labels = rows(2000, seed=1)
    model = lightgbm.train(PARAMETERS, lightgbm.Dataset(np.array(inputs), np.array(labels)), num_boost_round=20)
    (HERE / "model").mkdir(exist_ok=True)
    model.save_model(HERE / "model" / "model.txt")
    inputs, labels = rows(1000, seed=2)
    right = (model.predict(np.array(inputs)) >= 0.5) == np.array(labels, dtype=bool)
    print(json.dumps({"accuracy": float(right.mean())}))


if __name__ == "__main__":
    main()

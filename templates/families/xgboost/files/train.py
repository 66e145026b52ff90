"""Train the model: boosted trees of XGBoost. The same bytes on every run.

Run it in an environment with the versions that lockfiles/ names:  python train.py
"""

import json
from pathlib import Path

import numpy as np
import xgboost
from data import rows

HERE = Path(__file__).resolve().parent
PARAMETERS = {
    "objective": "binary:logistic",
    "max_depth": 3,
    "eta": 0.3,
    "nthread": 1,
    "seed": 7,
    "tree_method": "hist",
}


def main() -> None:
    """Train, measure on held-out rows, and write the model."""
    inputs, labels = rows(2000, seed=1)
    model = xgboost.train(PARAMETERS, xgboost.DMatrix(np.array(inputs), np.array(labels)), num_boost_round=15)
    (HERE / "model").mkdir(exist_ok=True)
    model.save_model(HERE / "model" / "model.json")
    inputs, labels = rows(1000, seed=2)
    right = (model.predict(xgboost.DMatrix(np.array(inputs))) >= 0.5) == np.array(labels, dtype=bool)
    print(json.dumps({"accuracy": float(right.mean())}))


if __name__ == "__main__":
    main()

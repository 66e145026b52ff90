"""Boosted trees of XGBoost over rows of four numbers, in its JSON format."""

from pathlib import Path

import numpy as np
import xgboost

from service.rows import Instance, Prediction, judged

__all__ = ["Instance", "Model", "Prediction"]


class Model:
    """The model of a file that train.py wrote."""

    def __init__(self, path: Path) -> None:
        self._model = xgboost.Booster({"nthread": 1}, model_file=str(path))

    def predict(self, instances: list[Instance]) -> list[Prediction]:
        """A prediction for each row."""
        return judged(self._model.inplace_predict(np.array(instances, dtype=np.float32)).tolist())

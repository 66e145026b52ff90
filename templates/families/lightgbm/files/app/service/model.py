"""Boosted trees of LightGBM over rows of four numbers, in its text format."""

from pathlib import Path

import lightgbm
import numpy as np

from service.rows import Instance, Prediction, judged

__all__ = ["Instance", "Model", "Prediction"]


class Model:
    """The model of a file that train.py wrote."""

    def __init__(self, path: Path) -> None:
        self._model = lightgbm.Booster(model_file=path)

    def predict(self, instances: list[Instance]) -> list[Prediction]:
        """A prediction for each row."""
        return judged(self._model.predict(np.array(instances), num_threads=1).tolist())

"""A model of scikit-learn over rows of four numbers, in a skops file: loading it runs no code of its own."""

from pathlib import Path

import numpy as np
import skops.io

from service.rows import Instance, Prediction, judged

__all__ = ["Instance", "Model", "Prediction"]

# Beside what skops knows: raw storage of trees, which the pinned SHA-256 of the file vouches for.
TRUSTED = ["sklearn.tree._tree.Tree"]


class Model:
    """The model of a file that train.py wrote."""

    def __init__(self, path: Path) -> None:
        self._model = skops.io.load(path, trusted=TRUSTED)

    def predict(self, instances: list[Instance]) -> list[Prediction]:
        """A prediction for each row."""
        return judged(self._model.predict_proba(np.array(instances))[:, 1].tolist())

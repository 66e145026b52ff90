"""An ONNX graph over rows of four numbers, run by ONNX Runtime on the processor."""

import os
from pathlib import Path

import numpy as np
import onnxruntime

from service.rows import Instance, Prediction, judged

__all__ = ["Instance", "Model", "Prediction"]


class Model:
    """The graph of a file that train.py wrote."""

    def __init__(self, path: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = int(os.environ["THREADS"])
        options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    def predict(self, instances: list[Instance]) -> list[Prediction]:
        """A prediction for each row."""
        (scores,) = self._session.run(["scores"], {"rows": np.array(instances, dtype=np.float32)})
        return judged(scores[:, 0].tolist())

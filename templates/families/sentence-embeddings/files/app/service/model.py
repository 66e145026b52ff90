"""Embeddings of sentences: tokenize, run the ONNX graph, which pools and normalises."""

import os
from pathlib import Path
from typing import Annotated

import numpy as np
import onnxruntime
import tokenizers
from pydantic import BaseModel, Field

__all__ = ["Instance", "Model", "Prediction"]

Instance = Annotated[str, Field(min_length=1, max_length=2000)]
LONGEST = 128  # tokens of a text that count


class Prediction(BaseModel):
    """A unit vector: the dot product of two is how near their texts are."""

    vector: list[float]


class Model:
    """The graph and the tokenizer of a directory that train.py wrote."""

    def __init__(self, place: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = int(os.environ["THREADS"])
        options.inter_op_num_threads = 1
        graph = place / "model.onnx"
        self._session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
        self._tokenizer = tokenizers.Tokenizer.from_file(str(place / "tokenizer.json"))
        self._tokenizer.enable_truncation(LONGEST)
        self._tokenizer.enable_padding()

    def predict(self, instances: list[Instance]) -> list[Prediction]:
        """A vector for each text."""
        encoded = self._tokenizer.encode_batch(instances)
        (vectors,) = self._session.run(
            ["vectors"],
            {
                "ids": np.array([item.ids for item in encoded], dtype=np.int64),
                "mask": np.array([item.attention_mask for item in encoded], dtype=np.float32),
            },
        )
        return [Prediction(vector=vector) for vector in vectors.tolist()]

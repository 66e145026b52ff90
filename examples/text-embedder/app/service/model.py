"""Sentence embeddings: tokenize, run the ONNX graph, pool by the mean, normalise."""

from pathlib import Path

import numpy as np
import onnxruntime
import tokenizers

LONGEST = 128  # tokens; the model was trained with no more


class Embedder:
    """A sentence-transformer exported to ONNX, with its own tokenizer."""

    def __init__(self, graph: Path, tokenizer: Path, threads: int) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
        self._tokenizer = tokenizers.Tokenizer.from_file(str(tokenizer))
        self._tokenizer.enable_truncation(LONGEST)
        self._tokenizer.enable_padding()

    def embed(self, texts: list[str]) -> np.ndarray:
        """One unit vector of 384 numbers for each text."""
        encoded = self._tokenizer.encode_batch(texts)
        mask = np.array([item.attention_mask for item in encoded], dtype=np.int64)
        (hidden,) = self._session.run(
            None,
            {
                "input_ids": np.array([item.ids for item in encoded], dtype=np.int64),
                "attention_mask": mask,
                "token_type_ids": np.array([item.type_ids for item in encoded], dtype=np.int64),
            },
        )
        weights = mask[:, :, None].astype(np.float32)
        pooled = (hidden * weights).sum(axis=1) / weights.sum(axis=1)
        return pooled / np.linalg.norm(pooled, axis=1, keepdims=True)

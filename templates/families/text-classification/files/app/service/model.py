"""A classifier of texts by transformers: weights, configuration and tokenizer in one directory."""

import os
from pathlib import Path
from typing import Annotated

import torch
from pydantic import BaseModel, Field
from tokenizers import Tokenizer
from transformers import BertForSequenceClassification
from transformers.utils.logging import disable_progress_bar

__all__ = ["Instance", "Model", "Prediction"]

Instance = Annotated[str, Field(min_length=1, max_length=2000)]


class Prediction(BaseModel):
    """The most probable label, and its probability."""

    label: str
    score: float


class Model:
    """The model of a directory that train.py wrote."""

    def __init__(self, place: Path) -> None:
        disable_progress_bar()  # every line of the log is JSON
        torch.set_num_threads(int(os.environ["THREADS"]))
        self._model = BertForSequenceClassification.from_pretrained(place, local_files_only=True).eval()
        self._tokenizer = Tokenizer.from_file(str(place / "tokenizer.json"))
        self._tokenizer.enable_truncation(self._model.config.max_position_embeddings)
        self._tokenizer.enable_padding(pad_id=self._model.config.pad_token_id)

    @torch.inference_mode()
    def predict(self, instances: list[Instance]) -> list[Prediction]:
        """A prediction for each text."""
        encoded = self._tokenizer.encode_batch(instances)
        logits = self._model(
            input_ids=torch.tensor([item.ids for item in encoded]),
            attention_mask=torch.tensor([item.attention_mask for item in encoded]),
        ).logits
        scores, labels = logits.softmax(dim=1).max(dim=1)
        return [
            Prediction(label=self._model.config.id2label[label], score=score)
            for label, score in zip(labels.tolist(), scores.tolist(), strict=True)
        ]

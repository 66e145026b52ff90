"""A network of PyTorch over rows of four numbers, its weights in a safetensors file: loading it runs no code."""

import os
from pathlib import Path

import torch
from safetensors.torch import load_file

from service.network import network
from service.rows import Instance, Prediction, judged

__all__ = ["Instance", "Model", "Prediction"]


class Model:
    """The weights of a file that train.py wrote."""

    def __init__(self, path: Path) -> None:
        torch.set_num_threads(int(os.environ["THREADS"]))
        self._network = network()
        self._network.load_state_dict(load_file(path))
        self._network.eval()

    @torch.inference_mode()
    def predict(self, instances: list[Instance]) -> list[Prediction]:
        """A prediction for each row."""
        return judged(torch.sigmoid(self._network(torch.tensor(instances)))[:, 0].tolist())

"""The network: what train.py trains, and what the service loads the weights into."""

import torch


def network() -> torch.nn.Sequential:
    """Rows of four numbers to the logarithm of odds."""
    return torch.nn.Sequential(torch.nn.Linear(4, 16), torch.nn.Tanh(), torch.nn.Linear(16, 1))

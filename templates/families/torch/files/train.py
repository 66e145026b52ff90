"""Train the model: a small network of PyTorch. The same bytes on every run on one kind of processor.

Run it in an environment with the versions that lockfiles/ names:  python train.py
"""

import json
import sys
from pathlib import Path

import torch
from data import rows
from safetensors.torch import save_file

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "app"))


def main() -> None:
    """Train, measure on held-out rows, and write the weights."""
    from service.network import network

    torch.manual_seed(7)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    inputs, labels = map(torch.tensor, rows(2000, seed=1))
    model = network()
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.02)
    loss = torch.nn.BCEWithLogitsLoss()
    for _ in range(200):
        optimizer.zero_grad()
        loss(model(inputs)[:, 0], labels.float()).backward()
        optimizer.step()
    (HERE / "model").mkdir(exist_ok=True)
    save_file(model.state_dict(), HERE / "model" / "model.safetensors")
    inputs, labels = map(torch.tensor, rows(1000, seed=2))
    print(json.dumps({"accuracy": ((model(inputs)[:, 0] >= 0) == labels.bool()).float().mean().item()}))


if __name__ == "__main__":
    main()

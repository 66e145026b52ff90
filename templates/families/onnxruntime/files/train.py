"""Train the model: a small neural network by numpy, written as an ONNX graph. The same bytes on every run.

Run it where numpy and onnx are:  pip install numpy==2.4.6 onnx==1.23.2 && python train.py
"""

import json
from pathlib import Path

import numpy as np
from data import rows
from onnx import TensorProto, checker, helper, numpy_helper

HERE = Path(__file__).resolve().parent
WIDTH = 8


def trained(inputs: np.ndarray, labels: np.ndarray) -> dict[str, np.ndarray]:
    """The weights of one hidden layer and of the output, by gradient descent."""
    chance = np.random.default_rng(7)
    first, second = chance.normal(0, 0.5, (4, WIDTH)), chance.normal(0, 0.5, (WIDTH, 1))
    first_bias, second_bias = np.zeros(WIDTH), np.zeros(1)
    for _ in range(400):
        hidden = np.tanh(inputs @ first + first_bias)
        error = (1 / (1 + np.exp(-(hidden @ second + second_bias))) - labels[:, None]) / len(labels)
        back = (error @ second.T) * (1 - hidden**2)
        second, second_bias = second - hidden.T @ error, second_bias - error.sum(0)
        first, first_bias = first - inputs.T @ back, first_bias - back.sum(0)
    found = {"first": first, "first_bias": first_bias, "second": second, "second_bias": second_bias}
    return {name: weight.round(5).astype(np.float32) for name, weight in found.items()}


def main() -> None:
    """Train, and write the graph."""
    inputs, labels = map(np.array, rows(2000, seed=1))
    weights = trained(inputs, labels)
    nodes = [
        helper.make_node("Gemm", ["rows", "first", "first_bias"], ["sums"]),
        helper.make_node("Tanh", ["sums"], ["hidden"]),
        helper.make_node("Gemm", ["hidden", "second", "second_bias"], ["odds"]),
        helper.make_node("Sigmoid", ["odds"], ["scores"]),
    ]
    graph = helper.make_graph(
        nodes,
        "scores",
        [helper.make_tensor_value_info("rows", TensorProto.FLOAT, ["n", 4])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["n", 1])],
        [numpy_helper.from_array(weight, name) for name, weight in weights.items()],
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8, producer_name="train.py"
    )
    checker.check_model(model, full_check=True)
    (HERE / "model").mkdir(exist_ok=True)
    (HERE / "model" / "model.onnx").write_bytes(model.SerializeToString(deterministic=True))
    inputs, labels = map(np.array, rows(1000, seed=2))
    odds = np.tanh(inputs @ weights["first"] + weights["first_bias"]) @ weights["second"] + weights["second_bias"]
    print(json.dumps({"accuracy": float(((odds[:, 0] >= 0) == labels).mean())}))


if __name__ == "__main__":
    main()

"""The model card (CycloneDX 1.6, modelCard) as far as the spec states it."""

from __future__ import annotations

import json
from typing import Any

from twinbuild.codec.canonical import to_json
from twinbuild.describe.texts import line, lines
from twinbuild.model.spec.release import ReleaseSpec

__all__ = ["model_card"]


def model_card(spec: ReleaseSpec) -> dict[str, Any]:
    """The card. What the format has no field for (hyper-parameters, a metric's data set) is a property."""
    model = spec.model
    parameters: dict[str, Any] = {"architectureFamily": lines(model.family)}
    if model.datasets:
        parameters["datasets"] = [{"ref": f"dataset/{line(dataset.name)}"} for dataset in model.datasets]
    card: dict[str, Any] = {"modelParameters": parameters}
    properties = {
        f"twinbuild:hyperparameter:{line(name)}": line(json.dumps(to_json(value), sort_keys=True, ensure_ascii=False))
        for name, value in model.hyperparameters.items()
    }
    stated = model.card
    if stated is not None:
        if stated.metrics:
            metrics = [
                {
                    "type": lines(metric.name),
                    "value": repr(metric.value),
                    **({"slice": lines(metric.slice)} if metric.slice else {}),
                }
                for metric in stated.metrics
            ]
            card["quantitativeAnalysis"] = {"performanceMetrics": metrics}
            properties |= {
                f"twinbuild:metric:{line(metric.name)}:dataset": line(metric.dataset)
                for metric in stated.metrics
                if metric.dataset
            }
        considerations = {
            "useCases": [lines(text) for text in stated.intended_use],
            "technicalLimitations": [lines(text) for text in stated.limitations],
            "ethicalConsiderations": [{"name": lines(text)} for text in stated.ethical],
        }
        if any(considerations.values()):
            card["considerations"] = {key: value for key, value in considerations.items() if value}
    if properties:
        card["properties"] = [{"name": name, "value": properties[name]} for name in sorted(properties)]
    return card

"""The collector's configuration: against a schema from its reference, and what no schema says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from tests.unit.deploy.test_configuration import TEXT, deployment_of_text

from twinbuild.deploy.observability.collector import collector_configuration

SCHEMA = json.loads((Path(__file__).resolve().parents[3] / "fakes" / "collector.schema.json").read_text("utf-8"))
OTLP = "  tracing: {enabled: true, exporter: otlp, sample_ratio: 0.1}\n  logs:"


def _rendered(text: str) -> Any:
    return collector_configuration(deployment_of_text(text))


@pytest.mark.parametrize(
    "text", [TEXT, TEXT.replace("  logs:", OTLP), TEXT.replace("  logs:", OTLP.replace("otlp", "zipkin"))]
)
def test_it_is_a_configuration(text: str) -> None:
    """Every component that a pipeline names is there, and none is for nothing."""
    document = _rendered(text)
    jsonschema_rs.validator_for(SCHEMA).validate(document)
    pipelines = document["service"]["pipelines"].values()
    for kind in ("receivers", "processors", "exporters"):
        assert {name for pipeline in pipelines for name in pipeline[kind]} == set(document[kind])
    assert set(document["service"]["extensions"]) == set(document["extensions"])


def test_traces() -> None:
    """They are received where the declared exporter sends them."""
    assert "traces" not in _rendered(TEXT)["service"]["pipelines"]
    document = _rendered(TEXT.replace("  logs:", OTLP))
    assert document["receivers"]["otlp"]["protocols"]["http"]["endpoint"].endswith(":4318")


def test_nothing_to_collect() -> None:
    """No metric and no trace, no file."""
    text = TEXT[: TEXT.index("rollout:")] + TEXT[TEXT.index("publish:") :]
    assert _rendered(text) is None

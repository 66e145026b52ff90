"""``deploy.parity.variables``: what a release says of the variables that its service sees."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from tests.unit.describe.conftest import Case, case
from tests.unit.describe.test_manifest import manifest_of

from twinbuild.deploy.observability.environment import tracing_environment
from twinbuild.deploy.parity.variables import declared_variables, usual
from twinbuild.model.spec.observability import Tracing

__all__ = ["case"]


def test_values(case: Case) -> None:
    """Those of knobs and of serving.environment, as text."""
    found = declared_variables(json.loads(manifest_of(case)))
    assert found.values == {
        "BATCH_LIMIT": "64",
        "DECISION_THRESHOLD": "0.5",
        "LOG_LEVEL": "info",
        "MODEL_PATH": "/models/classifier.skops",
        "MODEL_VERSION": "3.2.0",
        "OMP_NUM_THREADS": "1",
        "OPEN_FILES": "1024",
    }
    of_knobs = {knob.variable for knob in case.spec.configuration.parameters}
    assert of_knobs | set(case.spec.serving.environment) == set(found.values)


@pytest.mark.parametrize("ratio", [0.25, 1])
def test_traces(case: Case, ratio: float) -> None:
    """The very variables that a deployment gets, and their values but for where traces go and who sends them."""
    tracing = Tracing.model_validate({"enabled": True, "exporter": "otlp", "sample_ratio": ratio})
    spec = case.spec.model_copy(
        update={"observability": case.spec.observability.model_copy(update={"tracing": tracing})}
    )
    given = dict(tracing_environment(spec, image="sha256:x", release="", endpoint="http://x"))
    found = declared_variables(json.loads(manifest_of(replace(case, spec=spec))))
    assert set(given) == {*found.where_set, *found.names} - {"TWINBUILD_IMAGE", "TWINBUILD_RELEASE"}
    assert {name: given[name] for name in found.where_set} == found.where_set


def test_secrets() -> None:
    """A secret's variable is known by name, and is never one whose value is shown."""
    document = {
        "serving": {"environment": {"TOKEN": "x", "OTHER": "y"}},
        "secrets": [
            {"name": "t", "provider": "env", "reference": "TOKEN"},
            {"name": "1-key", "provider": "kubernetes", "reference": "a/b"},
            {"name": "f", "provider": "file", "reference": "/run/secrets/f"},
        ],
    }
    found = declared_variables(document)
    assert found.secrets == {"TOKEN", "_1_KEY"}
    assert found.shown == ["OTHER"]
    assert found.known == {"TOKEN", "OTHER", "_1_KEY", "TWINBUILD_IMAGE", "TWINBUILD_RELEASE"}


def test_usual() -> None:
    """What Kubernetes sets of itself; not what it sets of other services, nor what is merely named like that."""
    assert all(map(usual, ("PATH", "KUBERNETES_SERVICE_PORT_HTTPS", "KUBERNETES_PORT_443_TCP_PROTO", "K_REVISION")))
    assert not any(map(usual, ("DB_PORT", "DB_SERVICE_HOST", "KUBERNETES_ANYTHING", "PYTHONPATH", "TWINBUILD_IMAGE")))

"""Files for those who watch a release."""

from __future__ import annotations

import yaml
from tests.unit.deploy.test_configuration import deployment_of_text

from twinbuild.deploy.observability.files import observability_files


def test_files() -> None:
    """Each is YAML or JSON, and the same each time."""
    files = observability_files(deployment_of_text())
    assert files == observability_files(deployment_of_text())
    kinds = ("rules", "tests", "gates.tests", "prometheusrule")
    assert {
        *(f"prometheus/{stage}/fraud-scorer.{kind}.yaml" for stage in ("staging", "production") for kind in kinds),
        "prometheus/fraud-scorer.servicemonitor.yaml",
    } == {path for path in files if path.startswith("prometheus/")}
    assert all(list(yaml.safe_load_all(content)) for content in files.values())

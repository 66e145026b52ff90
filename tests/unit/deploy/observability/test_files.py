"""Files for those who watch a release."""

from __future__ import annotations

import yaml
from tests.unit.deploy.test_configuration import deployment_of_text

from twinbuild.deploy.observability.files import observability_files


def test_files() -> None:
    """Each is YAML or JSON, and the same each time."""
    files = observability_files(deployment_of_text())
    assert files == observability_files(deployment_of_text())
    assert {"prometheus/fraud-scorer.rules.yaml", "prometheus/fraud-scorer.tests.yaml"} <= set(files)
    assert all(list(yaml.safe_load_all(content)) for content in files.values())

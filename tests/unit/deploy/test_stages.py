from __future__ import annotations

import json

import jsonschema_rs
import pytest
import yaml
from tests.unit.deploy.test_configuration import TEXT, deployment_of_text, spec_of

from twinbuild.deploy.configuration import configuration_digest, configuration_map_name
from twinbuild.deploy.stages import stage_files


def test_config_map_of_a_stage() -> None:
    """It is immutable, holds text alone, and is named by its values."""
    nowhere = TEXT[: TEXT.index("publish:")] + TEXT[TEXT.index("governance:") :]
    nowhere = nowhere.replace("    staging: {log_level: debug}\n    production: {batch_limit: 256}\n", "    {}\n")
    files = stage_files(deployment_of_text(nowhere)) | stage_files(deployment_of_text())
    for stage, path in (("", "configmap.yaml"), ("production", "production/configmap.yaml")):
        document = yaml.safe_load(files[path])
        assert document["immutable"] is True
        assert document["metadata"]["name"] == configuration_map_name(spec_of(), stage)
        assert all(isinstance(value, str) for value in document["data"].values())
        digest = document["metadata"]["annotations"]["dev.twinbuild/configuration-digest"]
        assert digest == str(configuration_digest(spec_of(), stage))
    assert document["data"]["BATCH_LIMIT"] == "256"


def test_values_of_a_stage() -> None:
    """Helm's values name the image by digest in the stage's own repository, and fit the schema beside them."""
    deployment = deployment_of_text()
    files = stage_files(deployment)
    schema = json.loads(files["configuration.schema.json"])
    for stage in ("staging", "production"):
        values = yaml.safe_load(files[f"{stage}/values.yaml"])
        assert values["images"]["cpu"]["repository"] == f"registry.example/{stage}/fraud-scorer"
        assert values["images"]["cpu"]["digest"] == str(deployment.images[0].digest)
        jsonschema_rs.validate(schema, values["configuration"])
        assert values["configuration"] == json.loads(files[f"{stage}/configuration.json"])["values"]


@pytest.mark.parametrize(
    "values",
    [{"batch_limit": 0}, {"batch_limit": "64"}, {"log_level": "loud"}, {"unknown": 1}, {"decision_threshold": 1.5}],
)
def test_schema_refuses(values: dict[str, object]) -> None:
    """Wrong types, values out of range and unknown knobs do not fit."""
    schema = json.loads(stage_files(deployment_of_text())["configuration.schema.json"])
    with pytest.raises(jsonschema_rs.ValidationError):
        jsonschema_rs.validate(schema, values)


def test_nasty_text_is_no_structure() -> None:
    """A knob's text and a description that look like YAML stay texts."""
    nasty = "x: y\\n---\\nkind: Pod # {{ .Values }}"
    knob = f'    - {{name: banner, type: string, default: "{nasty}", description: "{nasty}"}}\n'
    text = TEXT.replace("  parameters:\n    - name: decision", f"  parameters:\n{knob}    - name: decision")
    files = stage_files(deployment_of_text(text))
    (document,) = yaml.safe_load_all(files["staging/configmap.yaml"])
    assert document["data"]["BANNER"] == "x: y\n---\nkind: Pod # {{ .Values }}"

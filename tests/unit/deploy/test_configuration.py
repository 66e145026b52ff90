from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from twinbuild.codec.spec import SourceText, load_spec
from twinbuild.deploy.configuration import configuration_digest, configuration_map_name, environment_text
from twinbuild.deploy.deployment import DeployedImage, Deployment
from twinbuild.deploy.files import deploy_files
from twinbuild.model.digest import Digest
from twinbuild.model.platform import Platform
from twinbuild.model.spec.release import ReleaseSpec

TEXT = (Path(__file__).resolve().parents[3] / "examples" / "fraud-scorer" / "release.yaml").read_text("utf-8")


def spec_of(text: str = TEXT) -> ReleaseSpec:
    """A spec from its text."""
    return load_spec((SourceText(name="release.yaml", content=text.encode()),)).spec


def deployment_of_text(text: str = TEXT) -> Deployment:
    """The deployment of a spec whose one image is made up."""
    image = DeployedImage(variant="cpu", digest=Digest.of(b"image"), platforms=(Platform.parse("linux/amd64"),))
    return Deployment(spec=spec_of(text), images=(image,))


@pytest.mark.parametrize(
    ("value", "text"),
    [("info", "info"), (0.5, "0.5"), (1.0, "1.0"), (64, "64"), (True, "true"), (("a", 1), '["a",1]'), (None, "null")],
)
def test_text_of_a_value(value: object, text: str) -> None:
    """Text is itself, all else is JSON."""
    assert environment_text(value) == text


def test_config_map() -> None:
    """It is immutable, holds text alone, and is named by the values: another value is another ConfigMap."""
    document = yaml.safe_load(deploy_files(deployment_of_text())["kubernetes/configmap.yaml"])
    assert document["immutable"] is True
    assert document["data"] == {"DECISION_THRESHOLD": "0.5", "BATCH_LIMIT": "64", "LOG_LEVEL": "info"}
    assert document["metadata"]["name"] == configuration_map_name(spec_of())
    other = spec_of(TEXT.replace("default: 64", "default: 65"))
    assert configuration_map_name(other) != configuration_map_name(spec_of())
    assert configuration_digest(other) != configuration_digest(spec_of())


def test_other_things_do_not_rename_it() -> None:
    """What is no value has no part in the digest."""
    other = spec_of(TEXT.replace("Most transactions in one request.", "At most so many."))
    assert configuration_digest(other) == configuration_digest(spec_of())

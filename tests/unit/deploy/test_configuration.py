from __future__ import annotations

import json
from pathlib import Path

from twinbuild.codec.spec import SourceText, load_spec
from twinbuild.deploy.configuration import (
    configuration_digest,
    configuration_environment,
    configuration_map_name,
    definitions_document,
)
from twinbuild.deploy.deployment import DeployedImage, Deployment
from twinbuild.model import knobs
from twinbuild.model.digest import Digest
from twinbuild.model.lock import LockedArtifact
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


def test_definitions_are_what_the_entrypoint_takes() -> None:
    """They hold no stage's value, and the evaluator runs on them as they are."""
    artifact = LockedArtifact(name="classifier", uri="model/x", size=3, sha256=Digest.of(b"abc"))
    content = definitions_document(spec_of(), (artifact,))
    document = json.loads(content)
    texts, found = knobs.check(document, {"batch_limit": "300", "log_level": "debug"})
    assert [code for code, _, _ in found] == ["TB5414"]
    assert texts["decision_threshold"] == "0.5"
    (file,) = document["artifacts"]["files"]
    assert file == {
        "name": "classifier",
        "path": "/models/classifier.skops",
        "sha256": Digest.of(b"abc").hex,
        "size": 3,
    }
    other = TEXT.replace("staging: {log_level: debug}", "staging: {log_level: warning}")
    assert definitions_document(spec_of(other), (artifact,)) == content


def test_environment_of_stages() -> None:
    """A stage's own values over the defaults; a variable that nobody named is the knob's name in capitals."""
    assert configuration_environment(spec_of()) == {
        "DECISION_THRESHOLD": "0.5",
        "BATCH_LIMIT": "64",
        "LOG_LEVEL": "info",
        "OPEN_FILES": "1024",
    }
    assert configuration_environment(spec_of(), "staging")["LOG_LEVEL"] == "debug"
    assert configuration_environment(spec_of(), "production")["BATCH_LIMIT"] == "256"


def test_digest_is_of_values_alone() -> None:
    """Another value is another name, another description is not."""
    digests = {configuration_digest(spec_of(), stage) for stage in ("", "staging", "production")}
    assert len(digests) == 3
    names = {configuration_map_name(spec_of(), stage) for stage in ("", "staging", "production")}
    assert len(names) == 3
    renamed = spec_of(TEXT.replace("environment: BATCH_LIMIT", "environment: LARGEST_BATCH"))
    assert configuration_digest(renamed) == configuration_digest(spec_of())
    assert configuration_map_name(renamed) != configuration_map_name(spec_of())  # an immutable one can't change
    other = spec_of(TEXT.replace("Most transactions in one request.", "At most so many."))
    assert configuration_map_name(other) == configuration_map_name(spec_of())
    assert configuration_digest(other) == configuration_digest(spec_of())
    spelled = spec_of(TEXT.replace("default: 0.5", "default: 0.50  # a comment"))
    assert configuration_digest(spelled) == configuration_digest(spec_of())

"""The files of a rollout."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.deployed import EXAMPLES, deployed, documents, example
from twinbuild.deploy.rollout.files import rollout_files
from twinbuild.model.spec.frozen import FrozenMapping


def test_paths() -> None:
    """SYSTEM/STAGE[/VARIANT]/KIND.yaml, and the page."""
    files = rollout_files(deployed(example()))
    assert {path.split("/")[0] for path in files} == {"rollout.md", "kubernetes", "argo-rollouts", "flagger", "kserve"}
    assert "argo-rollouts/staging/rollout.yaml" in files
    assert "kubernetes/production/cuda12/deployment.yaml" in rollout_files(deployed(example("llm-server")))


@pytest.mark.parametrize("name", EXAMPLES)
def test_images_are_by_digest(name: str) -> None:
    """Wherever an image stands, it stands with its digest; and nothing is left to fill in."""
    files = rollout_files(deployed(example(name)))
    for path, content in files.items():
        for line in content.decode().splitlines():
            assert not line.strip().startswith(("image:", "- image:")) or "@sha256:" in line, path
            assert "TODO" not in line
            assert "CHANGEME" not in line
    assert files == rollout_files(deployed(example(name)))


def test_nowhere_published() -> None:
    """No image has a name, so the page alone is written."""
    deployment = deployed(example())
    publish = deployment.spec.publish.model_copy(update={"repositories": FrozenMapping()})
    spec = deployment.spec.model_copy(update={"publish": publish})
    assert list(rollout_files(replace(deployment, spec=spec))) == ["rollout.md"]


ANY_TEXT = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=60)
YAML_TEXT = st.sampled_from(
    [
        "a: b",
        "- x",
        "&a *a",
        "!!python/object:os.system x",
        "'\"",
        "{{x}}",
        "$(HOME)",
        "# c",
        "no",
        "1e3",
        "a\nb: c",
        "---\nkind: Pod",
    ]
)


def _shape(files: dict[str, bytes]) -> dict[str, tuple[str, str, list[str]]]:
    return {path: (each["apiVersion"], each["kind"], list(each)) for path, each in documents(files).items()}


@cache
def _plain_shape() -> dict[str, tuple[str, str, list[str]]]:
    return _shape(rollout_files(deployed(example())))


@settings(deadline=None, max_examples=25)  # each renders 60 files
@given(
    team=ANY_TEXT | YAML_TEXT,
    label=ANY_TEXT | YAML_TEXT,
    version=st.from_regex(r"[0-9A-Za-z]([0-9A-Za-z.+_-]{0,62}[0-9A-Za-z])?", fullmatch=True),
)
def test_no_text_changes_the_shape(team: str, label: str, version: str) -> None:
    """Whatever texts say, documents have the same keys, and the texts come back as they were."""
    plain = deployed(example())
    metadata = plain.spec.metadata.model_copy(update={"team": team, "version": version})
    condition = plain.spec.rollout.promote[0].model_copy(update={"labels": FrozenMapping({"path": label})})
    mode = plain.spec.rollout.failure_modes[0].model_copy(update={"description": label})
    rollout = plain.spec.rollout.model_copy(update={"promote": (condition,), "failure_modes": (mode,)})
    spec = plain.spec.model_copy(update={"metadata": metadata, "rollout": rollout})
    files = rollout_files(replace(plain, spec=spec))
    assert _shape(files).items() <= _plain_shape().items()
    deployment = yaml.safe_load(files["kubernetes/production/deployment.yaml"])
    assert deployment["metadata"]["annotations"]["dev.twinbuild/team"] == team

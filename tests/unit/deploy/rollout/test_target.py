"""Names, labels and annotations of what is rendered."""

from __future__ import annotations

from fakes.deployed import a_target, deployed, example, example_unchanged
from twinbuild.deploy.rollout.target import targets


def test_one_variant() -> None:
    """It needs no suffix; each stage has its own repository and one digest."""
    found = list(targets(deployed(example())))
    assert [(each.stage, each.directory, each.name) for each in found] == [
        ("staging", "staging", "fraud-scorer"),
        ("production", "production", "fraud-scorer"),
    ]
    assert len({each.reference.partition("@")[2] for each in found}) == 1


def test_several_variants() -> None:
    """Each has its name and directory, and its own image."""
    found = [each for each in targets(deployed(example("llm-server"))) if each.stage == "production"]
    assert {each.directory for each in found} == {"production/cpu", "production/cuda12", "production/cuda13"}
    assert len({each.name for each in found}) == len({each.reference for each in found}) == 3


def test_version_as_label() -> None:
    """A version that no label may hold is still shown as it is in an annotation."""
    target = a_target(example().replace("version: 1.0.0", "version: 1.0.0+local.build", 1))
    assert target.labels()["app.kubernetes.io/version"] == "1.0.0_local.build"
    assert target.annotations()["dev.twinbuild/release"] == "fraud-scorer 1.0.0+local.build"


def test_name_in_the_cluster() -> None:
    """rollout.name takes the place of metadata.name."""
    assert a_target(example().replace("rollout:\n", "rollout:\n  name: scorer\n")).name == "scorer"


def test_no_knob_with_a_variable() -> None:
    """Then there is no ConfigMap to name."""
    before, _, rest = example_unchanged().partition("configuration:\n")
    assert a_target(before + rest[rest.index("serving:\n") :]).configuration == ""
    assert a_target().configuration.startswith("fraud-scorer-configuration-")

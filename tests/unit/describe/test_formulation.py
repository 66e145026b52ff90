"""What made the images: tools once each, whatever several targets share."""

from __future__ import annotations

from dataclasses import replace

from cyclonedx.schema import SchemaVersion
from tests.unit.describe.conftest import Case

from twinbuild.describe.formulation import formulation
from twinbuild.model.digest import Digest
from twinbuild.model.lock import LockedStep


def test_once_each(two: Case) -> None:
    """A package that steps of both targets have is one component; each target is a workflow."""
    debs = two.lock.targets[0].debs[:2]
    step = LockedStep(name="compile", inputs=Digest.of(b"x"), debs=debs)
    targets = tuple(replace(target, steps=(step,)) for target in two.lock.targets)
    made = formulation(two.lock, targets, SchemaVersion.V1_6)
    references = [each["bom-ref"] for each in made.components]
    assert len(set(references)) == len(references)
    assert [each["name"] for each in made.components if each["purl"].startswith("pkg:deb/")] == [
        each.name for each in debs
    ]
    assert [each["uid"] for each in made.workflows] == [target.key for target in targets]
    assert made == formulation(two.lock, targets, SchemaVersion.V1_6)

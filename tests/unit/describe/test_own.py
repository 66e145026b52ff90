"""What is claimed of files of the model by their format, and of sources that several steps read."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cyclonedx.model.component import Component
from tests.unit.describe.conftest import Case

from twinbuild.describe.own import describe_model_file, step_sources
from twinbuild.model.digest import Digest
from twinbuild.model.lock import LockedSdist, LockedStep
from twinbuild.model.spec.artifacts import Artifact


@pytest.mark.parametrize(
    ("form", "expected"),
    [("safetensors", "no archive"), ("skops", "archive"), ("pickle", None), ("other", None)],
)
def test_formats(form: str, expected: str | None) -> None:
    """Of a format that decides it, the properties are there; of any other, none."""
    made = Component(name="x")
    stated = {"name": "x", "uri": "a", "format": form, "target": "/a", "supplier": "Labs"}
    describe_model_file(made, Artifact.model_validate({**stated, "supplier_url": "https://labs.example"}))
    assert made.supplier is not None
    assert (made.supplier.name, [str(url) for url in made.supplier.urls]) == ("Labs", ["https://labs.example"])
    assert made.manufacturer == made.supplier
    found = {each.name: each.value for each in made.properties}
    assert found.get("bsi:component:archive") == expected
    assert len(found) == (3 if expected else 0)


def test_sources_once(case: Case) -> None:
    """The first step that reads a source is told."""
    sdist = LockedSdist(index="default", name="a", version="1", filename="a-1.zip", size=1, sha256=Digest.of(b"a"))
    steps = tuple(LockedStep(name=name, inputs=Digest.of(b"x"), sdists=(sdist,)) for name in ("one", "two"))
    target = replace(case.lock.targets[0], steps=steps)
    assert [(step.name, item.name) for step, item in step_sources(target)] == [("one", "a")]

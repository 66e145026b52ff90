"""Bills of materials and locks."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.describe.conftest import Case, case

from twinbuild.codec.cyclonedx import decode_bom
from twinbuild.describe.sbom import contents_sbom
from twinbuild.model.bom import BomComponent
from twinbuild.verify.pinned import unlike_lock

__all__ = ["case"]


@pytest.fixture
def components(case: Case) -> tuple[BomComponent, ...]:
    """Those of the example's bill."""
    target = case.lock.targets[0]
    return decode_bom(contents_sbom(case.spec, case.lock, target, epoch=0), name="x").components


def test_the_same(case: Case, components: tuple[BomComponent, ...]) -> None:
    """A bill from a lock is like it."""
    assert list(unlike_lock(components, case.lock, case.lock.targets[0])) == []


@pytest.mark.parametrize("name", ["bash", "numpy", "classifier"])
def test_every_difference(case: Case, components: tuple[BomComponent, ...], name: str) -> None:
    """Another digest, none, another version or ecosystem: told from both sides; and one that is left out."""
    one = next(each for each in components if each.name == name)
    others = tuple(each for each in components if each is not one)
    target = case.lock.targets[0]
    changed = [
        replace(one, hashes=(("SHA-256", "0" * 64),)),
        replace(one, hashes=()),
        *([replace(one, version="0"), replace(one, purl="pkg:npm/x@1")] if one.purl else []),
    ]
    for other in changed if name != "classifier" else changed[:2]:
        said = list(unlike_lock((*others, other), case.lock, target))
        assert [each.partition(": ")[2].rpartition(" is ")[2] for each in said] == [
            "not pinned so",
            "pinned, and no component",
        ]
    (said,) = unlike_lock(others, case.lock, target)
    assert said.startswith(name)
    assert said.endswith("is pinned, and no component")

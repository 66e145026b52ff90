"""Bills of materials and locks."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.describe.conftest import Case, case
from tests.unit.pipeline.plan.test_standing import BASE

from twinbuild.codec.cyclonedx import decode_bom
from twinbuild.describe.sbom import contents_sbom
from twinbuild.model.bom import BomComponent
from twinbuild.verify.pinned import unlike_lock

__all__ = ["case"]
_SOURCE = "twinbuild:source"


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


@pytest.mark.parametrize(
    ("name", "was", "now"),
    [
        ("bash", "/bash@", "/dash@"),
        ("bash", "arch=amd64", "arch=arm64"),
        ("bash", "?arch=amd64", ""),
        ("numpy", "/numpy@", "/harmless@"),
        ("numpy", "@", "@99"),
        ("numpy", "pkg:pypi/numpy@", "pkg:pypi/@"),
    ],
)
def test_another_package_url(case: Case, components: tuple[BomComponent, ...], name: str, was: str, now: str) -> None:
    """What scanners look up is what is pinned: else a bill of the right file hides its vulnerabilities."""
    assert any(was in each.purl for each in components if each.name == name)
    changed = [replace(each, purl=each.purl.replace(was, now)) if each.name == name else each for each in components]
    (said,) = unlike_lock(changed, case.lock, case.lock.targets[0])
    assert said.startswith(name)
    assert f"is not that of {name} " in said


@pytest.mark.parametrize("said", ["bash 99", None])
def test_another_source_package(case: Case, components: tuple[BomComponent, ...], said: str | None) -> None:
    """Advisories are about it, so that it hides vulnerabilities as another package URL does."""
    more = {_SOURCE: said} if said is not None else {}
    changed = [
        replace(each, properties={key: each.properties[key] for key in each.properties if key != _SOURCE} | more)
        if each.name == "bash"
        else each
        for each in components
    ]
    (told,) = unlike_lock(changed, case.lock, case.lock.targets[0])
    assert f"its source package is {said or 'none'}, and bash " in told


def test_the_base(case: Case) -> None:
    """It must be the pinned one with its very layers: a bill that calls another layer a base's hides what is in it."""
    target = replace(case.lock.targets[0], debs=(), wheels=(), base=BASE)
    lock = replace(case.lock, targets=(target,), artifacts=(), licensing=())
    bom = decode_bom(contents_sbom(case.spec, lock, target, epoch=0), name="x")
    base = next(each for each in bom.components if each.name == BASE.name)
    assert list(unlike_lock(bom.components, lock, target)) == []
    more = {**base.properties, "twinbuild:layer:009": f"sha256:{9:064}"}
    for other in (replace(base, properties=more), replace(base, hashes=()), replace(base, type="library", hashes=())):
        (said,) = unlike_lock([other], lock, target)
        assert said == f"{base.title}: it is no base with these layers that is pinned"
    (said,) = unlike_lock([], lock, target)
    assert said == f"{BASE.reference}: the base {BASE.manifest.digest} is pinned, and no component"
    without = replace(target, base=None)
    (said,) = unlike_lock([base], replace(lock, targets=(without,)), without)
    assert said.endswith("it is no base with these layers that is pinned")

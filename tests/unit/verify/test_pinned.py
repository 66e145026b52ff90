"""Bills of materials and locks."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from tests.unit.describe.conftest import Case, case
from tests.unit.pipeline.plan.test_standing import BASE

from twinbuild.codec.cyclonedx import decode_bom
from twinbuild.describe.sbom import contents_sbom
from twinbuild.model.bom import BomComponent
from twinbuild.model.digest import Digest
from twinbuild.model.lock import InstalledPackage
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
        ("bash", "distro=debian-12", "distro=debian-99"),
        ("bash", "deb/debian/", "deb/ubuntu/"),
        ("numpy", "2.4", "2.4?x=y#2.4"),
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


def test_another_identifier(case: Case, components: tuple[BomComponent, ...]) -> None:
    """A CPE that nothing pinned has would be looked up as well."""
    changed = [
        replace(each, identifiers=(*each.identifiers, "cpe:2.3:a:x")) if each.name == "numpy" else each
        for each in components
    ]
    (said,) = unlike_lock(changed, case.lock, case.lock.targets[0])
    assert said.endswith("it has the identifier cpe:2.3:a:x, which nothing pinned has")


def test_asked_for(case: Case, components: tuple[BomComponent, ...]) -> None:
    """Whether somebody asked for it is as the lock says."""
    changed = [
        replace(each, properties={**each.properties, "twinbuild:requested": "maybe"}) if each.name == "numpy" else each
        for each in components
    ]
    (said,) = unlike_lock(changed, case.lock, case.lock.targets[0])
    assert "that it was asked for is maybe, and " in said


def test_a_place_in_the_image(case: Case, components: tuple[BomComponent, ...]) -> None:
    """A component of any name that takes a file of the image for itself is none that is pinned."""
    target = {"twinbuild:target": "/usr/bin/bash"}
    other = BomComponent(reference="x", type="library", name="openssl", version="99", properties=target)
    (said,) = unlike_lock((*components, other), case.lock, case.lock.targets[0])
    assert said == "openssl 99: openssl without a digest is not pinned so"


def test_edges(case: Case) -> None:
    """What a wheel or package needs is as it was locked: an edge less, and one more."""
    target = case.lock.targets[0]
    bom = decode_bom(contents_sbom(case.spec, case.lock, target, epoch=0), name="x")
    assert list(unlike_lock(bom.components, case.lock, target, edges=bom.edges)) == []
    one = next(each for each in bom.components if each.purl.startswith("pkg:pypi/") and bom.edges[each.reference])
    other = next(each for each in bom.components if each.reference == bom.edges[one.reference][0])
    bash = next(each for each in bom.components if each.name == "bash")
    for ends, part in (
        (bom.edges[one.reference][1:], f"it needs {other.title} as it was locked, and has no edge to it"),
        ((*bom.edges[one.reference], bash.reference), f"it has an edge to {bash.title}, which it does not need"),
        ((*bom.edges[one.reference], "a-part-of-it"), ""),
    ):
        said = list(unlike_lock(bom.components, case.lock, target, edges={**bom.edges, one.reference: ends}))
        assert [part in each for each in said] == [True] * bool(part)


def test_packages_of_a_base(case: Case) -> None:
    """Their package URLs and sources are those of the base's database; the base's own Python is of its version."""
    item = InstalledPackage(name="libssl3", version="3.0.1", architecture="amd64", source="openssl", source_version="3")
    base = replace(BASE, packages=(item,))
    target = replace(case.lock.targets[0], debs=(), wheels=(), base=base)
    lock = replace(case.lock, targets=(target,), artifacts=(), licensing=())
    bom = decode_bom(contents_sbom(case.spec, lock, target, epoch=0), name="x")
    one = next(each for each in bom.components if each.name == "libssl3")
    others = tuple(each for each in bom.components if each is not one)
    assert list(unlike_lock(bom.components, lock, target)) == []
    for changed, part in (
        (replace(one, purl=one.purl.replace("libssl3", "harmless")), "is that of no package of the base"),
        (replace(one, name="harmless"), "is not that of libssl3 3.0.1"),
        (replace(one, properties={**one.properties, _SOURCE: "harmless 3"}), "its source package is harmless 3"),
    ):
        (said,) = unlike_lock((*others, changed), lock, target)
        assert part in said
    own = replace(
        one,
        name="python",
        version=target.python.version,
        purl=f"pkg:generic/python@{target.python.version}",
        properties={"twinbuild:target": f"/{base.executable}"},
    )
    assert list(unlike_lock((*bom.components, own), lock, target)) == []
    (said,) = unlike_lock((*bom.components, replace(own, version="3.99.0")), lock, target)
    assert said.endswith("is not pinned so")


def test_time(case: Case, components: tuple[BomComponent, ...]) -> None:
    """As much time for each package of thousands as of a few."""
    (target, *others), bash = case.lock.targets, next(each for each in components if each.name == "bash")
    deb = next(each for each in target.debs if each.name == "bash")
    names = [f"bash{number}" for number in range(3000)]
    debs = tuple(
        replace(deb, name=name, path=deb.path.replace("bash_", f"{name}_"), sha256=Digest.of(name.encode()), depends=())
        for name in names
    )
    debs = tuple(replace(each, depends=(names[number - 1],)) for number, each in enumerate(debs))
    many = tuple(
        replace(
            bash,
            reference=name,
            name=name,
            purl=bash.purl.replace("/bash@", f"/{name}@"),
            identifiers=(),
            hashes=(("SHA-256", each.sha256.hex),),
            properties={**bash.properties, "twinbuild:filename": each.filename},
        )
        for name, each in zip(names, debs, strict=True)
    )
    edges = {name: (names[number - 1],) for number, name in enumerate(names)}
    target = replace(target, debs=debs, wheels=())
    lock = replace(case.lock, targets=(target, *others), artifacts=())
    began = time.process_time()
    assert list(unlike_lock(many, lock, target, edges=edges)) == []
    assert time.process_time() - began < 2

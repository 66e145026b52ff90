"""``describe.pythons``: a base's own Python is told from that of a Debian package, and is a component of the bill."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.describe.conftest import Case
from tests.unit.pipeline.plan.test_standing import BASE

from twinbuild.codec.cyclonedx import decode_bom
from twinbuild.describe.pythons import has_packaged_python
from twinbuild.describe.sbom import contents_sbom, release_sbom
from twinbuild.model.digest import Digest
from twinbuild.model.lock import InstalledPackage, LockedBase


def _base(executable: str, *packages: str) -> LockedBase:
    made = (
        InstalledPackage(name=name, version="1", architecture="amd64", source=name, source_version="1")
        for name in packages
    )
    return replace(BASE, executable=executable, packages=tuple(made))


@pytest.mark.parametrize(
    ("base", "packaged"),
    [
        (_base("usr/bin/python3.11", "python3.11-minimal"), True),
        (_base("usr/bin/python3.11", "python3.11"), True),
        (_base("usr/bin/python3.11"), False),
        (_base("usr/bin/python3.11", "python3.12-minimal"), False),
        (_base("usr/local/bin/python3.11", "python3.11-minimal"), False),
        (_base("opt/conda/bin/python3.11"), False),
    ],
)
def test_whose_it_is(case: Case, base: LockedBase, *, packaged: bool) -> None:
    """A package of its name, where packages put it; one that is added to the base counts as well."""
    target = replace(case.lock.targets[0], base=base, debs=())
    assert has_packaged_python(target) is packaged
    at = base.executable == "usr/bin/python3.11"
    assert has_packaged_python(replace(target, debs=case.lock.targets[0].debs)) is at
    assert has_packaged_python(case.lock.targets[0])


def test_python_of_its_own(case: Case) -> None:
    """As a part of the base, once, with its place, its version and its CPE; an image's own bill is as it was."""
    target = replace(case.lock.targets[0], base=_base("usr/local/bin/python3.11"), debs=())
    lock = replace(case.lock, targets=(target,), licensing=())
    plain, _ = release_sbom(case.spec, lock, case.images, epoch=0, lock_digest=Digest.of(b""))
    bom = decode_bom(plain, name="x")
    (python,) = (each for each in bom.components if each.name == "python")
    assert (python.type, python.version, python.purl) == ("platform", "3.11.2", "pkg:generic/python@3.11.2")
    assert "cpe:2.3:a:python:python:3.11.2:*:*:*:*:*:*:*" in python.identifiers
    assert python.properties["twinbuild:target"] == "/usr/local/bin/python3.11"
    assert [each for each, ends in bom.edges.items() if python.reference in ends] == [
        python.reference.removesuffix("/python")
    ]
    assert b"pkg:generic/python" not in contents_sbom(case.spec, lock, target, epoch=0)

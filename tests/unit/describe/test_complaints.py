"""What others complain about in bills of materials, each as a fixture: it must not come true here.

Opaque images are cmu-sei/Polar#178; packages that come twice anchore/syft#4760; a wheel's own bill that is read as
installed packages mrwadams/attackgen#74; hashes that were dropped astral-sh/uv#21122; numbers and times that change
anchore/syft#3931 and CycloneDX/specification#97; a generated bill inside a wheel thomasht86/httpr#62; bundled libraries
that nobody sees numpy/numpy#29465 and pypa/auditwheel#541; packages that are lost because no edge leads to them
aquasecurity/trivy#9193. The databases of an image, with one of them gone (anchore/syft#3980), are in
``tests/unit/verify/test_belonging.py``; the Python that a base image compiled itself, and no package of it has
(aquasecurity/trivy#2839), in ``test_pythons.py``.
"""

from __future__ import annotations

import io
import json
import tarfile
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import zstandard
from tests.unit.describe.conftest import Case
from tests.unit.describe.test_inside import inspections, part

from fakes.tiny import tiny_release
from fakes.tool import Tool, tool
from twinbuild.codec.cyclonedx import decode_bom
from twinbuild.describe.sbom import release_sbom
from twinbuild.govern.vulnerabilities.matching import packages_of
from twinbuild.model.bom import Bom
from twinbuild.model.digest import Digest
from twinbuild.model.inspection import ShippedBom

__all__ = ["tool"]


def made(case: Case, **more: Any) -> Bom:
    """The release's bill, read back."""
    digest = Digest.of(b"lock")
    plain, _ = release_sbom(case.spec, case.lock, case.images, epoch=case.epoch, lock_digest=digest, **more)
    return decode_bom(plain, name="x")


def test_scanners_see_what_is_there(tool: Tool, tmp_path: Path) -> None:
    """The finished image says by itself what is in it: dpkg's status, and METADATA and RECORD of each wheel."""
    dist = tiny_release(tool, tmp_path)
    files: dict[str, bytes] = {}
    for blob in (dist / "image" / "blobs" / "sha256").iterdir():
        content = blob.read_bytes()
        if content.startswith(b"\x28\xb5\x2f\xfd"):
            plain = zstandard.ZstdDecompressor().decompressobj().decompress(content)
            with tarfile.open(fileobj=io.BytesIO(plain)) as archive:
                for member in archive:
                    if member.isfile():
                        stream = archive.extractfile(member)
                        assert stream is not None
                        files[member.name] = stream.read()
    document = json.loads((dist / "sbom.cdx.json").read_bytes())
    listed = {(each["purl"][:8], each["name"]) for each in document["components"] if each.get("purl")}
    status = files["var/lib/dpkg/status"].decode()
    theirs = {("pkg:deb/", line.partition(": ")[2]) for line in status.splitlines() if line.startswith("Package: ")}
    theirs |= {
        ("pkg:pypi", path.split("/")[-2].partition("-")[0]) for path in files if path.endswith(".dist-info/METADATA")
    }
    assert {each for each in listed if each[0] in ("pkg:deb/", "pkg:pypi")} == theirs
    assert len(theirs) == 5
    assert sum(path.endswith(".dist-info/RECORD") for path in files) == 2


def test_each_package_once(case: Case) -> None:
    """No package URL comes twice, and no package is listed both as Debian's and as PyPI's."""
    bom = made(case, inspections=inspections(case))
    inner = {part for each in bom.components for part in each.parts}
    outer = [each for each in bom.components if each.reference not in inner]
    assert [purl for purl, count in Counter(each.purl for each in outer if each.purl).items() if count > 1] == []
    pinned = {(each.name, each.version) for each in case.lock.targets[0].wheels}
    assert {(each.name, each.version) for each in outer if each.purl.startswith("pkg:pypi/")} == pinned


def test_each_package_is_in_the_graph(case: Case) -> None:
    """Edges lead from the release to each component; in a bill by others what none leads to is looked up, too."""
    bom = made(case, inspections=inspections(case))
    assert bom.root is not None
    reached, waiting = set(), [bom.root.reference]
    while waiting:
        reference = waiting.pop()
        if reference not in reached:
            reached.add(reference)
            waiting += bom.edges[reference]
    assert {each.reference for each in bom.everything} == reached
    assert packages_of(replace(bom, edges={})) == packages_of(bom)


def test_a_bill_inside_of_a_wheel_adds_no_packages(case: Case) -> None:
    """What it names is part of the wheel; the packages of the release stay those of the lock."""
    found = inspections(case)
    (numpy,) = (each for each in case.lock.targets[0].wheels if each.name == "numpy")
    shipped = ShippedBom(
        path="numpy.dist-info/sboms/x.json", sha256="e" * 64, parts=(part("scipy", purl="pkg:pypi/scipy@0.1"),)
    )
    found[numpy.sha256] = replace(found[numpy.sha256], boms=(shipped,))
    bom = made(case, inspections=found)
    (scipy,) = (each for each in bom.components if each.purl == "pkg:pypi/scipy@0.1")
    (outer,) = (each for each in bom.components if scipy.reference in each.parts)
    assert outer.name == "numpy"
    top = [each for each in bom.components if each.name == "scipy" and each is not scipy]
    assert [each.version for each in top] == [
        each.version for each in case.lock.targets[0].wheels if each.name == "scipy"
    ]


def test_each_hash_of_the_lock_is_there(case: Case) -> None:
    """Of every file that the lock names for the image: SHA-256 as the lock has it."""
    bom = made(case)
    ours = {digits for each in bom.components for algorithm, digits in each.hashes if algorithm == "SHA-256"}
    pinned = {each.sha256.hex for each in (*case.lock.packages(), *case.lock.artifacts)}
    pinned |= {each.sha256.hex for each in case.lock.source}
    assert pinned <= ours


def test_number_and_time_follow_from_the_content(case: Case) -> None:
    """The same release has the same number; another one another; the time is the release's own date."""
    one, same, other = made(case), made(case), made(case, inspections=inspections(case))
    assert one == same
    assert one.serial != other.serial
    assert one.timestamp == "2026-11-01T00:00:00+00:00"


def test_a_generated_bill_inside_of_a_wheel_changes_nothing_else(case: Case) -> None:
    """Its own number and time, which differ from build to build, are nowhere in ours: only its digest is."""
    found = inspections(case)
    (numpy,) = (each for each in case.lock.targets[0].wheels if each.name == "numpy")
    (shipped,) = found[numpy.sha256].boms
    again = {**found, numpy.sha256: replace(found[numpy.sha256], boms=(replace(shipped, sha256="f" * 64),))}
    one, other = made(case, inspections=found), made(case, inspections=again)
    assert one.components == other.components
    assert one.serial != other.serial


def test_bundled_libraries_are_seen(case: Case) -> None:
    """With the place where they lie, and the digest of their bytes."""
    bom = made(case, inspections=inspections(case))
    found = {each.purl.partition("#")[2]: dict(each.hashes) for each in bom.components if "#" in each.purl}
    assert found.keys() == {"numpy.libs/liba-01234567.so.2", "numpy.libs/libb.so"}
    assert all("SHA-256" in each for each in found.values())

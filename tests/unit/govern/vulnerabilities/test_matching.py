"""Which advisories are about which components, and how severe a vulnerability is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.unit.describe.test_spdx import bom_of, part

from fakes.osv import CRITICAL, MEDIUM, record
from twinbuild.codec.osv import advisory_of
from twinbuild.govern.vulnerabilities.matching import find, names_of, packages_of
from twinbuild.model.bom import BomComponent
from twinbuild.model.vulnerability import Vulnerable


def scanned(components: list[BomComponent], *records: dict[str, Any]) -> tuple[Vulnerable, ...]:
    """What is found of components."""
    packages, _ = packages_of(bom_of(*components))
    return find(packages, tuple(advisory_of(each, name="x") for each in records))


def lib(purl: str, **properties: str) -> BomComponent:
    """A component with a package URL; ``source`` is its source package."""
    return part(purl, purl=purl, properties={f"twinbuild:{key}": value for key, value in properties.items()})


@pytest.mark.parametrize(
    ("component", "expected"),
    [
        (lib("pkg:pypi/Foo_Bar@1.0"), ("PyPI", "foo-bar", "1.0")),
        (lib("pkg:pypi/torch@2.1%2Bcpu"), ("PyPI", "torch", "2.1+cpu")),
        (
            lib("pkg:deb/debian/zlib1g@1:1.2?arch=amd64&distro=debian-12", source="zlib 1:1.2-3"),
            ("Debian:12", "zlib", "1:1.2-3"),
        ),
        (lib("pkg:deb/debian/libc6@2.36-9?distro=debian-12&upstream=glibc"), ("Debian:12", "glibc", "2.36-9")),
        (lib("pkg:deb/debian/libc6@2.36-9?upstream=glibc%402.36-8"), ("Debian", "glibc", "2.36-8")),
        (lib("pkg:deb/debian/bash@5?distro=debian-12.5"), ("Debian:12", "bash", "5")),  # as trivy writes it
        (lib("pkg:deb/debian/zlib1g@1.2-3?distro=debian-12.5&epoch=1"), ("Debian:12", "zlib1g", "1:1.2-3")),
        (lib("pkg:deb/ubuntu/bash@5?distro=ubuntu-24.04"), ("Ubuntu:24.04", "bash", "5")),
        (lib("pkg:cargo/ahash@0.8.12"), ("crates.io", "ahash", "0.8.12")),
        (lib("pkg:npm/%40scope/x@1.0.0"), ("npm", "@scope/x", "1.0.0")),
        (lib("pkg:golang/example.com/a@v1.0.0"), ("Go", "example.com/a", "v1.0.0")),
        (lib("pkg:generic/a@1"), None),
        (lib("pkg:deb/nvidia/cuda@1"), None),
        (lib("pkg:pypi/a"), None),
        (lib("not a purl"), None),
    ],
)
def test_known_as(component: BomComponent, expected: tuple[str, str, str] | None) -> None:
    """Ecosystem, name and version, as a database has them; others are told apart."""
    packages, others = packages_of(bom_of(component))
    assert [(each.ecosystem, each.name, each.version) for each in packages] == ([expected] if expected else [])
    assert (component in others) is (expected is None)


def test_files_within_a_package_are_that_package() -> None:
    """A bundled library is neither looked up under the wheel's name again, nor counted as not looked up."""
    packages, others = packages_of(bom_of(lib("pkg:pypi/numpy@2#numpy.libs/libx.so")))
    assert (packages, [each.reference for each in others]) == ((), ["release"])


def test_aliases_are_one() -> None:
    """Three records that name one another are one finding, with the highest score, the fixes of all, and CVE first."""
    (found,) = scanned(
        [lib("pkg:pypi/alpha@1")],
        record("GHSA-xxxx-yyyy-zzzz", fixed="2", vector=CRITICAL, aliases=["CVE-2026-1"], summary="it breaks"),
        record("PYSEC-2026-1", fixed="1.5", vector=MEDIUM, aliases=["GHSA-xxxx-yyyy-zzzz"]),
    )
    assert found.ids == ("CVE-2026-1", "GHSA-xxxx-yyyy-zzzz", "PYSEC-2026-1")
    assert (found.level, found.score, found.fixed, found.summary) == ("critical", 9.8, ("2", "1.5"), "it breaks")


def test_components_without_references() -> None:
    """A bill by others need not give a bom-ref: each component is found for itself all the same."""
    parts = [replace(lib(f"pkg:pypi/alpha@{version}"), reference="") for version in (1, 2)]
    assert [each.package.version for each in scanned(parts, record("A-1"))] == ["1", "2"]


def test_withdrawn_and_other_releases() -> None:
    """Neither a withdrawn record, nor one of another release or ecosystem, nor of another package."""
    zlib = lib("pkg:deb/debian/zlib1g@1?distro=debian-12", source="zlib 1-1")
    hits = scanned(
        [lib("pkg:pypi/alpha@1"), zlib],
        record("A-1", withdrawn="2026-01-01T00:00:00Z"),
        record("A-2", name="alphabet"),
        record("A-3", "npm"),
        record("A-4", "Debian:13", "zlib"),
        record("A-5", "Debian:12", "zlib1g"),
        record("A-6", "Debian:12", "zlib", fixed="1-1"),
        record("B-1", "Debian:12", "zlib", fixed="1-2"),
        record("B-2", "Debian", "zlib"),
        record("B-3", name="Alpha"),
    )
    assert sorted(each.name for each in hits) == ["B-1", "B-2", "B-3"]


def test_ubuntu() -> None:
    """With and without LTS; Pro is another archive."""
    bash = lib("pkg:deb/ubuntu/bash@5-1?distro=ubuntu-24.04")
    systems = ("Ubuntu:24.04:LTS", "Ubuntu:24.04", "Ubuntu:22.04:LTS", "Ubuntu:Pro:24.04:LTS")
    hits = scanned([bash], *(record(f"U-{number}", system, "bash") for number, system in enumerate(systems)))
    assert sorted(each.name for each in hits) == ["U-0", "U-1"]


def test_severity_of_a_distribution() -> None:
    """That of its only upstream, which is the same vulnerability; of several upstreams it is a finding of its own."""
    zlib = lib("pkg:deb/debian/zlib1g@1-1?distro=debian-12", source="zlib 1-1")
    upstreams = [
        {"id": name, "modified": "2026-01-01T00:00:00Z", "severity": [{"type": "CVSS_V3", "score": vector}]}
        for name, vector in (("CVE-2026-1", MEDIUM), ("CVE-2026-2", CRITICAL))
    ]
    one = record("DEBIAN-CVE-2026-1", "Debian:12", "zlib", upstream=["CVE-2026-1"])
    both = record("DSA-1-1", "Debian:12", "zlib", upstream=["CVE-2026-1", "CVE-2026-2"])
    found = {each.name: each for each in scanned([zlib], one, both, *upstreams)}
    assert (found["CVE-2026-1"].level, found["CVE-2026-1"].ids) == ("medium", ("CVE-2026-1", "DEBIAN-CVE-2026-1"))
    assert (found["DSA-1-1"].level, found["DSA-1-1"].ids) == ("critical", ("DSA-1-1",))


def test_words_and_no_word() -> None:
    """A word where there is no score, the highest of several; nothing is unknown, and comes first."""
    records = (
        record("A-1", database_specific={"severity": "LOW"}, aliases=["A-2"]),
        record("A-2", database_specific={"severity": "HIGH"}),
        record("B-1", severity=[{"type": "CVSS_V2", "score": "AV:N"}]),
    )
    assert [(each.name, each.level) for each in scanned([lib("pkg:pypi/alpha@1")], *records)] == [
        ("B-1", "unknown"),
        ("A-1", "high"),
    ]


def test_undecided_counts() -> None:
    """A version that cannot be compared is affected, and said to be undecided."""
    (found,) = scanned([lib("pkg:pypi/alpha@odd")], record("A-1", fixed="2"))
    assert found.decided is False
    assert names_of(packages_of(bom_of(lib("pkg:pypi/alpha@1")))[0]) == {"alpha"}

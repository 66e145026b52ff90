from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.describe.conftest import Case
from tests.unit.pipeline.plan.test_standing import BASE

from twinbuild.describe.purls import deb_purl, image_purl, own_purl, wheel_purl


@pytest.mark.parametrize(
    ("suite", "distribution"),
    [
        ("bookworm", "debian-12"),
        ("trixie-security", "debian-13"),
        ("bookworm-updates", "debian-12"),
        ("forky", "forky"),
    ],
)
def test_debian(case: Case, suite: str, distribution: str) -> None:
    """Architecture and distribution are qualifiers; epoch and tilde stay readable, as the specification has them."""
    deb = replace(case.lock.targets[0].debs[0], name="libx", version="1:2~rc1+b-3", suite=suite, architecture="all")
    assert str(deb_purl(deb)) == f"pkg:deb/debian/libx@1:2~rc1%2Bb-3?arch=all&distro={distribution}"


def test_ubuntu(case: Case) -> None:
    """A package of another system has its name and its release, which the base says."""
    deb = replace(case.lock.targets[0].debs[0], name="libx", version="1", suite="noble-updates", archive="ubuntu")
    assert str(deb_purl(deb, BASE)) == f"pkg:deb/ubuntu/libx@1?arch={deb.architecture}&distro=ubuntu-24.04"
    debian = replace(deb, suite="bookworm", archive="debian")
    assert str(deb_purl(debian, BASE)) == f"pkg:deb/debian/libx@1?arch={deb.architecture}&distro=debian-12"


def test_wheel(case: Case) -> None:
    """The project and version, and the very file only where it is asked for."""
    wheel = case.lock.targets[0].wheels[0]
    assert str(wheel_purl(wheel)) == f"pkg:pypi/{wheel.name}@{wheel.version}"
    assert wheel_purl(wheel, file=True).qualifiers == {"file_name": wheel.filename}


def test_our_own(case: Case) -> None:
    """A release and its parts are of no ecosystem; an image is its manifest's digest."""
    digest = case.lock.artifacts[0].sha256
    assert str(own_purl("scorer", "1.0.0")) == "pkg:generic/scorer@1.0.0"
    assert str(own_purl("scorer", "2", "a b", sha256=digest)) == f"pkg:generic/scorer/a%20b@2?checksum={digest}"
    assert str(image_purl("scorer", digest, "arm64")) == f"pkg:oci/scorer@{digest}?arch=arm64"

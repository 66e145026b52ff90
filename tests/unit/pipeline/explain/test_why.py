from __future__ import annotations

from dataclasses import replace

import pytest

from fakes.packages import LOCKED_DEB, LOCKED_WHEEL
from twinbuild.errors import UsageError
from twinbuild.model.digest import Digest
from twinbuild.model.lock import Lock, PythonEnvironment, ResolverPin, Target
from twinbuild.model.platform import Platform
from twinbuild.pipeline.explain.asked import Asked, Questioned
from twinbuild.pipeline.explain.why import why_package

_WHEELS = (
    replace(LOCKED_WHEEL, name="top", version="1", requires=("low", "mid"), requested=True),
    replace(LOCKED_WHEEL, name="mid", version="2", requires=("low",), requested=False),
    replace(LOCKED_WHEEL, name="low", version="3", requires=(), requested=False),
)
_DEBS = (
    replace(LOCKED_DEB, name="asked", version="1", depends=("libc6",), requested=True, essential=False),
    replace(LOCKED_DEB, name="dash", version="2", depends=("libc6",), requested=True, essential=True),
    replace(LOCKED_DEB, name="libc6", version="3", depends=(), requested=False, essential=False),
)
_NOTHING = Digest.of(b"")
_TARGET = Target(
    variant="cpu",
    platform=Platform.parse("linux/amd64"),
    python=PythonEnvironment(version="3.11.2", implementation="cp", glibc="2.36"),
    debs=_DEBS,
    wheels=_WHEELS,
    test=(replace(LOCKED_WHEEL, name="pytest", version="9", requires=(), requested=True),),
)
QUESTIONED = Questioned(
    name="x 1",
    lock=Lock(
        python_inputs=_NOTHING,
        debian_inputs=_NOTHING,
        artifact_inputs=_NOTHING,
        source_inputs=_NOTHING,
        resolver=ResolverPin(pip="1", pip_tools="1"),
        indexes=(),
        targets=(_TARGET,),
        artifacts=(),
        source=(),
    ),
    asked=(
        Asked(kind="python", purpose="runtime", variant="", name="top", text="top==1", where="release.yaml:7:3"),
        Asked(kind="debian", purpose="runtime", variant="", name="asked", text="asked", where="release.yaml:9:3"),
    ),
    release=None,
    python="release.yaml:2:1",
    base="release.yaml:3:1",
)


def test_a_wheel() -> None:
    """The shortest chain, with the requirement as it is written; names are compared as PEP 503 has them."""
    (found,) = why_package(QUESTIONED, "Low")
    (chain,) = found.chains
    assert (chain.packages, chain.reason, chain.where) == (("top 1", "low 3"), "top==1", "release.yaml:7:3")


def test_a_deb() -> None:
    """What people wrote comes first, then what every Debian system has."""
    (found,) = why_package(QUESTIONED, "libc6:amd64")
    assert [chain.packages[0] for chain in found.chains] == ["asked 1", "dash 2"]
    assert found.chains[1].reason.startswith("Essential")


def test_in_no_image() -> None:
    """A package of the tests is told as such."""
    (found,) = why_package(QUESTIONED, "pytest")
    assert found.part == "in no image: it is locked for test"


@pytest.mark.parametrize(
    ("asked", "package"),
    [
        ("low==3", "low 3"),
        ("pkg:pypi/Low@3", "low 3"),
        ("pkg:pypi/low@3?checksum=sha256:0#low.libs/x.so", "low 3"),
        ("pkg:pypi/low", "low 3"),
        ("pkg:deb/debian/libc6@3?arch=amd64&distro=debian-12", "libc6 3"),
        ("pkg:deb/libc6@%33", "libc6 3"),
    ],
)
def test_as_others_name_it(asked: str, package: str) -> None:
    """As scanners do, and as it stands in a lock."""
    (found,) = why_package(QUESTIONED, asked)
    assert found.package == package


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("low==4", "'low==4' is no package of x 1, which has low 3"),
        ("pkg:pypi/low@33", "'pkg:pypi/low@33' is no package of x 1, which has low 3"),
        ("pkg:pypi/libc6@3", "'libc6' is no Python package of x 1"),
        ("pkg:npm/low@3", "'pkg:npm/low@3' is no package of x 1"),
        ("pkg:deb/debian/libc6@3?arch=arm64", "'libc6' is no Debian package of x 1 for arm64"),
        ("libc6:arm64", "'libc6:arm64' is no package of x 1 for arm64"),
    ],
)
def test_another_version_or_kind(asked: str, said: str) -> None:
    """It is told what is there; nothing else is explained in its place."""
    with pytest.raises(UsageError) as caught:
        why_package(QUESTIONED, asked)
    assert caught.value.findings[0].message == said


def test_unknown() -> None:
    """The nearest names are told."""
    with pytest.raises(UsageError) as caught:
        why_package(QUESTIONED, "libc66")
    assert caught.value.findings[0].code == "TB9310"
    assert "libc6" in caught.value.findings[0].hint

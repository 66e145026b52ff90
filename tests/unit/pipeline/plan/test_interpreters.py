"""``pipeline.plan.interpreters``: which Python compiles, and what it needs to start."""

from __future__ import annotations

from dataclasses import replace

from tests.unit.codec.test_lock import BASE, LOCK

from twinbuild.model.lock import Lock, LockedDeb, Target
from twinbuild.model.platform import Platform
from twinbuild.pipeline.plan.interpreters import deb_input, interpreter_of

ARM64 = Platform.parse("linux/arm64")


def _deb(name: str, *depends: str) -> LockedDeb:
    return replace(LOCK.targets[0].debs[0], name=name, depends=depends, pre_depends=())


PYTHON = (
    _deb("libc6"),
    _deb("libssl3"),
    _deb("other"),
    _deb("python3.11-minimal", "libc6", "libssl3"),
)
SYSTEM = replace(LOCK.targets[0], debs=PYTHON)
ON_BASE = replace(SYSTEM, debs=(), base=BASE)
_MINIMAL = _deb("python3.11-minimal", "libssl3")
ADDED = replace(SYSTEM, debs=(_MINIMAL,), base=replace(BASE, executable="usr/bin/python3.11"))


def _lock(*targets: Target) -> Lock:
    return replace(LOCK, targets=targets)


def test_of_packages() -> None:
    """What it needs to compile, without TLS, which changes often."""
    (build,) = interpreter_of(_lock(SYSTEM), SYSTEM).builds
    assert [deb.name for deb in build.debs] == ["libc6", "python3.11-minimal"]
    assert build.debs[0] == deb_input(PYTHON[0])
    assert build.base == ()


def test_of_a_base() -> None:
    """The layers that hold it, and none else."""
    found = interpreter_of(_lock(ON_BASE), ON_BASE)
    (build,) = found.builds
    assert found.executable == "usr/local/bin/python3.11"
    assert [layer.digest for layer in build.base] == [BASE.layers[0].digest, BASE.layers[2].digest]
    assert build.debs == ()


def test_of_packages_on_a_base() -> None:
    """Both; and another platform's serves where it is of the same kind."""
    found = interpreter_of(_lock(ADDED), ADDED)
    (build,) = found.builds
    assert found.executable == "usr/bin/python3.11"
    assert [deb.name for deb in build.debs] == ["python3.11-minimal"]
    assert len(build.base) == 2
    other = replace(ADDED, platform=ARM64)
    assert [build.platform for build in interpreter_of(_lock(ADDED, other), ADDED).builds] == [ADDED.platform, ARM64]
    base_alone = replace(other, debs=())
    assert [build.platform for build in interpreter_of(_lock(ADDED, base_alone), ADDED).builds] == [ADDED.platform]

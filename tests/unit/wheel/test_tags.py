from __future__ import annotations

import platform as host
import sys
import sysconfig

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement

from twinbuild.errors import LockError
from twinbuild.model.lock import PythonEnvironment
from twinbuild.model.platform import Platform
from twinbuild.wheel.tags import (
    check_markers,
    check_target,
    choose,
    host_markers,
    marker_environment,
    supported_tags,
)

AMD64 = Platform.parse("linux/amd64")
BOOKWORM = PythonEnvironment(version="3.11.2", implementation="cp", glibc="2.36")
TAGS = supported_tags(BOOKWORM, AMD64)


def this_host() -> tuple[PythonEnvironment, Platform]:
    """This machine as a target."""
    environment = PythonEnvironment(version=host.python_version(), implementation="cp", glibc=host.libc_ver()[1])
    return environment, Platform.parse("linux/amd64" if host.machine() == "x86_64" else "linux/arm64")


def test_tags_are_those_of_packaging_on_this_host() -> None:
    """For the host's own values the tags and their order are packaging's, but for musl, which no Debian has."""
    from packaging.tags import sys_tags

    assert sysconfig.get_platform().startswith("linux")
    assert supported_tags(*this_host()) == tuple(tag for tag in map(str, sys_tags()) if "musllinux" not in tag)


def test_markers_are_those_of_packaging_on_this_host() -> None:
    """For the host's own values every marker is packaging's, but for the kernel's."""
    expected = {**default_environment(), "platform_release": "", "platform_version": ""}
    assert marker_environment(*this_host()) == expected
    assert sys.implementation.name == "cpython"


def test_tags_of_another_machine() -> None:
    """Tags follow the target's Python, glibc and architecture, not the host's."""
    assert TAGS[:2] == ("cp311-cp311-linux_x86_64", "cp311-cp311-manylinux_2_36_x86_64")
    assert "cp311-cp311-manylinux_2_37_x86_64" not in TAGS
    for tag in ("cp39-abi3-manylinux1_x86_64", "cp311-none-any", "py3-none-any", "py3-none-manylinux2010_x86_64"):
        assert tag in TAGS
    assert not [tag for tag in TAGS if "cp312" in tag or "aarch64" in tag or "musl" in tag]
    arm = supported_tags(BOOKWORM, Platform.parse("linux/arm64"))
    assert "cp311-cp311-manylinux_2_17_aarch64" in arm
    assert "cp311-cp311-manylinux2014_aarch64" in arm
    assert not [tag for tag in arm if "2_16" in tag or "manylinux1_" in tag]


def test_the_best_wheel_is_chosen() -> None:
    """The closest tag wins, then the build number, then the name; nothing is chosen where nothing fits."""
    names = [
        "a-1-py3-none-any.whl",
        "a-1-cp311-abi3-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
        "a-1-cp311-cp311-manylinux_2_28_x86_64.whl",
        "a-1-cp311-cp311-manylinux_2_39_x86_64.whl",
        "a-1-cp312-cp312-manylinux_2_28_x86_64.whl",
        "a-1.tar.gz",
    ]
    for best in (2, 1, 0):
        assert choose(names, TAGS) == names[best]
        assert choose(reversed(names), TAGS) == names[best]
        del names[best]
    assert choose(names, TAGS) is None
    builds = ["a-1-2-py3-none-any.whl", "a-1-10-py3-none-any.whl", "a-1-py3-none-any.whl"]
    assert choose(builds, TAGS) == "a-1-10-py3-none-any.whl"


def test_a_wheel_for_another_target_is_refused() -> None:
    """A wheel that the target cannot load is an error of the lock."""
    check_target("a-1-py3-none-any.whl", TAGS)
    with pytest.raises(LockError, match="TB4112"):
        check_target("a-1-cp312-cp312-manylinux_2_28_x86_64.whl", TAGS)


def test_markers_are_answered_for_the_target() -> None:
    """A requirement's marker is judged for the image, not for the machine that locks."""
    arm = marker_environment(BOOKWORM, Platform.parse("linux/arm64"))
    marker = Requirement("a; platform_machine == 'aarch64' and python_full_version == '3.11.2'").marker
    assert marker is not None
    assert marker.evaluate(arm)
    assert not marker.evaluate(marker_environment(BOOKWORM, AMD64))


@pytest.mark.parametrize(
    ("requirement", "names"),
    [
        ("a", ()),
        ("a; python_version >= '3'", ()),
        ("a; 'platform_release' in platform_machine", ()),
        ("a; platform_release >= '5'", ("platform_release",)),
        (
            "a; os_name == 'posix' and ('x' in platform_version or platform_release == '')",
            ("platform_release", "platform_version"),
        ),
        ("a; platform.version == '1'", ("platform_version",)),
    ],
)
def test_questions_about_the_kernel_are_found(requirement: str, names: tuple[str, ...]) -> None:
    """No image can answer for the kernel that will run it."""
    assert host_markers(requirement) == names
    if names:
        with pytest.raises(LockError, match="TB4113"):
            check_markers(["b", requirement], where="demo")
    else:
        check_markers(["b", requirement], where="demo")

"""``debian.installed``: what a status file calls installed."""

from __future__ import annotations

import pytest

from twinbuild.debian.installed import installed_packages
from twinbuild.errors import IntegrityError, LockError

STATUS = """\
Package: libc6
Status: install ok installed
Multi-Arch: same
Architecture: amd64
Version: 2.36-9
Provides: libc6-2.36
Breaks: old (<< 2)

Package: gone
Status: deinstall ok config-files
Architecture: all
Version: 1

Package: foreign
Status: install ok installed
Architecture: i386
Version: 1

Package: base-files
Essential: yes
Status: install ok installed
Architecture: all
Version: 12
"""


def test_installed_packages() -> None:
    """With what they provide and exclude; not the removed; those of another architecture too."""
    found = installed_packages(STATUS, architecture="amd64", where="status")
    assert [(package.name, package.version, package.essential) for package in found] == [
        ("base-files", "12", True),
        ("foreign", "1", False),
        ("libc6", "2.36-9", False),
    ]
    assert [provided.name for provided in found[2].provides] == ["libc6-2.36"]
    assert str(found[2].excludes[0][0]) == "old (<< 2)"
    assert installed_packages("", architecture="amd64", where="status") == ()


def test_a_malformed_one_is_refused() -> None:
    """TB2101."""
    with pytest.raises(IntegrityError) as caught:
        installed_packages("Package libc6\n", architecture="amd64", where="status")
    assert caught.value.findings[0].code == "TB2101"


def test_one_name_of_two_architectures() -> None:
    """The architecture's own comes first."""
    text = STATUS + "\n" + STATUS.replace("amd64", "armhf")
    found = installed_packages(text, architecture="amd64", where="status")
    assert [package.architecture for package in found if package.name == "libc6"] == ["amd64", "armhf"]


def test_states() -> None:
    """Waiting for triggers is installed; what dpkg left half done is refused (TB2280), and named."""
    waiting = STATUS.replace("install ok installed", "install ok triggers-pending")
    assert len(installed_packages(waiting, architecture="amd64", where="status")) == 3
    broken = STATUS.replace("ok config-files", "ok half-configured") + "\nPackage: b\nStatus: purge reinst unpacked\n"
    with pytest.raises(LockError) as caught:
        installed_packages(broken, architecture="amd64", where="status")
    assert caught.value.findings[0].code == "TB2280"
    assert "b (unpacked), gone (half-configured)" in caught.value.findings[0].message

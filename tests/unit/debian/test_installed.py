"""``debian.installed``: what a status file calls installed."""

from __future__ import annotations

import pytest

from twinbuild.debian.installed import installed_packages
from twinbuild.errors import IntegrityError

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


def test_installed_packages_of_the_architecture() -> None:
    """With what they provide and exclude; not the removed, not those of another architecture."""
    found = installed_packages(STATUS, architecture="amd64", where="status")
    assert [(package.name, package.version, package.essential) for package in found] == [
        ("base-files", "12", True),
        ("libc6", "2.36-9", False),
    ]
    assert [provided.name for provided in found[1].provides] == ["libc6-2.36"]
    assert str(found[1].excludes[0][0]) == "old (<< 2)"
    assert installed_packages("", architecture="amd64", where="status") == ()


def test_a_malformed_one_is_refused() -> None:
    """TB2101."""
    with pytest.raises(IntegrityError) as caught:
        installed_packages("Package libc6\n", architecture="amd64", where="status")
    assert caught.value.findings[0].code == "TB2101"

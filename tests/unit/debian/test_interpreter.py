"""Which packages bring Python and the C library, and which versions they are."""

from __future__ import annotations

import io

import pytest

from twinbuild.debian.interpreter import glibc_version, python_packages, python_version
from twinbuild.debian.packages import read_packages
from twinbuild.debian.pool import Pool
from twinbuild.errors import LockError
from twinbuild.model.digest import Digest
from twinbuild.model.lock import LockedDeb


def deb(name: str, version: str) -> LockedDeb:
    """A locked package of that name and version."""
    return LockedDeb(
        name=name,
        version=version,
        architecture="amd64",
        archive="debian",
        suite="bookworm",
        component="main",
        path=f"pool/{name}.deb",
        size=1,
        sha256=Digest("0" * 64),
        source=name,
        source_version=version,
        depends=(),
        pre_depends=(),
        essential=False,
        requested=False,
    )


CLOSURE = (
    deb("libc-bin", "2.35-1"),
    deb("libc6", "2.36-9+deb12u13"),
    deb("libpython3.11-stdlib", "3.11.9-1"),
    deb("python3", "3.12.1-1"),
    deb("python3.10-minimal", "3.10.4-1"),
    deb("python3.11-minimal", "3.11.2-6+deb12u6"),
)


def test_versions_come_from_the_packages_themselves() -> None:
    """Not from python3, which is only a default, and the newest of several unless one is asked for."""
    assert glibc_version(CLOSURE) == "2.36"
    assert python_version(CLOSURE) == "3.11.2"
    assert python_version(CLOSURE, "3.10") == "3.10.4"
    assert python_version((deb("python3.14", "3.14.0~rc1-1"),)) == "3.14.0rc1"


def test_a_closure_without_them() -> None:
    """TB2135 says what is missing."""
    with pytest.raises(LockError, match=r"TB2135.*C library"):
        glibc_version(CLOSURE[:1])
    with pytest.raises(LockError, match=r"TB2135.*Python 3\.9"):
        python_version(CLOSURE, "3.9")


def test_python_of_a_suite() -> None:
    """The interpreter and what it needs but does not depend on; an absent one names those that are there."""
    entry = f"Package: NAME\nVersion: 1\nArchitecture: all\nFilename: pool/a.deb\nSize: 1\nSHA256: {'0' * 64}\n\n"
    there = ("python3.11", "python3.9", "python3", "python3.11-venv")
    index = io.BytesIO("".join(entry.replace("NAME", name) for name in there).encode())
    suite = Pool(read_packages(index, archive="debian", suite="bookworm", component="main"), architecture="amd64")
    assert python_packages("3.11", suite) == ("ca-certificates", "libstdc++6", "netbase", "python3.11", "tzdata")
    for absent in ("3.12", "3", ""):
        with pytest.raises(LockError, match=r"TB2134.*they have 3\.9, 3\.11"):
            python_packages(absent, suite)

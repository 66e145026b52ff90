"""``resolve.base_facts``: what is found in a base without running anything of it."""

from __future__ import annotations

import pytest
from tests.unit.oci.test_stack import Files, stacked

from fakes.bases import elf, files_of_a_base, layer_tar
from twinbuild.errors import TwinbuildError
from twinbuild.model.lock import InstalledPackage
from twinbuild.model.platform import Platform
from twinbuild.resolve.base_facts import BaseFacts, find_facts

AMD64 = Platform.parse("linux/amd64")


def _facts(files: Files, *, python: str = "3.12", path: str = "", suite: str = "") -> BaseFacts:
    stack, layers, opened = stacked(layer_tar(files))
    return find_facts(stack, layers, opened, python=python, platform=AMD64, path=path, subject="base", suite=suite)


def _without(*paths: str, **more: bytes | str | None) -> Files:
    return {path: content for path, content in files_of_a_base().items() if path not in paths} | more


def test_facts() -> None:
    """System, C library, full version of Python from the library beside it, installed packages of the dpkg status."""
    found = _facts(files_of_a_base())
    assert found == BaseFacts(
        system="debian",
        system_version="12",
        glibc="2.36",
        python="3.12.3",
        executable="usr/local/bin/python3.12",
        interpreter=(0,),
        packages=(
            InstalledPackage(
                name="base-files", version="12.4", architecture="all", source="base-files", source_version="12.4"
            ),
            InstalledPackage(
                name="libc6",
                version="2.36-9+deb12u9",
                architecture="amd64",
                source="glibc",
                source_version="2.36-9",
            ),
        ),
        installed=(),
    )


def test_the_first_on_the_path() -> None:
    """PATH of the image decides which Python it is, with links of its directories followed."""
    files = files_of_a_base() | {"usr/bin/python3.12": elf(b"\x003.12.9\0")}
    del files["usr/local/lib/libpython3.12.so.1.0"]
    files["usr/local/bin/python3.12"] = elf(b"\x003.12.3\0")
    assert _facts(files).python == "3.12.3"
    found = _facts(files, path="/nowhere:relative:/bin:/usr/local/bin")
    assert (found.executable, found.python) == ("usr/bin/python3.12", "3.12.9")


def test_a_link_to_the_systems_own_python() -> None:
    """It is the file of Debian's package, and no Python of the image's own."""
    link, of_debian = "usr/local/bin/python3.12", "usr/bin/python3.12"
    own = elf(b"\x003.12.9\0")
    files = _without("usr/local/lib/libpython3.12.so.1.0") | {of_debian: own, link: "../../bin/python3.12"}
    assert _facts(files).executable == of_debian
    files |= {of_debian: None, "opt/py/python3.12": own, link: "../../../opt/py/python3.12"}
    assert _facts(files).executable == link


def test_packages_without_dpkg() -> None:
    """A file for each package, as images without dpkg have them; and a system without any."""
    stanza = b"Package: tzdata\nVersion: 2024a-0+deb12u1\nArchitecture: all\n"
    files = _without("var/lib/dpkg/status") | {
        "var/lib/dpkg/status.d/tzdata": stanza,
        "var/lib/dpkg/status.d/tzdata.md5sums": b"0  x\n",
    }
    assert [package.name for package in _facts(files).packages] == ["tzdata"]
    assert _facts(_without("var/lib/dpkg/status", "etc/os-release", "usr/lib/os-release")).packages == ()


def test_packages_that_wait_for_triggers() -> None:
    """They are there."""
    status = b"Package: a\nStatus: install ok triggers-pending\nArchitecture: all\nVersion: 1\n"
    assert [package.name for package in _facts(_without(**{"var/lib/dpkg/status": status})).packages] == ["a"]


@pytest.mark.parametrize(
    ("files", "python", "code", "part"),
    [
        (files_of_a_base("3.11.2"), "3.12", "TB2270", "it has /usr/local/bin/python3.11"),
        ({"etc": None}, "3.12", "TB2270", "it has no Python 3"),
        (_without("usr/local/lib/libpython3.12.so.1.0"), "3.12", "TB2270", "found no version"),
        (files_of_a_base(binary=elf(b"\x003.12.4\0")), "3.12", "TB2270", "found 3.12.3, 3.12.4"),
        (files_of_a_base(binary=b"#!/bin/sh\n"), "3.12", "TB2270", "perhaps a script"),
        (files_of_a_base(binary=elf(machine=183)), "3.12", "TB2271", "for aarch64"),
        (files_of_a_base(binary=elf(loader="/lib/ld-musl-x86_64.so.1")), "3.12", "TB2272", "ld-musl-x86_64.so.1"),
        (_without("usr/lib/x86_64-linux-gnu/libc.so.6"), "3.12", "TB2272", "libc.so.6"),
        (files_of_a_base() | {"var/lib/dpkg/status": b"Package: ../x\nVersion: 1\n"}, "3.12", "TB2101", "'../x'"),
        (files_of_a_base() | {"var/lib/dpkg/status": b"nonsense\n"}, "3.12", "TB2101", ""),
    ],
)
def test_bases_that_do_not_do(files: Files, python: str, code: str, part: str) -> None:
    """No such Python, another processor or C library, a damaged dpkg status: with what was found."""
    with pytest.raises(TwinbuildError) as caught:
        _facts(files, python=python)
    assert caught.value.findings[0].code == code
    assert part in caught.value.findings[0].message


RELEASE = b"ID=debian\nVERSION_ID=12\nVERSION_CODENAME=bookworm\n"


def test_packages_may_bring_python() -> None:
    """A base of the suite that packages are added from need not have it; its packages are told to depend on."""
    found = _facts(_without("usr/local/bin/python3.12", **{"usr/lib/os-release": RELEASE}), suite="bookworm")
    assert (found.python, found.executable, found.interpreter) == ("", "usr/bin/python3.12", (0,))
    assert [package.name for package in found.installed] == ["base-files", "libc6"]
    with_python = _facts(_without(**{"usr/lib/os-release": RELEASE}), suite="bookworm")
    assert (with_python.python, with_python.executable) == ("3.12.3", "usr/local/bin/python3.12")
    assert _facts(files_of_a_base()).installed == ()


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (
            {"usr/lib/os-release": RELEASE.replace(b"bookworm", b"noble")},
            "is of debian noble, but packages of",
        ),
        ({"usr/lib/os-release": b"ID=debian\n"}, "is of debian without a code name"),
        ({"usr/lib/os-release": RELEASE, "var/lib/dpkg/status": None}, "no database of dpkg"),
    ],
)
def test_packages_of_another_system(files: Files, message: str) -> None:
    """TB2280: they would not fit what is there."""
    with pytest.raises(TwinbuildError) as caught:
        _facts(_without() | files, suite="bookworm")
    (finding,) = caught.value.findings
    assert finding.code == "TB2280"
    assert message in finding.message

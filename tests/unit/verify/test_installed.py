"""What an image says of its packages."""

from __future__ import annotations

import hashlib

import pytest

from fakes.trees import deb_files, image_files, wheel_files
from twinbuild.errors import IntegrityError
from twinbuild.verify import installed
from twinbuild.verify.installed import dpkg_packages, python_distributions


def test_debian_package() -> None:
    """Name, version and paths through the links of a merged /usr; digests; what dpkg keeps about it."""
    files = image_files({"lib": "usr/lib", "usr/lib/x.so": b"x", **deb_files("demo", {"usr/bin/demo": b"d"})})
    (found,) = dpkg_packages(files)
    assert (found.kind, found.name, found.version, found.architecture) == ("deb", "demo", "1", "amd64")
    assert found.paths == ("usr/bin/demo",)
    assert found.digests == {"usr/bin/demo": ("md5", hashlib.md5(b"d").hexdigest())}
    assert found.own == ("var/lib/dpkg/info/demo.list", "var/lib/dpkg/info/demo.md5sums")
    assert files.real("/lib/x.so") == "usr/lib/x.so"
    assert "usr" not in files.paths
    assert {"lib", "usr/lib/x.so"} <= set(files.paths)


def test_diverted() -> None:
    """What another package takes over lies aside, and the other one's own file does not."""
    one = deb_files("one", {"bin/sh": b"1"})
    two = deb_files("two", {"bin/sh": b"2"}, status=one["var/lib/dpkg/status"])
    diversions = {"var/lib/dpkg/diversions": b"/bin/sh\n/bin/sh.distrib\ntwo\n"}
    files = image_files({**one, **two, "bin/sh.distrib": b"1", **diversions})
    assert {each.name: each.paths for each in dpkg_packages(files)} == {"one": ("bin/sh.distrib",), "two": ("bin/sh",)}


def test_removed_packages_and_other_states() -> None:
    """A package of which configuration is left is not installed."""
    status = b"Package: gone\nStatus: deinstall ok config-files\nArchitecture: all\nVersion: 1\n\n"
    files = image_files({"var/lib/dpkg/status": status})
    assert list(dpkg_packages(files)) == []


def test_status_of_distroless() -> None:
    """A file for each package, its list of digests beside it."""
    digest = hashlib.md5(b"d").hexdigest()
    files = image_files(
        {
            "usr/bin/demo": b"d",
            "var/lib/dpkg/status.d/demo": b"Package: demo\nVersion: 1\nArchitecture: amd64\n",
            "var/lib/dpkg/status.d/demo.md5sums": f"{digest}  usr/bin/demo\n".encode(),
        }
    )
    (found,) = dpkg_packages(files)
    assert (found.paths, found.own) == (
        ("usr/bin/demo",),
        ("var/lib/dpkg/status.d/demo", "var/lib/dpkg/status.d/demo.md5sums"),
    )


def test_distribution() -> None:
    """Paths of RECORD, also those outside of site-packages; the name is normal."""
    files = image_files(wheel_files("My_Lib", {"my_lib.py": b"m", "../../../bin/my": b"b"}))
    (found,) = python_distributions(files)
    assert (found.kind, found.name, found.version) == ("pypi", "my-lib", "1")
    site = "opt/venv/lib/python3.11/site-packages"
    assert found.paths == (f"{site}/my_lib.py", "opt/venv/bin/my", f"{site}/My_Lib-1.dist-info/RECORD")
    assert found.digests["opt/venv/bin/my"] == ("sha256", hashlib.sha256(b"b").hexdigest())


def test_hostile_record() -> None:
    """It is refused with its code, and a path that climbs out of the root stays in it."""
    files = image_files({"s/x-1.dist-info/RECORD": b"a,b\n"})
    with pytest.raises(IntegrityError) as caught:
        list(python_distributions(files))
    assert caught.value.findings[0].code == "TB4105"
    files = image_files({"s/x-1.dist-info/RECORD": b"../../../../../etc/passwd,,\n"})
    assert next(python_distributions(files)).paths == ("etc/passwd",)


def test_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is too large to be a list is hashed, and not kept."""
    monkeypatch.setattr(installed, "_LARGEST", 100)
    files = image_files({"s/x-1.dist-info/RECORD": b"a" * 101, "s/y-1.dist-info/RECORD": b"a" * 100})
    assert list(files.texts) == ["s/y-1.dist-info/RECORD"]
    assert len(files.sha256) == 2
    monkeypatch.setattr(installed, "_IN_ALL", 150)
    files = image_files({f"s/{name}-1.dist-info/RECORD": b"a" * 100 for name in "xyz"})
    assert list(files.texts) == ["s/x-1.dist-info/RECORD"]

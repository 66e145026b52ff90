"""``pipeline.lock.grounding``: what a target stands on. What asks a mirror is in ``oracle/test_added_packages.py``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.debian.test_closure import packages
from tests.unit.pipeline.lock.test_basing import _SPEC
from tests.unit.resolve.test_base_apt import ADDRESSES, CERT, KEYRING, SOURCES

from fakes.bases import BaseImage, files_of_a_base, layer_tar
from fakes.machines import machine
from twinbuild.debian.closure import closure
from twinbuild.debian.pool import Pool
from twinbuild.errors import TwinbuildError
from twinbuild.model.platform import Platform
from twinbuild.model.settings import addresses_of
from twinbuild.pipeline.lock.basing import with_archives_of_bases
from twinbuild.pipeline.lock.grounding import Ground, find_ground, require_own_python
from twinbuild.pipeline.project import open_project
from twinbuild.store.disk import DiskStore

AMD64 = Platform.parse("linux/amd64")
RELEASE = b"ID=debian\nVERSION_ID=12\nVERSION_CODENAME=bookworm\n"
UBUNTU = b"ID=ubuntu\nVERSION_ID=24.04\nVERSION_CODENAME=noble\n"


def _ground(
    directory: Path, base: str, *, python: bool = True, more: dict[str, bytes] | None = None, offline: bool = True
) -> Ground:
    (directory / "app").mkdir()
    (directory / "app/main.py").write_text("")
    (directory / "release.yaml").write_text(_SPEC.replace('{image: "oci-layout:base"}', base))
    files = files_of_a_base() | {"usr/lib/os-release": RELEASE} | (more or {})
    if not python:
        del files["usr/local/bin/python3.12"]
    BaseImage(tars=[layer_tar(files)]).layout(directory / "base")
    project = open_project(directory)
    with DiskStore(directory / "store") as store:
        here = machine(store, directory / "scratch")
        here = replace(here, settings=replace(here.settings, offline=offline))
        indexes, ground = find_ground(project, here, project.spec.environment.variants[0], AMD64)
    assert indexes == ()
    return ground


@pytest.mark.parametrize("suite", ["", ", debian: {suite: bookworm}"])
def test_an_image_alone(tmp_path: Path, suite: str) -> None:
    """With its own Python, and nothing to add: no mirror is asked, whether or not a suite is named."""
    ground = _ground(tmp_path, f'{{image: "oci-layout:base"{suite}}}')
    assert ground.debs == ()
    assert ground.base is not None
    assert (ground.python.version, ground.python.glibc) == ("3.12.3", "2.36")


@pytest.mark.parametrize(
    ("base", "code"),
    [
        ('{image: "oci-layout:base"}', "TB2270"),  # and no suite to install it from
        ('{image: "oci-layout:base", debian: {suite: trixie}}', "TB2280"),
        ('{image: "oci-layout:base", debian: {suite: bookworm}}', "TB2045"),  # it asks a mirror, and is offline
    ],
)
def test_an_image_without_python(tmp_path: Path, base: str, code: str) -> None:
    """It comes from packages of the image's own suite, or not at all."""
    with pytest.raises(TwinbuildError) as caught:
        _ground(tmp_path, base, python=False)
    assert caught.value.findings[0].code == code


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"etc/apt/sources.list.d/ubuntu.sources": SOURCES}, "TB2290"),
        ({"etc/apt/sources.list.d/ubuntu.sources": SOURCES, KEYRING: b"none"}, "TB2291"),
        ({KEYRING: bytes(CERT)}, "TB2293"),
    ],
)
def test_a_base_of_ubuntu_that_lacks_something(tmp_path: Path, more: dict[str, bytes], code: str) -> None:
    """Keys that count, or an address of its archive: nobody is asked then."""
    base = '{image: "oci-layout:base", debian: {suite: noble, components: [main, universe]}}'
    with pytest.raises(TwinbuildError) as caught:
        _ground(tmp_path, base, python=False, more={"usr/lib/os-release": UBUNTU} | more, offline=False)
    assert caught.value.findings[0].code == code


def test_where_the_apt_of_a_stored_base_finds_its_archive(tmp_path: Path) -> None:
    """For ``fetch``: only what is asked for and no setting says."""
    more = {"usr/lib/os-release": UBUNTU, "etc/apt/sources.list.d/ubuntu.sources": SOURCES}
    ground = _ground(tmp_path, '{image: "oci-layout:base"}', more=more)
    assert ground.base is not None
    with DiskStore(tmp_path / "store") as store:
        here = machine(store, tmp_path / "scratch")
        found = with_archives_of_bases([ground.base], {"ubuntu"}, here).settings
        assert addresses_of("ubuntu", found.archives) == ADDRESSES
        assert with_archives_of_bases([ground.base], {"debian"}, here).settings == here.settings
        stated = replace(here, settings=replace(here.settings, archives=(("ubuntu", ("https://m.example",)),)))
        assert with_archives_of_bases([ground.base], {"ubuntu"}, stated).settings == stated.settings


def test_a_package_that_would_replace_the_python(tmp_path: Path) -> None:
    """What the lock says of the base's Python would not be so: it was built into /usr, and dpkg knows nothing of it."""
    ground = _ground(tmp_path, '{image: "oci-layout:base"}')
    assert ground.base is not None
    suite = packages("python3.12-minimal 3.12.1-1\n tool 1; Depends: python3.12-minimal")
    debs = closure(("tool",), Pool(suite, architecture="amd64"), base=False)
    require_own_python(ground.base, ground.python, debs)  # /usr/local/bin/python3.12
    own = replace(ground.base, executable="usr/bin/python3.12")
    require_own_python(own, ground.python, debs[1:])
    with pytest.raises(TwinbuildError) as caught:
        require_own_python(own, ground.python, debs)
    (finding,) = caught.value.findings
    assert finding.code == "TB2280"
    assert "python3.12-minimal 3.12.1-1 would replace the base's own /usr/bin/python3.12 3.12.3" in finding.message

"""``pipeline.grounding``: what a target stands on. What asks a mirror is in ``oracle/test_added_packages.py``."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.pipeline.test_basing import _SPEC, _machine

from fakes.bases import BaseImage, files_of_a_base, layer_tar
from twinbuild.errors import TwinbuildError
from twinbuild.model.platform import Platform
from twinbuild.pipeline.grounding import Ground, find_ground
from twinbuild.pipeline.project import open_project
from twinbuild.store.disk import DiskStore

AMD64 = Platform.parse("linux/amd64")
RELEASE = b"ID=debian\nVERSION_ID=12\nVERSION_CODENAME=bookworm\n"


def _ground(directory: Path, base: str, *, python: bool = True) -> Ground:
    (directory / "app").mkdir()
    (directory / "app/main.py").write_text("")
    (directory / "release.yaml").write_text(_SPEC.replace('{image: "oci-layout:base"}', base))
    files = files_of_a_base() | {"usr/lib/os-release": RELEASE}
    if not python:
        del files["usr/local/bin/python3.12"]
    BaseImage(tars=[layer_tar(files)]).layout(directory / "base")
    project = open_project(directory)
    with DiskStore(directory / "store") as store:
        machine = _machine(store, directory / "scratch")
        indexes, ground = find_ground(project, machine, project.spec.environment.variants[0], AMD64)
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

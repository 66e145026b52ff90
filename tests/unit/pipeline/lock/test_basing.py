"""A release on a base image, from its lock to two equal images: offline, from a layout below the project."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.bases import BaseImage, files_of_a_base, layer_tar
from fakes.machines import machine
from twinbuild.build.unpack import unpack_image
from twinbuild.errors import BuildError, LockError, SpecError, TwinbuildError
from twinbuild.model.digest import Digest
from twinbuild.model.image import Image
from twinbuild.model.lock import Lock, LockedWheel
from twinbuild.oci.layout import image_layout
from twinbuild.pipeline.build.building import build_images, plan_release
from twinbuild.pipeline.keeping import locked_blobs
from twinbuild.pipeline.lock.basing import bases_lacking
from twinbuild.pipeline.lock.fetching import fetch_lock
from twinbuild.pipeline.lock.lockfiles import ensure_lock, write_lock
from twinbuild.pipeline.lock.locking import LockRequest, make_lock
from twinbuild.pipeline.machine import Machine
from twinbuild.pipeline.project import Project, open_project
from twinbuild.store.disk import DiskStore

_SPEC = """\
apiVersion: twinbuild/v1
kind: Release
metadata:
  name: tiny
  version: 1.0.0
  team: tests
  owners: [{name: Ada Example, email: ada@tests.example}]
  date: 2026-11-01
source: {directory: app, target: /app}
model: {family: none, version: 1.0.0}
environment:
  base: {image: "oci-layout:base"}
  python: "3.12"
dependencies: {runtime: []}
serving:
  command: [python, -m, main]
  ports: [{name: http, port: 8000}]
  user: {name: app, uid: 10001, gid: 10001, home: /home/app}
build: {bytecode: false}
"""
_RUNTIME = {"Env": ["PATH=/usr/local/bin:/bin", "CUDA_VERSION=12.4.1"], "Volumes": {"/data": {}}, "Entrypoint": ["/x"]}
IMAGE = BaseImage(
    tars=[layer_tar(files_of_a_base() | {"srv/old": b""}), layer_tar({"srv/.wh.old": b"", "srv/new": b"new"})],
    docker=True,
    runtime=_RUNTIME,
)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """The project with its base."""
    (tmp_path / "project/app").mkdir(parents=True)
    (tmp_path / "project/app/main.py").write_text("print('here')\n")
    (tmp_path / "project/release.yaml").write_text(_SPEC)
    IMAGE.layout(tmp_path / "project/base")
    return open_project(tmp_path / "project")


def _built(project: Project, here: Machine) -> tuple[Lock, Image]:
    lock = make_lock(project, None, here, LockRequest())
    plan = plan_release(project, lock, epoch=1_793_491_200)
    (image,) = build_images(plan, here)
    return lock, image


def test_two_equal_images(project: Project, tmp_path: Path) -> None:
    """Two stores, one digest; the base's layers as they were pinned, and the configuration as FROM would have it."""
    images = []
    for name in ("one", "two"):
        with DiskStore(tmp_path / name) as store:
            lock, image = _built(project, machine(store, tmp_path / "scratch"))
            images.append(image)
            config = json.loads(store.read(image.config.digest))
            manifest = json.loads(store.read(image.manifest.digest))
            root = tmp_path / f"root-{name}"
            root.mkdir()
            unpack_image(image, store, root, base=2)
    assert images[0] == images[1]
    base = lock.targets[0].base
    assert base is not None
    assert [layer["digest"] for layer in manifest["layers"]][:2] == [str(layer.digest) for layer in base.layers]
    assert {layer["mediaType"] for layer in manifest["layers"][:2]} == {"application/vnd.oci.image.layer.v1.tar+gzip"}
    assert config["rootfs"]["diff_ids"][:2] == [str(Digest.of(tar)) for tar in IMAGE.tars]
    assert config["config"]["Env"][:2] == ["PATH=/opt/venv/bin:/usr/local/bin:/bin", "CUDA_VERSION=12.4.1"]
    assert config["config"]["Volumes"] == {"/data": {}}
    assert "/x" not in config["config"].get("Entrypoint", [])
    assert len(config["history"]) == len(manifest["layers"])
    assert sorted(path.name for path in (root / "srv").iterdir()) == ["new"]
    assert (root / "opt/venv/bin/python3.12").readlink() == Path("/usr/local/bin/python3.12")
    assert "home = /usr/local/bin\n" in (root / "opt/venv/pyvenv.cfg").read_text()
    assert {file.path for file in image_layout("tiny", "1.0.0", images[:1])} >= {
        f"blobs/sha256/{layer.digest.hex}" for layer in base.layers
    }


def test_an_island(project: Project, tmp_path: Path) -> None:
    """What the lock names is fetched by digest into a new store; then the base may be gone."""
    with DiskStore(tmp_path / "one") as store:
        here = machine(store, tmp_path / "scratch")
        lock, image = _built(project, here)
        write_lock(project, lock)
    with DiskStore(tmp_path / "two") as store:
        here = machine(store, tmp_path / "scratch")
        (lacking,) = bases_lacking(lock, here)
        assert lacking == lock.targets[0].base
        assert set(locked_blobs(lock, here)).isdisjoint(blob.digest for blob in lacking.blobs)
        with pytest.raises(LockError) as caught:
            ensure_lock(project, here, locked=True, discover=False)
        assert caught.value.findings[0].code == "TB2258"
        assert fetch_lock(project, lock, here) == 4
        assert set(locked_blobs(lock, here)) >= {blob.digest for blob in lacking.blobs}  # kept from collection
        shutil.rmtree(project.directory / "base")
        (again,) = build_images(
            plan_release(project, ensure_lock(project, here, locked=True, discover=False), epoch=1_793_491_200),
            here,
        )
        assert again == image
        assert fetch_lock(project, lock, here) == 0


def test_what_is_pinned_stays(project: Project, tmp_path: Path) -> None:
    """Another base under the same name changes nothing until everything may move."""
    with DiskStore(tmp_path / "one") as store:
        here = machine(store, tmp_path / "scratch")
        first = make_lock(project, None, here, LockRequest())
        shutil.rmtree(project.directory / "base")
        BaseImage(tars=[layer_tar(files_of_a_base("3.12.9"))]).layout(project.directory / "base")
        assert make_lock(project, first, here, LockRequest()) == first
        spec = _SPEC.replace("dependencies:", "  variants: [{name: a}, {name: b}]\ndependencies:")
        (project.directory / "release.yaml").write_text(spec)
        more = make_lock(open_project(project.directory), first, here, LockRequest())
        assert [(target.variant, target.base) for target in more.targets] == [
            (name, first.targets[0].base) for name in ("a", "b")
        ]
        moved = make_lock(project, first, here, LockRequest(everything=True))
        assert moved.targets[0].python.version == "3.12.9"


def test_a_place_that_the_base_occupies(project: Project, tmp_path: Path) -> None:
    """TB2275 when the lock is made; and when the image is built, where only the spec changed since."""
    with DiskStore(tmp_path / "one") as store:
        here = machine(store, tmp_path / "scratch")
        lock = make_lock(project, None, here, LockRequest())
        (project.directory / "release.yaml").write_text(_SPEC.replace("target: /app", "target: /srv"))
        moved = open_project(project.directory)
        for attempt in (
            lambda: make_lock(moved, None, here, LockRequest()),
            lambda: build_images(plan_release(moved, lock, epoch=0), here),
        ):
            with pytest.raises(BuildError) as caught:
                attempt()
            assert [finding.code for finding in caught.value.findings] == ["TB2275"]


def test_byte_code_on_a_foreign_machine(project: Project, tmp_path: Path) -> None:
    """Another platform's base of the same Python compiles; one of another version does not."""
    with DiskStore(tmp_path / "one") as store:
        lock = make_lock(project, None, machine(store, tmp_path / "scratch"), LockRequest())
    (project.directory / "release.yaml").write_text(_SPEC.replace("bytecode: false", "bytecode: true"))
    project = open_project(project.directory)
    (target,) = lock.targets
    assert target.base is not None
    arm = target.platform.parse("linux/arm64")
    other = replace(target, platform=arm)
    for version, platforms in (("3.12.3", ["linux/amd64", "linux/arm64"]), ("3.12.4", ["linux/amd64"])):
        both = replace(lock, targets=(target, replace(other, python=replace(other.python, version=version))))
        recipe = plan_release(project, both, epoch=0).derivations[0].layers[-2].recipe
        assert [str(build.platform) for build in recipe.bytecode.builds] == platforms  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("name", "error", "code"),
    [
        ("registry.example/python", SpecError, "TB1119"),
        ("registry.example/python:latest", SpecError, "TB1119"),
        ("oci-layout:../outside", SpecError, "TB1108"),
        ("oci-layout:nowhere", TwinbuildError, "TB2278"),
    ],
)
def test_where_a_base_is(project: Project, tmp_path: Path, name: str, error: type[TwinbuildError], code: str) -> None:
    """A registry's image is named by tag or digest; a layout lies below the project."""
    (project.directory / "release.yaml").write_text(_SPEC.replace("oci-layout:base", name))
    with DiskStore(tmp_path / "one") as store:
        here = machine(store, tmp_path / "scratch")
        with pytest.raises(error) as caught:
            make_lock(open_project(project.directory), None, here, LockRequest())
    assert caught.value.findings[0].code == code


def test_a_base_of_many_layers(project: Project, tmp_path: Path) -> None:
    """Wheels share a layer where the base leaves no room for one each."""
    with DiskStore(tmp_path / "one") as store:
        lock = make_lock(project, None, machine(store, tmp_path / "scratch"), LockRequest())
    (target,) = lock.targets
    assert target.base is not None
    wheels = tuple(
        LockedWheel(
            index="default",
            name=f"p{number:02}",
            version="1",
            filename=f"p{number:02}-1-py3-none-any.whl",
            size=4 << 20,
            sha256=Digest.of(b"wheel"),
            requires=(),
            requested=True,
        )
        for number in range(70)
    )
    for below, alone in ((2, 60), (75, 5), (90, 0)):
        base = replace(target.base, layers=(target.base.layers[0],) * below)
        many = replace(lock, targets=(replace(target, base=base, wheels=wheels),))
        (derivation,) = plan_release(project, many, epoch=0).derivations
        titles = [layer.title for layer in derivation.layers]
        assert sum(title.startswith("wheel p") for title in titles) == alone
        assert f"{70 - alone} small wheels" in titles

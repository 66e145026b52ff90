"""Debian packages on a base image that another made: the tree that dpkg makes of them, one digest, a service that runs.

The base is the stand-in for NVIDIA's CUDA images, from a real registry: no Python, dpkg, an account, CUDA's variables.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fakes.docker_registry import PROGRAM, RealRegistry, real_registry
from fakes.engine import NEEDS_ENGINE, running_engine
from fakes.tool import process
from oracle.test_debian_system import EXPLAINED, described
from twinbuild.model.digest import Digest
from twinbuild.model.settings import store_place
from twinbuild.store.disk import DiskStore

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.network,
    pytest.mark.sandbox,
    pytest.mark.skipif(PROGRAM is None, reason="needs docker-registry"),
    pytest.mark.skipif(os.geteuid() != 0, reason="files of several owners are written"),
]
CUDA = "13.0.2"
TAG = f"{CUDA}-base-debian12"
_SPEC = """\
apiVersion: twinbuild/v1
kind: Release
metadata:
  name: on-cuda
  version: 1.0.0
  team: tests
  owners: [{name: Ada Example, email: ada@tests.example}]
  date: 2026-11-01
source: {directory: app, target: /app}
model: {family: none, version: 1.0.0}
environment:
  base: {image: "registry.example/cuda:TAG", debian: {suite: bookworm}}
  python: "3.11"
  platforms: [linux/amd64]
  packages: [libgomp1, memcached, less, libblas3]
  steps:
    - name: answer
      command: [sh, -ec, "echo 6*7 | bc > /outputs/srv/answer.txt"]
      packages: [bc]
      outputs: [{path: /srv/answer.txt}]
  variants:
    - name: cuda13
      accelerator: cuda
      cuda: "13.0"
dependencies: {runtime: [click==8.5.1]}
serving:
  command: [python, -m, main]
  ports: [{name: http, port: 8000}]
  user: {name: service, uid: 20001, gid: 20001, home: /home/service}
build: {compression: gzip}
""".replace("TAG", TAG)
_CODE = """\
import ctypes.util, os, pwd, ssl, sqlite3, sys
import click
assert ssl.create_default_context().cert_store_stats()["x509_ca"] > 100
print(sys.version.split()[0], sys.prefix, pwd.getpwuid(os.getuid()).pw_dir, os.environ["CUDA_VERSION"],
      os.environ["NVIDIA_VISIBLE_DEVICES"], ctypes.util.find_library("gomp"), click.__cached__.endswith(".pyc"),
      open("/srv/answer.txt").read().strip(), os.path.exists("/usr/bin/bc"))
"""
# What dpkg leaves and we do not, and why, beside what is explained where whole systems are compared.
_OF_DPKG = ("etc/.pwd.lock", "home/service", "var/cache/ldconfig", "var/lib/dpkg/statoverride-old", "var/log/")


def twinbuild(*arguments: str, **variables: str) -> str:
    """What a command of the tool prints."""
    done = process(*arguments, **variables)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealRegistry]:
    """A registry with the stand-in."""
    directory = tmp_path_factory.mktemp("registry")
    with real_registry(directory / "registry") as running:
        made = subprocess.run(
            [sys.executable, str(ROOT / "tools/cuda_base.py"), str(directory / "cuda")],
            env={**os.environ, "PYTHONPATH": str(ROOT / "generator")},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        lock = json.loads((ROOT / "examples/llm-server/release.lock").read_bytes())
        for target in lock["targets"]:
            if (base := target.get("base")) is not None:  # whoever makes the stand-ins gets the locked ones
                assert base["manifest"]["digest"] in made
        twinbuild("push", str(directory / "cuda" / CUDA), f"{running.authority}/cuda:{TAG}")
        yield running


@pytest.fixture(scope="module")
def project(registry: RealRegistry, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A locked and released project, whose base the registry served under another name."""
    directory = tmp_path_factory.mktemp("on cuda") / "project"
    (directory / "app").mkdir(parents=True)
    (directory / "app/main.py").write_text(_CODE)
    (directory / "release.yaml").write_text(_SPEC)
    mirrors = {"TWINBUILD_REGISTRY_MIRRORS": f"registry.example=http://{registry.authority}"}
    assert "Debian packages on the base registry.example/cuda:" in twinbuild("lock", str(directory), **mirrors)
    twinbuild("release", "--locked", "--offline", str(directory))
    return directory


def manifest(layout: Path) -> dict[str, Any]:
    """The manifest of a layout's only image."""
    (entry,) = json.loads((layout / "index.json").read_bytes())["manifests"]
    found: dict[str, Any] = json.loads(blob(layout, entry["digest"]).read_bytes())
    return found


def blob(layout: Path, digest: str) -> Path:
    """Where a blob of a layout lies."""
    return layout / "blobs/sha256" / digest.removeprefix("sha256:")


def unpack(layout: Path, count: int, root: Path) -> Path:
    """The lowest layers of an image below a directory, by tar alone."""
    root.mkdir()
    root.chmod(0o755)
    for layer in manifest(layout)["layers"][:count]:
        tar = ("tar", "-xzp", "--same-owner", "--numeric-owner", "-f", str(blob(layout, layer["digest"])))
        subprocess.run([*tar, "-C", str(root)], check=True)
    return root


def test_the_tree_is_that_of_dpkg(project: Path, tmp_path: Path) -> None:
    """Dpkg unpacks and configures the same files on the same base: same paths, modes, owners, links and bytes."""
    layout = project / "dist/on-cuda-1.0.0/image"
    ours, theirs = unpack(layout, 3, tmp_path / "ours"), unpack(layout, 2, tmp_path / "theirs")
    debs = json.loads((project / "release.lock").read_bytes())["targets"][0]["debs"]
    assert {"python3.11", "memcached", "libgomp1"} < {deb["name"] for deb in debs}
    assert not {"dpkg", "libc6", "perl-base"} & {deb["name"] for deb in debs}
    (theirs / "debs").mkdir()
    with DiskStore(Path(store_place(dict(os.environ), os.environ.get("HOME", "/")))) as store:
        for deb in debs:
            shutil.copy(store.path(Digest.parse(deb["sha256"])), theirs / "debs" / deb["path"].rpartition("/")[2])
    (theirs / "usr/sbin/policy-rc.d").write_text("#!/bin/sh\nexit 101\n")
    (theirs / "usr/sbin/policy-rc.d").chmod(0o755)
    subprocess.run(
        ["unshare", "-n", "chroot", theirs, "sh", "-c", "dpkg --force-unsafe-io --install /debs/*.deb"],
        check=True,
        capture_output=True,
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"},
    )
    shutil.rmtree(theirs / "debs")
    (theirs / "usr/sbin/policy-rc.d").unlink()
    one, other = described(ours), described(theirs)
    unlike = [path for path in sorted(one.keys() | other.keys()) if one.get(path) != other.get(path)]
    left = [path for path in unlike if not any(known.match(path) for known, _ in EXPLAINED)]
    assert [path for path in left if not path.startswith(_OF_DPKG)] == []
    assert "etc/passwd" in unlike  # the service's account: what is compared is really two trees
    for root in (ours, theirs):
        listed = subprocess.run(
            ["chroot", root, "dpkg-query", "-W", "-f", "${db:Status-Abbrev} ${Package} ${Version}\n"],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        assert len(listed.splitlines()) == len(debs) + 61
        for question in ("--audit", "--verify"):
            done = subprocess.run(["chroot", root, "dpkg", question], check=True, capture_output=True, text=True)
            assert done.stdout == ""


def test_it_runs_on_what_the_base_says(project: Path) -> None:
    """The packages' Python, TLS, libraries by name, the base's variables; what a step made with packages of its own."""
    told = twinbuild("run", "--exec", "python -m main", str(project))
    assert told == f"3.11.2 /opt/venv /home/service {CUDA} all libgomp.so.1 True 42 False\n"


def test_the_base_is_named_and_kept(project: Path) -> None:
    """Its layers byte for byte, its name as the spec has it whatever served it; the SBOM has its packages and ours."""
    lock = json.loads((project / "release.lock").read_bytes())
    base = lock["targets"][0]["base"]
    assert (base["name"], base["tag"]) == ("registry.example/cuda", TAG)
    assert "127.0.0.1" not in (project / "release.lock").read_text()
    image = manifest(project / "dist/on-cuda-1.0.0/image")
    assert [layer["digest"] for layer in image["layers"][:2]] == [layer["digest"] for layer in base["layers"]]
    sbom = json.loads((project / "dist/on-cuda-1.0.0/sbom.cdx.json").read_bytes())
    packages = [each["name"] for each in sbom["components"] if (each.get("purl") or "").startswith("pkg:deb/")]
    assert {"libc6", "dpkg", "python3.11", "memcached"} <= set(packages)
    assert len(packages) == len(set(packages)) == 61 + len(lock["targets"][0]["debs"])


@NEEDS_ENGINE[0]
@NEEDS_ENGINE[1]
def test_both_builders(project: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """BuildKit on the pinned base arrives at the same digest."""
    with running_engine(tmp_path_factory.mktemp("engine")) as host:
        output = ("--json", "--output", str(tmp_path / "release"))
        told = twinbuild(
            "release", "--locked", "--builders", "embedded,docker", *output, str(project), DOCKER_HOST=host
        )
    assert json.loads(told)["builders"] == ["embedded", "docker"]
    assert json.loads(told)["release"] == (project / "dist/on-cuda-1.0.0/release.digest").read_text().strip()

"""Packages added to a base of Ubuntu from an archive that apt-ftparchive made and gpg signed, by the base's own key.

The packages are Debian's under Ubuntu's names: no archive of Ubuntu is asked. What is true of the real one is the form:
code name and pockets, components, zstd, one archive, keyring and sources in the base.
"""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from fakes.apt_archive import TOOLS, AptArchive, Signer, served, signer
from fakes.bases import BaseImage, layer_tar
from fakes.engine import NEEDS_ENGINE, running_engine
from twinbuild.cli.session import session
from twinbuild.model.digest import Digest
from twinbuild.model.lock import Lock
from twinbuild.pipeline.lock.fetching import fetch_lock
from twinbuild.pipeline.lock.lockfiles import read_lock
from twinbuild.pipeline.project import open_project

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.network,
    pytest.mark.sandbox,
    pytest.mark.skipif(any(shutil.which(tool) is None for tool in TOOLS), reason=f"needs {', '.join(TOOLS)}"),
    pytest.mark.skipif(os.geteuid() != 0, reason="files of several owners are written"),
]
_OS_RELEASE = """\
PRETTY_NAME="Ubuntu 24.04.1 LTS"
NAME="Ubuntu"
VERSION_ID="24.04"
VERSION_CODENAME=noble
ID=ubuntu
ID_LIKE=debian
UBUNTU_CODENAME=noble
"""
_SOURCES = """\
# as Ubuntu's own images have them
Types: deb
URIs: ADDRESS/ubuntu/
Suites: noble noble-updates
Components: main universe restricted multiverse
Signed-By: /usr/share/keyrings/ubuntu-archive-keyring.gpg
"""
_SPEC = """\
apiVersion: twinbuild/v1
kind: Release
metadata:
  name: on-ubuntu
  version: 1.0.0
  team: tests
  owners: [{name: Ada Example, email: ada@tests.example}]
  date: 2026-11-01
source: {directory: app, target: /app}
model: {family: none, version: 1.0.0}
environment:
  base:
    image: oci-layout:base
    debian: {suite: noble, suites: [noble-updates], components: [main, universe]}
  python: "3.11"
  packages: [probe]
dependencies: {runtime: [click==8.5.1]}
serving:
  command: [python, -m, main]
  ports: [{name: http, port: 8000}]
  user: {name: service, uid: 20001, gid: 20001, home: /home/service}
build: {compression: gzip}
"""
_CODE = """\
import pathlib, ssl, sys
import click
assert ssl.create_default_context().cert_store_stats()["x509_ca"] > 100
system = dict(line.split("=", 1) for line in pathlib.Path("/etc/os-release").read_text().splitlines())
print(sys.version.split()[0], sys.prefix, system["VERSION_CODENAME"], click.__cached__.endswith(".pyc"),
      *(pathlib.Path(path).read_text().strip() for path in ("/usr/share/probe/version", "/var/lib/probe/made")))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """An archive that is served, the key that signed it, and a project whose base knows both."""

    archive: AptArchive
    key: Signer
    address: str
    project: Path


def twinbuild(*arguments: str, status: int = 0, **variables: str) -> str:
    """What a command of the tool prints; of one that is to fail, its errors."""
    known = {name: value for name, value in os.environ.items() if not name.startswith("TWINBUILD_UBUNTU")}
    done = subprocess.run(
        [sys.executable, "-m", "twinbuild.cli", *arguments],
        env={**known, "PYTHONPATH": str(ROOT / "generator"), **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )
    assert done.returncode == status, done.stderr
    return done.stderr if status else done.stdout


def as_ubuntus(deb: Path, directory: Path) -> Path:
    """The package compressed by zstd, with scripts of the same effect that nobody knows, as Ubuntu's differ."""
    tree = directory / "unpacked" / deb.stem
    tree.parent.mkdir(exist_ok=True)
    subprocess.run(["dpkg-deb", "--raw-extract", deb, tree], check=True)
    for name in ("preinst", "postinst"):
        if (script := tree / "DEBIAN" / name).is_file():
            script.write_bytes(script.read_bytes() + b"\n# as of noble\n")
    made = directory / "made" / deb.name
    made.parent.mkdir(exist_ok=True)
    subprocess.run(["dpkg-deb", "--root-owner-group", "-Zzstd", "--build", tree, made], check=True, capture_output=True)
    return made


def debs_of_the_example(directory: Path) -> list[Path]:
    """The packages of llm-server's variant cuda13, from the store or their mirror, under their own names."""
    project = open_project(ROOT / "examples/llm-server")
    with session(beside=project.directory, quiet=True) as machine:
        lock = read_lock(project)
        assert isinstance(lock, Lock)
        target = next(target for target in lock.targets if target.variant == "cuda13")
        bare = replace(target, base=None, wheels=(), development=(), test=(), build=(), steps=())
        fetch_lock(project, replace(lock, targets=(bare,), artifacts=(), source=(), installer=None), machine)
        paths = [directory / deb.path.rpartition("/")[2] for deb in target.debs]
        for deb, path in zip(target.debs, paths, strict=True):
            path.write_bytes(machine.store.read(deb.sha256))
    return paths


def probe(directory: Path, version: str) -> Path:
    """A package compressed by zstd, as Ubuntu's are, with a script that nobody knows."""
    tree = directory / f"probe-{version}"
    (tree / "DEBIAN").mkdir(parents=True)
    (tree / "usr/share/probe").mkdir(parents=True)
    (tree / "usr/share/probe/version").write_text(f"{version}\n")
    (tree / "DEBIAN/control").write_text(
        f"Package: probe\nVersion: {version}\nArchitecture: amd64\nMaintainer: Ada Example <ada@tests.example>\n"
        "Depends: libssl3\nSection: universe/misc\nPriority: optional\nDescription: a probe\n"
    )
    (tree / "DEBIAN/postinst").write_text(
        f"#!/bin/sh\nset -e\nmkdir -p /var/lib/probe\necho by-{version} > /var/lib/probe/made\n"
    )
    (tree / "DEBIAN/postinst").chmod(0o755)
    deb = directory / f"probe_{version}_amd64.deb"
    subprocess.run(["dpkg-deb", "--root-owner-group", "-Zzstd", "--build", tree, deb], check=True, capture_output=True)
    assert b"data.tar.zst" in deb.read_bytes()
    return deb


def write_base(directory: Path, scratch: Path, *, keyring: bytes, address: str) -> None:
    """The stand-in for NVIDIA's image with a layer on top that makes an Ubuntu of it."""
    subprocess.run(
        [sys.executable, str(ROOT / "tools/cuda_base.py"), str(scratch / "cuda")],
        env={**os.environ, "PYTHONPATH": str(ROOT / "generator")},
        check=True,
        capture_output=True,
    )
    below = scratch / "cuda/12.8.1"

    def blob(digest: str) -> bytes:
        return (below / "blobs/sha256" / digest.removeprefix("sha256:")).read_bytes()

    (entry,) = json.loads((below / "index.json").read_bytes())["manifests"]
    manifest = json.loads(blob(entry["digest"]))
    runtime = json.loads(blob(manifest["config"]["digest"]))["config"]
    ubuntu: dict[str, bytes | str | None] = {
        "etc/apt/sources.list.d/ubuntu.sources": _SOURCES.replace("ADDRESS", address).encode(),
        "usr/lib/os-release": _OS_RELEASE.encode(),
        "usr/share/keyrings/ubuntu-archive-keyring.gpg": keyring,
    }
    tars = [gzip.decompress(blob(layer["digest"])) for layer in manifest["layers"]]
    BaseImage(tars=[*tars, layer_tar(ubuntu)], runtime=runtime).layout(directory)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A served archive with two suites, and a project on a base whose apt is told of it; locked."""
    scratch = tmp_path_factory.mktemp("ubuntu")
    archive = AptArchive(root=scratch / "served/ubuntu")
    for deb in debs_of_the_example(scratch):
        archive.add(as_ubuntus(deb, scratch))
    archive.add(probe(scratch, "1.0"), "universe")
    with signer() as key, served(scratch / "served") as address:
        archive.publish("noble", codename="noble", pool="pool", key=key)
        (archive.root / "pool-updates/universe").mkdir(parents=True)
        shutil.copy(probe(scratch, "1.1"), archive.root / "pool-updates/universe")
        archive.publish("noble-updates", codename="noble", pool="pool-updates", key=key)
        project = scratch / "project"
        (project / "app").mkdir(parents=True)
        (project / "app/main.py").write_text(_CODE)
        (project / "release.yaml").write_text(_SPEC)
        write_base(project / "base", scratch, keyring=key.keyring, address=address)
        told = twinbuild("lock", str(project))
        assert "ubuntu 24.04" in told, told
        yield Site(archive=archive, key=key, address=address, project=project)


def test_the_lock_names_the_archive_and_no_address(site: Site) -> None:
    """Archive, suites and components are Ubuntu's, the key is the base's; the newer version of a pocket wins."""
    text = (site.project / "release.lock").read_text()
    lock = json.loads(text)
    assert "127.0.0.1" not in text
    assert {index["archive"] for index in lock["indexes"]} == {"ubuntu"}
    assert {(index["suite"], index["component"]) for index in lock["indexes"]} == {
        (suite, component) for suite in ("noble", "noble-updates") for component in ("main", "universe")
    }
    assert {index["signed_by"] for index in lock["indexes"]} == {site.key.fingerprint}
    debs = {deb["name"]: deb for deb in lock["targets"][0]["debs"]}
    assert (debs["probe"]["version"], debs["probe"]["suite"], debs["probe"]["component"]) == (
        "1.1",
        "noble-updates",
        "universe",
    )
    assert debs["python3.11"]["archive"] == "ubuntu"
    assert [script["kind"] for script in debs["probe"]["runs"]] == ["postinst"]
    assert {"ca-certificates", "python3.11-minimal", "tzdata"} < {name for name, deb in debs.items() if deb.get("runs")}


def test_released_twice_and_run(site: Site, tmp_path: Path) -> None:
    """A release is the same twice, names packages as Ubuntu's, and runs on the Python that was added."""
    twinbuild("release", "--locked", "--offline", str(site.project))
    release = site.project / "dist/on-ubuntu-1.0.0"
    twinbuild("release", "--locked", "--offline", "--output", str(tmp_path / "again"), str(site.project))
    assert (tmp_path / "again/release.digest").read_bytes() == (release / "release.digest").read_bytes()
    sbom = json.loads((release / "sbom.cdx.json").read_bytes())
    found = {each["name"]: each for each in sbom["components"] if (each.get("purl") or "").startswith("pkg:deb/")}
    assert found["probe"]["purl"] == "pkg:deb/ubuntu/probe@1.1?arch=amd64&distro=ubuntu-24.04"
    assert found["probe"]["supplier"]["name"] == "Ubuntu"
    assert {each["purl"].partition("@")[0].rpartition("/")[0] for each in found.values()} == {"pkg:deb/ubuntu"}
    assert {each["purl"].partition("distro=")[2] for each in found.values()} == {"ubuntu-24.04"}
    assert "pkg:deb/ubuntu/python3.11@" in (release / "provenance.intoto.json").read_text()
    told = twinbuild("run", "--exec", "python -m main", str(site.project))
    assert told == "3.11.2 /opt/venv noble True 1.1 by-1.1\n"


@NEEDS_ENGINE[0]
@NEEDS_ENGINE[1]
def test_both_builders(site: Site, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """BuildKit on the pinned base arrives at the same digest."""
    with running_engine(tmp_path_factory.mktemp("engine")) as host:
        output = ("--json", "--output", str(tmp_path / "release"))
        told = twinbuild(
            "release", "--locked", "--builders", "embedded,docker", *output, str(site.project), DOCKER_HOST=host
        )
    assert json.loads(told)["builders"] == ["embedded", "docker"]
    alone = twinbuild("release", "--locked", "--json", "--output", str(tmp_path / "alone"), str(site.project))
    assert json.loads(told)["release"] == json.loads(alone)["release"]


def test_a_setting_comes_before_the_base(site: Site, tmp_path: Path) -> None:
    """The base's sources lead nowhere here, and the variable or twinbuild.toml says where the archive is."""
    moved = tmp_path / "moved"
    shutil.copytree(site.project, moved, ignore=shutil.ignore_patterns("dist", "release.lock", "lockfiles"))
    with served(site.archive.root.parent) as other:
        (moved / "twinbuild.toml").write_text(f'[archives]\nubuntu = "{other}/ubuntu"\n')
        dead = "http://127.0.0.1:9/ubuntu"
        assert "TB2144" in twinbuild("lock", str(moved), status=4, TWINBUILD_UBUNTU_MIRROR=dead, TWINBUILD_RETRIES="0")
        assert not (moved / "release.lock").exists()
        twinbuild("lock", str(moved), TWINBUILD_UBUNTU_MIRROR=f"{dead} {other}/ubuntu", TWINBUILD_RETRIES="0")
        first = (moved / "release.lock").read_bytes()
        assert first == (site.project / "release.lock").read_bytes()
        (moved / "release.lock").unlink()
        twinbuild("lock", str(moved))
        assert (moved / "release.lock").read_bytes() == first


def test_fetched_by_the_lock(site: Site, tmp_path: Path) -> None:
    """Into an empty store: from where the base's apt says, and from where a setting says."""
    lock = json.loads((site.project / "release.lock").read_bytes())
    debs = [Digest.parse(deb["sha256"]).hex for deb in lock["targets"][0]["debs"]]
    for name, variables in (("base", {}), ("setting", {"TWINBUILD_UBUNTU_MIRROR": f"{site.address}/ubuntu/"})):
        twinbuild("fetch", str(site.project), TWINBUILD_STORE=str(tmp_path / name), **variables)
        stored = {path.name for path in (tmp_path / name).rglob("*") if path.is_file()}
        assert all(any(digest.endswith(each) or each == digest[2:] for each in stored) for digest in debs)


@pytest.mark.parametrize("how", ["another key", "unsigned", "changed"])
def test_what_the_base_does_not_trust(how: str, site: Site, tmp_path: Path) -> None:
    """A suite that another key signed, that none signed, or that was changed: exit 5, and no lock."""
    bad = AptArchive(root=tmp_path / "served/ubuntu")
    shutil.copytree(site.archive.root, bad.root)
    signed = bad.root / "dists/noble/InRelease"
    project = tmp_path / "project"
    shutil.copytree(site.project, project, ignore=shutil.ignore_patterns("dist", "release.lock", "lockfiles"))
    if how == "another key":
        with signer("Somebody <else@mirror.example>") as other:
            bad.sign("noble", other)
            expected = ("TB2292", other.fingerprint, site.key.fingerprint)
    elif how == "unsigned":
        shutil.copy(bad.root / "dists/noble/Release", signed)
        expected = ("TB2110",)
    else:
        signed.write_bytes(signed.read_bytes().replace(b"Origin: Ubuntu", b"Origin: Ubunto"))
        expected = ("TB2292", site.key.fingerprint)
    with served(tmp_path / "served") as address:
        told = twinbuild("lock", str(project), status=5, TWINBUILD_UBUNTU_MIRROR=f"{address}/ubuntu")
    assert all(word in told for word in expected), told
    assert not (project / "release.lock").exists()

"""A release on a real base image: Debian with Python, made by the assembler, with a layer of another tool over it."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import json
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fakes.bases import layer_tar
from fakes.engine import NEEDS_ENGINE, running_engine
from fakes.tool import process

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.slow, pytest.mark.network]

_SPEC = """\
apiVersion: twinbuild/v1
kind: Release
metadata:
  name: {name}
  version: 1.0.0
  team: tests
  owners: [{{name: Ada Example, email: ada@tests.example}}]
  date: 2026-11-01
source: {{directory: app, target: /app}}
model: {{family: none, version: 1.0.0}}
environment:
  base: {base}
  python: "3.11"
  platforms: [{platforms}]
dependencies: {{runtime: {runtime}}}
serving:
  command: [python, -m, main]
  ports: [{{name: http, port: 8000}}]
  user: {{name: service, uid: 20001, gid: 20001, home: /home/service}}
build: {{compression: gzip}}
"""
_CODE = """\
import os, pwd, sys
import click
print(sys.version.split()[0], sys.prefix, pwd.getpwuid(os.getuid()).pw_dir, os.environ["CUDA_VERSION"], click.__name__)
print(os.path.exists("/etc/issue.net"), open("/srv/data/file").read(), click.__cached__.endswith(".pyc"))
"""
_RUNTIME = {
    "Env": ["PATH=/usr/local/nvidia/bin:/usr/local/bin:/usr/bin:/bin", "CUDA_VERSION=12.4.1", "LANG=C"],
    "User": "nobody",
    "WorkingDir": "/srv",
    "Entrypoint": ["/nowhere"],
    "Cmd": ["nothing"],
    "Volumes": {"/data": {}},
    "ExposedPorts": {"9000/tcp": {}},
    "Labels": {"maintainer": "them", "org.opencontainers.image.title": "theirs"},
    "Healthcheck": {"Test": ["CMD", "true"], "Interval": 30_000_000_000},
    "Shell": ["/bin/sh", "-c"],
    "StopSignal": "SIGINT",
}


# A step on the base: it reads the base's files and a wheel, and leaves what builders have to agree upon.
_STEP = """\
  python: "3.11"
  steps:
    - name: made
      command:
        - sh
        - -ec
        - |
          cd /outputs/srv/data/made
          test ! -e /etc/issue.net; python -c 'import click'
          { cat /srv/data/file /etc/os-release; env; id -u; } > one
          ln one two; echo y > z; mkdir -m 0 one-b; ln -s /etc/passwd link; ln -s loop loop
          echo 1 > program; chmod 6711 program; echo 2 > hidden; chmod 0 hidden
          (while :; do echo x > /work/y || :; done) &
          echo 3 > /outputs/home/service/three; echo 4 > /outputs/var/tmp/four; echo 5 > /outputs/root/five
      outputs: [{path: /srv/data/made, kind: directory}, {path: /home/service/three}, {path: /var/tmp/four},
                {path: /root/five}]
"""


def spec(
    directory: Path, name: str, base: str, runtime: str = "[]", platforms: tuple[str, ...] = ("linux/amd64",)
) -> Path:
    """A project whose application tells what it sees."""
    (directory / "app").mkdir(parents=True)
    (directory / "app/main.py").write_text(_CODE)
    (directory / "release.yaml").write_text(
        _SPEC.format(name=name, base=base, runtime=runtime, platforms=", ".join(platforms))
    )
    return directory


def blob(layout: Path, digest: str) -> Path:
    """Where a blob of a layout lies."""
    return layout / "blobs/sha256" / digest.removeprefix("sha256:")


def manifest_of(layout: Path) -> dict[str, Any]:
    """The manifest of a layout's only image, or of its first for several platforms."""
    (entry,) = json.loads((layout / "index.json").read_bytes())["manifests"]
    found: dict[str, Any] = json.loads(blob(layout, entry["digest"]).read_bytes())
    return json.loads(blob(layout, found["manifests"][0]["digest"]).read_bytes()) if "manifests" in found else found


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The images of a project on Debian packages for two architectures, as a layout."""
    directory = spec(
        tmp_path_factory.mktemp("ground") / "project",
        "ground",
        "{debian: {suite: bookworm}}",
        platforms=("linux/amd64", "linux/arm64"),
    )
    done = process("lock", str(directory))
    assert done.returncode == 0, done.stderr
    done = process("build", "--output", str(directory / "image"), str(directory))
    assert done.returncode == 0, done.stderr
    return directory / "image"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, ground: Path) -> Path:
    """A project on a base: the lowest layer of ``ground``, and one over it that adds a file and deletes one."""
    directory = spec(
        tmp_path_factory.mktemp("on base") / "project", "on-base", "{image: oci-layout:base}", "[click==8.5.1]"
    )
    text = (directory / "release.yaml").read_text()
    (directory / "release.yaml").write_text(text.replace('  python: "3.11"\n', _STEP))
    layout = directory / "base"
    (layout / "blobs/sha256").mkdir(parents=True)

    def put(content: bytes, media_type: str) -> dict[str, object]:
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        blob(layout, digest).write_bytes(content)
        return {"mediaType": media_type, "digest": digest, "size": len(content)}

    lowest = manifest_of(ground)["layers"][0]
    packed = blob(ground, lowest["digest"]).read_bytes()
    upper = layer_tar({"etc/.wh.issue.net": b"", "srv/data/file": b"theirs"})
    config = {
        "architecture": "amd64",
        "os": "linux",
        "author": "them",
        "created": "2026-01-01T00:00:00Z",
        "config": _RUNTIME,
        "rootfs": {
            "type": "layers",
            "diff_ids": [f"sha256:{hashlib.sha256(tar).hexdigest()}" for tar in (gzip.decompress(packed), upper)],
        },
        "history": [{"created_by": "ADD rootfs"}, {"created_by": "ENV"}, {"created_by": "COPY data"}],
    }
    config["history"][1]["empty_layer"] = True  # type: ignore[index]
    oci = "application/vnd.oci.image"
    manifest = {
        "schemaVersion": 2,
        "mediaType": f"{oci}.manifest.v1+json",
        "config": put(json.dumps(config).encode(), f"{oci}.config.v1+json"),
        "layers": [
            put(packed, f"{oci}.layer.v1.tar+gzip"),
            put(gzip.compress(upper, 9), f"{oci}.layer.v1.tar+gzip"),
        ],
    }
    entry = put(json.dumps(manifest, indent=2).encode(), f"{oci}.manifest.v1+json")
    (layout / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [entry]}))
    (layout / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    done = process("lock", str(directory))
    assert done.returncode == 0, done.stderr
    assert "2 layers with debian 12, Python 3.11.2, glibc 2.36" in done.stdout
    return directory


def test_released_and_run(project: Path, tmp_path: Path) -> None:
    """Built twice to the same bytes, on the very layers of the base; a copy elsewhere has the same digest; it runs."""
    done = process("release", "--locked", "--json", "--output", str(tmp_path / "one"), str(project))
    assert done.returncode == 0, done.stderr
    base, image = manifest_of(project / "base"), manifest_of(tmp_path / "one/image")
    assert image["layers"][:2] == base["layers"]
    for layer in base["layers"]:
        one, other = (blob(layout, layer["digest"]) for layout in (project / "base", tmp_path / "one/image"))
        assert one.read_bytes() == other.read_bytes()
    config = json.loads(blob(tmp_path / "one/image", image["config"]["digest"]).read_bytes())
    assert config["config"]["Env"][:3] == [
        "PATH=/opt/venv/bin:/usr/local/nvidia/bin:/usr/local/bin:/usr/bin:/bin",
        "CUDA_VERSION=12.4.1",
        "LANG=C.UTF-8",
    ]
    shutil.copytree(project, tmp_path / "copy")
    again = process("release", "--locked", "--json", str(tmp_path / "copy"))
    assert json.loads(again.stdout)["release"] == json.loads(done.stdout)["release"]
    provenance = json.loads((tmp_path / "one/provenance.intoto.json").read_bytes())
    (entry,) = json.loads((project / "base/index.json").read_bytes())["manifests"]
    first = provenance["predicate"]["buildDefinition"]["resolvedDependencies"]
    assert {"sha256": entry["digest"].removeprefix("sha256:")} in [each.get("digest") for each in first]
    sbom = json.loads((tmp_path / "one/sbom.cdx.json").read_bytes())
    packages = [each for each in sbom["components"] if each["bom-ref"].startswith("base/")]
    packages = [each for each in packages if each["purl"].startswith("pkg:deb/debian/")]
    assert all("distro=debian-12" in each["purl"] for each in packages)
    assert "libc6" in {each["name"] for each in packages}
    assert all(each["publisher"] and each["licenses"] for each in packages)  # as its status and copyright files say


@pytest.mark.sandbox
def test_it_runs(project: Path) -> None:
    """On the base's Python, as the service's account, with the base's variables, its files and its deletions."""
    done = process("run", "--exec", "sh -c 'python -m main; cat /srv/data/made/two'", str(project))
    assert done.stdout.startswith("3.11.2 /opt/venv /home/service 12.4.1 click\nFalse theirs True\ntheirs"), done.stderr
    assert "\nHOME=/work\n" in done.stdout  # what the step saw: its own variables, none of the base's
    assert "NVIDIA" not in done.stdout
    assert done.stdout.endswith("\n20001\n")


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An engine."""
    with running_engine(tmp_path_factory.mktemp("engine")) as address:
        yield address


@NEEDS_ENGINE[0]
@NEEDS_ENGINE[1]
def test_both_builders(project: Path, host: str, tmp_path: Path) -> None:
    """BuildKit, from a Dockerfile on that base, arrives at the same digest: configuration, layers, everything."""
    done = process(
        *("release", "--locked", "--builders", "embedded,docker", "--json", "--output", str(tmp_path / "r")),
        str(project),
        DOCKER_HOST=host,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["builders"] == ["embedded", "docker"]


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Debian's docker-registry on the loopback; its ``host:port``."""
    assert shutil.which("docker-registry") is not None
    directory = tmp_path_factory.mktemp("registry")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    configuration = {
        "version": "0.1",
        "storage": {"filesystem": {"rootdirectory": str(directory / "data")}},
        "http": {"addr": f"127.0.0.1:{port}"},
    }
    (directory / "config.yml").write_text(json.dumps(configuration))
    with (directory / "log").open("wb") as log:
        server = subprocess.Popen(
            ["docker-registry", "serve", str(directory / "config.yml")], stdout=log, stderr=log, env={"HOME": "/"}
        )
        try:
            for _ in range(100):
                with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/v2/"):
                    break
                assert server.poll() is None, (directory / "log").read_text()
                time.sleep(0.1)
            yield f"127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(timeout=30)


def test_from_a_registry(project: Path, registry: str, tmp_path: Path) -> None:
    """Pushed by another tool as Docker's schema 2 and locked by tag: the same layers, so the same file system.

    The base may be gone from the registry afterwards; brought again by digest while it is there.
    """
    name = f"{registry}/team/python:3.11"
    push = ("skopeo", "--insecure-policy", "copy", "--dest-tls-verify=false", "--format", "v2s2")
    subprocess.run([*push, f"oci:{project}/base", f"docker://{name}"], check=True, capture_output=True)
    directory = spec(tmp_path / "project", "on-base", f'{{image: "{name}"}}', "[click==8.5.1]")
    done = process("lock", str(directory))
    assert done.returncode == 0, done.stderr
    lock = json.loads((directory / "release.lock").read_bytes())
    base = lock["targets"][0]["base"]
    assert base["manifest"]["media_type"] == "application/vnd.docker.distribution.manifest.v2+json"
    assert {layer["media_type"] for layer in base["layers"]} == {"application/vnd.docker.image.rootfs.diff.tar.gzip"}
    store = {"TWINBUILD_STORE": str(tmp_path / "store")}
    assert process("build", "--locked", str(directory), **store).returncode == 3
    done = process("fetch", str(directory), **store)
    assert done.returncode == 0, done.stderr
    done = process("release", "--locked", "--offline", "--json", str(directory), **store)
    assert done.returncode == 0, done.stderr
    image = manifest_of(directory / "dist/on-base-1.0.0/image")
    assert image["layers"][:2] == manifest_of(project / "base")["layers"]
    assert (
        f"FROM {name}@{base['manifest']['digest']} AS base" in (directory / "dist/on-base-1.0.0/Dockerfile").read_text()
    )


def test_a_release_is_no_base(ground: Path, tmp_path: Path) -> None:
    """TB2275: it has a virtual environment, an application and documents where the new one has its own."""
    directory = spec(tmp_path / "project", "over", "{image: oci-layout:base}")
    shutil.copytree(ground, directory / "base")
    done = process("lock", "--json", str(directory))
    findings = json.loads(done.stderr)["findings"]
    assert {finding["code"] for finding in findings} == {"TB2275"}
    assert [finding["message"].split(",")[0] for finding in findings] == [
        f"the release has something at /{place}" for place in ("app", "etc/twinbuild", "opt/venv")
    ]


def test_for_another_architecture(ground: Path, tmp_path: Path) -> None:
    """An index with a base for each platform: this machine's Python compiles for the other, if it is the same one."""
    directory = spec(
        tmp_path / "project", "two", "{image: oci-layout:base}", "[markupsafe==3.0.3]", ("linux/amd64", "linux/arm64")
    )
    shutil.copytree(ground, directory / "base")

    def put(document: object) -> dict[str, object]:
        content = json.dumps(document).encode()
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        blob(directory / "base", digest).write_bytes(content)
        return {"digest": digest, "size": len(content)}

    (top,) = json.loads((ground / "index.json").read_bytes())["manifests"]
    index = json.loads(blob(ground, top["digest"]).read_bytes())
    for entry in index["manifests"]:
        manifest = json.loads(blob(ground, entry["digest"]).read_bytes())
        config = json.loads(blob(ground, manifest["config"]["digest"]).read_bytes())
        config["rootfs"]["diff_ids"] = config["rootfs"]["diff_ids"][:1]
        config["history"], config["config"] = config["history"][:1], {"Env": ["PATH=/usr/bin"]}
        manifest["layers"] = manifest["layers"][:1]
        manifest["config"] |= put(config)
        entry.update(put(manifest))
        if entry["platform"]["architecture"] == "arm64":
            entry["platform"]["variant"] = "v8"
    attestation = {"mediaType": "application/vnd.oci.image.manifest.v1+json", **put({})}
    index["manifests"].append({**attestation, "platform": {"os": "unknown", "architecture": "unknown"}})
    top |= put(index)
    (directory / "base/index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [top]}))
    for step in ("lock", "release"):
        done = process(step, "--json", str(directory))
        assert done.returncode == 0, done.stderr
    layout = directory / "dist/two-1.0.0/image"
    (written,) = json.loads((layout / "index.json").read_bytes())["manifests"]
    images = json.loads(blob(layout, written["digest"]).read_bytes())["manifests"]
    lowest = [json.loads(blob(layout, image["digest"]).read_bytes())["layers"][0] for image in images]
    bases = [json.loads(blob(directory / "base", each["digest"]).read_bytes()) for each in index["manifests"][:2]]
    assert lowest == [base["layers"][0] for base in bases]
    assert lowest[0] != lowest[1]
    (directory / "release.yaml").write_text(
        (directory / "release.yaml").read_text().replace("linux/amd64, linux/arm64", "linux/arm64")
    )
    assert process("lock", str(directory)).returncode == 0
    alone = process("build", "--json", str(directory), TWINBUILD_STORE=str(tmp_path / "empty"))
    assert alone.returncode == 3  # nothing is stored there
    assert process("fetch", str(directory), TWINBUILD_STORE=str(tmp_path / "empty")).returncode == 0
    alone = process("build", "--json", str(directory), TWINBUILD_STORE=str(tmp_path / "empty"))
    assert [finding["code"] for finding in json.loads(alone.stderr)["findings"]] == ["TB5013"]


def test_skopeo_takes_it(project: Path, tmp_path: Path) -> None:
    """Another tool copies the image with the base's layers as they are."""
    assert shutil.which("skopeo") is not None
    done = process("build", "--output", str(tmp_path / "image"), str(project))
    assert done.returncode == 0, done.stderr
    source = f"oci:{tmp_path}/image:1.0.0"
    copied = ["skopeo", "--insecure-policy", "copy", source, f"oci:{tmp_path}/copy:x"]
    subprocess.run(copied, check=True, capture_output=True)
    assert manifest_of(tmp_path / "copy")["layers"][:2] == manifest_of(project / "base")["layers"]

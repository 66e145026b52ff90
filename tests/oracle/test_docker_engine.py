"""A real Docker Engine, with either of its stores, takes what `build --format docker` writes and runs it."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import zstandard

from fakes.docker_registry import PROGRAM, real_registry
from fakes.engine import NEEDS_ENGINE, docker, running_engine
from fakes.golden import answers
from fakes.tool import process

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "fraud-scorer"
NAME = "fraud-scorer:1.0.0"
pytestmark = [pytest.mark.slow, pytest.mark.network, *NEEDS_ENGINE]


@pytest.fixture(scope="module", params=["containerd", "overlay2"])
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """An engine of its own with that store, and the store's name."""
    with running_engine(tmp_path_factory.mktemp("engine"), store=request.param) as host:
        yield host, request.param


def test_doctor(engine: tuple[str, str], tmp_path: Path) -> None:
    """It says of a real engine, its store and buildx what they are; without a plugin, and where the engine is gone."""
    host, store = engine

    def examined(**variables: str) -> dict[str, dict[str, str]]:
        done = subprocess.run(
            [sys.executable, "-m", "twinbuild.cli", "doctor", "--json"],
            env={**os.environ, "PYTHONPATH": str(ROOT / "generator"), "DOCKER_HOST": host, **variables},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        return {check["name"]: check for check in json.loads(done.stdout)["checks"]}

    version = docker(host, "version", "--format", "{{.Server.Version}}").strip()
    found = examined()
    if store == "containerd":
        assert found["docker engine"]["state"] == "ok"
        assert found["docker engine"]["detail"].startswith(f"{version} (API ")
        assert found["docker engine"]["detail"].endswith(f" at {host}, containerd's image store")
    else:
        assert found["docker engine"]["state"] == "note"
        assert found["docker engine"]["detail"].startswith("TB5203: ")
    assert re.match(r"0\.\d+\.\d+, builder 'default' \(docker, BuildKit .*\) for linux/", found["buildx"]["detail"])
    gone = examined(DOCKER_HOST=f"unix://{tmp_path}/gone.sock", DOCKER_CONFIG=str(tmp_path))
    assert gone["docker engine"]["detail"].startswith("TB5201: ")
    assert {gone[name]["state"] for name in ("docker engine", "buildx")} <= {"ok", "note"}


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The example's image as a loadable tar, and its digest."""
    target = tmp_path_factory.mktemp("archive") / "image.tar"
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "generator")}
    done = subprocess.run(
        [
            *(sys.executable, "-m", "twinbuild.cli", "build", str(EXAMPLE), "--locked", "--quiet", "--json"),
            *("--output", str(target), "--format", "docker"),
        ],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    (image,) = json.loads(done.stdout)["images"]
    return target, image["digest"]


# What a value may hold: everything that a Dockerfile could take for something else.
_HOSTILE = "a \"b\" $PATH ${HOME:-x} \\ 'c' <<EOF # d `e`"


@pytest.mark.parametrize("engine", ["containerd"], indirect=True)  # the builder is the same in both stores
def test_built_by_hand(engine: tuple[str, str], tmp_path: Path) -> None:
    """The Dockerfile and the context of ``fetch --into`` give the same files, owners and configuration, and answer."""
    host, _ = engine
    project = tmp_path / "project"
    shutil.copytree(EXAMPLE, project, ignore=shutil.ignore_patterns("dist", "__pycache__"))
    spec = (project / "release.yaml").read_text()
    changed = spec.replace('OMP_NUM_THREADS: "1"', f'OMP_NUM_THREADS: "1"\n    HOSTILE: {json.dumps(_HOSTILE)}')
    (project / "release.yaml").write_text(changed.replace("tier: critical", f"tier: {json.dumps(_HOSTILE)}"))
    context = tmp_path / "context"
    _twinbuild("fetch", str(project), "--quiet", "--into", str(context))
    _twinbuild("build", str(project), "--quiet", "--output", str(tmp_path / "layout"))
    docker(
        host, "buildx", "build", "--quiet", "--network", "none", "--provenance=false", "--tag", "byhand", str(context)
    )
    ours, files = _layout(tmp_path / "layout")
    (found,) = json.loads(docker(host, "image", "inspect", "byhand"))
    for key in ("Cmd", "Entrypoint", "Env", "ExposedPorts", "Labels", "StopSignal", "User", "WorkingDir"):
        assert found["Config"][key] == ours[key], key
    assert f"HOSTILE={_HOSTILE}" in found["Config"]["Env"]
    container = docker(host, "create", "byhand").strip()
    docker(host, "export", "--output", str(tmp_path / "root.tar"), container)
    with tarfile.open(tmp_path / "root.tar") as archive:
        theirs = _files(archive)
    unlike = {path for path in files.keys() | theirs.keys() if files.get(path) != theirs.get(path)}
    assert {path for path in unlike if not _ENGINES.search(path)} == set()
    answers(host, "byhand", EXAMPLE)


# What an engine puts over an image.
_ENGINES = re.compile(r"^\.dockerenv$|^dev/(console|pts|shm)$|^etc/(hostname|hosts|mtab|resolv\.conf)$|^run/context")


def _twinbuild(*arguments: str, **variables: str) -> str:
    done = process(*arguments, **variables)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _files(archive: tarfile.TarFile) -> dict[str, tuple[object, ...]]:
    """Kind, mode and content of every entry by path."""
    found: dict[str, tuple[object, ...]] = {}
    for member in archive:
        path = member.name.removeprefix("./").rstrip("/")
        if member.isreg() or member.islnk():  # an engine may make the other name of two the link
            stream = archive.extractfile(member)
            assert stream is not None
            found[path] = ("file", member.mode, member.uid, member.gid, hashlib.sha256(stream.read()).hexdigest())
        else:
            found[path] = (member.type, member.uid, member.gid, member.linkname or member.mode)
    return found


def _layout(layout: Path) -> tuple[dict[str, object], dict[str, tuple[object, ...]]]:
    """Configuration and files of the only image of a layout."""

    def blob(digest: str) -> bytes:
        return (layout / "blobs" / digest.replace(":", "/")).read_bytes()

    manifest = json.loads(blob(json.loads((layout / "index.json").read_text())["manifests"][0]["digest"]))
    files: dict[str, tuple[object, ...]] = {}
    for layer in manifest["layers"]:
        plain = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(blob(layer["digest"]))).read()
        with tarfile.open(fileobj=io.BytesIO(plain)) as archive:
            files |= _files(archive)
    return json.loads(blob(manifest["config"]["digest"]))["config"], files


def test_loaded_and_answering(engine: tuple[str, str], archive: tuple[Path, str]) -> None:
    """``docker load`` names the image, keeps its digest where the store can, and the service answers in a container."""
    host, store = engine
    path, digest = archive
    assert f"Loaded image: {NAME}" in docker(host, "load", "--input", str(path))
    (found,) = json.loads(docker(host, "image", "inspect", NAME))
    if store == "containerd":
        assert found["Id"] == digest
    assert found["Config"]["User"] == "10001:10001"
    assert found["Architecture"] == "amd64"
    answers(host, NAME, EXAMPLE)
    _refuses_too_little_memory(host)


@pytest.mark.parametrize("engine", ["overlay2"], indirect=True)  # containerd's: test_two_builders, for each example
@pytest.mark.skipif(PROGRAM is None, reason="needs docker-registry")
def test_by_way_of_a_registry(engine: tuple[str, str], tmp_path: Path) -> None:
    """Pushed by us, the engine pulls it by digest and it answers; pulled by us into a file, it loads and answers."""
    host, _ = engine
    _twinbuild("build", str(EXAMPLE), "--locked", "--quiet", "--output", str(tmp_path / "layout"))
    with real_registry(tmp_path / "registry") as registry:
        name = f"{registry.authority}/team/fraud-scorer"
        pushed = json.loads(_twinbuild("push", str(tmp_path / "layout"), name, "--json"))
        digest = pushed["images"][0]["digest"]
        docker(host, "pull", f"{name}@{digest}")
        answers(host, f"{name}@{digest}", EXAMPLE)
        docker(host, "rmi", f"{name}@{digest}")
        _twinbuild("pull", f"{name}:1.0.0", "--quiet", "--output", str(tmp_path / "image.tar"))
    assert f"Loaded image: {name}:1.0.0" in docker(host, "load", "--input", str(tmp_path / "image.tar"))
    answers(host, f"{name}:1.0.0", EXAMPLE)
    docker(host, "rmi", f"{name}:1.0.0")


def _refuses_too_little_memory(host: str) -> None:
    """Where the container may take less memory than the release asks for, its entrypoint says so and ends with 78."""
    environment = {**os.environ, "DOCKER_HOST": host}
    for limit, status in (("128m", 78), ("255m", 78), ("256m", 5)):
        done = subprocess.run(
            ("docker", "run", "--rm", "--network", "none", "--memory", limit, NAME, "sh", "-c", "echo $$; exit 5"),
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert (done.returncode, done.stdout) == (status, "1\n" if status == 5 else ""), (limit, done.stderr)
        refusal = f"fraud-scorer 1.0.0 (cpu) refuses to start: TB5401: got {limit[:-1]} MiB of memory (/sys/fs/cgroup/"
        assert (refusal in done.stderr) == (status == 78), (limit, done.stderr)

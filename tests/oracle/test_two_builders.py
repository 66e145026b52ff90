"""Each example, by two unlike builders to one digest; then out of this machine, back by that digest, and answering.

One of them is built twice by each builder in one run. Of the larger ones Docker's second build would say nothing more.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fakes.docker_registry import PROGRAM, real_registry
from fakes.engine import NEEDS_ENGINE, docker, running_engine
from fakes.golden import answers
from fakes.tool import process

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.network,
    *NEEDS_ENGINE,
    pytest.mark.skipif(PROGRAM is None, reason="needs docker-registry"),
    pytest.mark.skipif(shutil.which("skopeo") is None, reason="needs skopeo"),
]
EXAMPLES = (("fraud-scorer", ""), ("text-embedder", ""), ("llm-server", "cpu"))  # and the variant, where one is chosen
TWICE = "fraud-scorer"  # by both builders


def _twinbuild(*arguments: str, **variables: str) -> dict[str, Any]:
    """What a command that must succeed says."""
    done = process(*arguments, "--quiet", "--json", **variables)
    assert done.returncode == 0, done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def _skopeo(*arguments: str) -> None:
    subprocess.run(["skopeo", "--insecure-policy", *arguments], check=True, capture_output=True, timeout=300)


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An engine that has nothing yet."""
    with running_engine(tmp_path_factory.mktemp("engine")) as address:
        yield address


def test_no_example_is_left_out() -> None:
    """What follows is about all of them."""
    assert {path.parent.name for path in (ROOT / "examples").glob("*/release*.digest")} == {
        name for name, _ in EXAMPLES
    }


@pytest.mark.parametrize(("name", "variant"), EXAMPLES, ids=[name for name, _ in EXAMPLES])
def test_built_by_two_moved_and_run(name: str, variant: str, host: str, tmp_path: Path) -> None:
    """Both builders give the committed digest; skopeo takes it, Docker runs it, and again out of a registry."""
    example, release = ROOT / "examples" / name, tmp_path / "release"
    chosen = (str(example), "--locked", *(("--variant", variant) if variant else ()))
    twice = ("--builders", "embedded,docker", "--reverify") if name == TWICE else ()
    released = _twinbuild("release", *chosen, *twice, "--output", str(release), DOCKER_HOST=host)
    assert released["release"] == (example / f"release{variant and f'.{variant}'}.digest").read_text().strip()
    (image,) = released["images"]
    digest = str(image["digest"])
    if twice:
        _four_builds(release, released["release"], digest)
    else:
        (built,) = _twinbuild("build", *chosen, "--builder", "docker", DOCKER_HOST=host)["images"]
        assert built["digest"] == digest

    blobs = _blobs(release / "image")
    if not variant:  # of the large one, other forms of the same bytes say nothing that the smaller ones don't
        _copied_and_loaded(release / "image", host, digest, example)

    with real_registry(tmp_path / "registry") as registry:
        there = f"{registry.authority}/team/{name}"
        assert _twinbuild("push", str(release), there)["images"][0]["digest"] == digest
        shutil.rmtree(release)
        assert not docker(host, "image", "ls", "--all", "--quiet")  # nothing of it is left to run
        docker(host, "pull", "--quiet", f"{there}@{digest}")
        answers(host, f"{there}@{digest}", example)
        docker(host, "rmi", f"{there}@{digest}")
        empty = {"TWINBUILD_STORE": str(tmp_path / "store")}
        pulled = _twinbuild("pull", f"{there}@{digest}", "--output", str(tmp_path / "pulled"), **empty)
        assert pulled["digest"] == digest
        assert _blobs(tmp_path / "pulled") == blobs
        if variant:
            return
        _twinbuild("pull", f"{there}@{digest}", "--output", str(tmp_path / "pulled.tar"), **empty)
    _loaded_and_answering(host, tmp_path / "pulled.tar", digest, example)


def _copied_and_loaded(layout: Path, host: str, digest: str, example: Path) -> None:
    """The layout as it is goes through skopeo, and as an archive into Docker."""
    reference = json.loads((layout / "index.json").read_text())["manifests"][0]["annotations"]
    tag = reference["org.opencontainers.image.ref.name"]
    there = layout.parent.parent
    _skopeo("copy", "--preserve-digests", f"oci:{layout}:{tag}", f"oci:{there / 'copied'}:copy")
    assert _blobs(there / "copied") == _blobs(layout)
    shutil.rmtree(there / "copied")
    with tarfile.open(there / "image.tar", "w") as archive:
        archive.add(layout, arcname=".")
    _loaded_and_answering(host, there / "image.tar", digest, example)


def _four_builds(release: Path, name: str, image: str) -> None:
    """The record of the run has two builds by each of two builders, all of the one image."""
    statements = json.loads((release / "run.json").read_text())["verification"]["builders"]
    assert [each["predicate"]["builder"]["id"].rpartition("/")[2] for each in statements] == ["embedded", "docker"]
    for statement in statements:
        assert statement["subject"][0]["digest"]["sha256"] == name.removeprefix("sha256:")
        builds = [[f"sha256:{one['digest']['sha256']}" for one in build] for build in statement["predicate"]["builds"]]
        assert builds == [[image], [image]]
    assert statements[1]["predicate"]["builder"]["engine"]


def _blobs(layout: Path) -> dict[str, str]:
    """The digest of each blob's bytes, by the name that it has."""
    found = {}
    for path in (layout / "blobs" / "sha256").iterdir():
        with path.open("rb") as stream:
            found[path.name] = hashlib.file_digest(stream, "sha256").hexdigest()
    assert all(name == digest for name, digest in found.items())
    return found


def _loaded_and_answering(host: str, archive: Path, digest: str, example: Path) -> None:
    """Loaded, it has its digest, and passes its golden tests; afterwards the engine has it no more."""
    said = docker(host, "load", "--quiet", "--input", str(archive))
    archive.unlink()
    name = said.strip().rpartition(" ")[2]
    (found,) = json.loads(docker(host, "image", "inspect", name))
    assert found["Id"] == digest
    answers(host, name, example)
    docker(host, "rmi", "--force", digest)

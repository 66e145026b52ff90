"""A release for two platforms, made on one: what other tools make of its index, and what the release says of it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fakes.tool import process

ROOT = Path(__file__).resolve().parents[2]
SKOPEO = shutil.which("skopeo") or ""
pytestmark = [pytest.mark.network, pytest.mark.slow]


def _twinbuild(*arguments: str) -> dict[str, Any]:
    done = process(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    """What ``release`` says of the first example for two platforms, and where it lies."""
    project = tmp_path_factory.mktemp("both") / "project"
    shutil.copytree(ROOT / "examples" / "fraud-scorer", project, ignore=shutil.ignore_patterns("dist", "__pycache__"))
    spec = project / "release.yaml"
    spec.write_text(spec.read_text().replace("platforms: [linux/amd64]", "platforms: [linux/amd64, linux/arm64]"))
    return _twinbuild("release", str(project)), project


def _layout(released: tuple[dict[str, Any], Path]) -> Path:
    return Path(released[0]["directory"], "image")


def test_the_release_names_the_index(released: tuple[dict[str, Any], Path]) -> None:
    """The layout's one entry is the index, which lists both images; the manifest and the provenance have its digest."""
    answer, project = released
    (index,) = answer["indexes"]
    images = {image["platform"]: image["digest"] for image in answer["images"]}
    assert index["platforms"] == list(images) == ["linux/amd64", "linux/arm64"]
    (entry,) = json.loads((_layout(released) / "index.json").read_bytes())["manifests"]
    assert entry["digest"] == index["digest"]
    assert entry["annotations"]["org.opencontainers.image.ref.name"] == "1.0.0"
    content = (_layout(released) / "blobs" / index["digest"].replace(":", "/")).read_bytes()
    listed = {
        f"{each['platform']['os']}/{each['platform']['architecture']}": each["digest"]
        for each in json.loads(content)["manifests"]
    }
    assert listed == images
    manifest = json.loads(Path(answer["directory"], "manifest.json").read_bytes())
    assert manifest["environment"]["indexes"] == [
        {"variant": "cpu", "digest": index["digest"], "platforms": index["platforms"]}
    ]
    statement = json.loads(Path(answer["directory"], "provenance.intoto.json").read_bytes())
    assert index["digest"].removeprefix("sha256:") in [each["digest"]["sha256"] for each in statement["subject"]]
    assert _twinbuild("release", str(project))["indexes"] == answer["indexes"]  # nothing changed: from the stamp
    assert _twinbuild("build", str(project))["indexes"][0]["digest"] == index["digest"]


def test_each_image_is_for_its_platform(released: tuple[dict[str, Any], Path]) -> None:
    """Configuration, interpreter and libraries of each image are those of its architecture."""
    layout = _layout(released)

    def document(digest: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((layout / "blobs" / digest.replace(":", "/")).read_bytes())
        return found

    for image in released[0]["images"]:
        config = document(document(image["digest"])["config"]["digest"])
        assert f"{config['os']}/{config['architecture']}" == image["platform"]
        assert config["config"]["Entrypoint"][0] == "/usr/bin/python3.11"


@pytest.mark.skipif(not SKOPEO, reason="needs skopeo")
def test_skopeo(released: tuple[dict[str, Any], Path], tmp_path: Path) -> None:
    """Skopeo reads the very bytes of the index, chooses either platform's image, and copies all with one digest."""
    answer, _ = released
    source = f"oci:{_layout(released)}:1.0.0"
    (index,) = answer["indexes"]
    raw = subprocess.run([SKOPEO, "inspect", "--raw", source], check=True, capture_output=True).stdout
    assert f"sha256:{hashlib.sha256(raw).hexdigest()}" == index["digest"]
    copy = (SKOPEO, "--insecure-policy")
    for image in answer["images"]:
        architecture = image["platform"].partition("/")[2]
        target = tmp_path / architecture
        subprocess.run([*copy, "--override-arch", architecture, "copy", "-q", source, f"oci:{target}:one"], check=True)
        (entry,) = json.loads((target / "index.json").read_bytes())["manifests"]
        assert entry["digest"] == image["digest"]
        shutil.rmtree(target)
    subprocess.run([*copy, "copy", "-q", "--all", source, f"oci:{tmp_path / 'all'}:all"], check=True)
    (entry,) = json.loads((tmp_path / "all" / "index.json").read_bytes())["manifests"]
    assert entry["digest"] == index["digest"]


def test_run_takes_the_image_for_this_machine(released: tuple[dict[str, Any], Path]) -> None:
    """Of the two images, ``run`` starts the one that this machine can."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "generator")}
    argv = [sys.executable, "-m", "twinbuild.cli", "run", "-q", "--exec", "uname -m", str(released[1])]
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False, timeout=300)
    assert (done.returncode, done.stdout.strip()) == (0, os.uname().machine), done.stderr

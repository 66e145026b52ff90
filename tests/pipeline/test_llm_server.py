"""The example with accelerator variants: one variant is released alone, with the committed digest, and answers."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from fakes.rot import every_loss_is_named, released_files, reproduced_from_rot
from fakes.tool import process

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "llm-server"
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT / "generator")}


@pytest.mark.slow
@pytest.mark.network
@pytest.mark.sandbox
def test_one_variant_of_three(tmp_path: Path) -> None:
    """The lock has all three; `--variant cpu` fetches no CUDA, and its service continues what it learned.

    Who answers is what came out of an archive, five years later, with nothing else left.
    """
    example = tmp_path / "copy"
    shutil.copytree(EXAMPLE, example, ignore=shutil.ignore_patterns("dist", "__pycache__"))
    completed = process("release", "--locked", "--variant", "cpu", "--json", directory=example)
    assert completed.returncode == 0, completed.stderr
    released = json.loads(completed.stdout)
    assert released["release"] == (EXAMPLE / "release.cpu.digest").read_text().strip()
    assert [image["variant"] for image in released["images"]] == ["cpu"]
    manifest = json.loads((example / "dist" / "llm-server-1.0.0-cpu" / "manifest.json").read_text())
    assert manifest["environment"]["subset_of"] == ["cpu", "cuda12", "cuda13"]
    assert [target["variant"] for target in manifest["environment"]["targets"]] == ["cpu"]
    cells = json.loads(process("matrix", "--json", directory=example).stdout)["cells"]
    assert {cell["variant"]: cell["lock"] for cell in cells} == dict.fromkeys(("cpu", "cuda12", "cuda13"), "fresh")
    assert {cell["variant"]: bool(cell["image"]) for cell in cells} == {"cpu": True, "cuda12": False, "cuda13": False}
    bill = example / "dist" / "llm-server-1.0.0-cpu" / "sbom.cdx.json"
    checked = process("sbom", "check", str(bill), directory=example)
    assert checked.returncode == 0, checked.stdout  # of each component somebody says under which licence it may be used
    _the_archive_is_enough(example, tmp_path, released["release"])


def _the_archive_is_enough(example: Path, place: Path, release: str) -> None:
    """The rot drill, of the one variant; the archive says of each file that is lost what that blocks."""
    output = example / "dist" / "llm-server-1.0.0-cpu"
    archive, rebuilt = place / "archive", place / "rebuilt"
    completed = process("archive", "add", str(output), "--archive", str(archive), directory=example)
    assert completed.returncode == 0, completed.stderr
    said = reproduced_from_rot(
        archive,
        "llm-server@1.0.0",
        rebuilt,
        project=example,
        requests=({"method": "POST", "path": "/complete", "body": {"prompt": "a lock names ", "tokens": 32}},),
        more=("--without-tests",),
    )
    assert said["release"] == release
    assert said["run"]["golden"] == {"asked": 1, "differing": 0}
    answer = json.loads(said["run"]["answers"][0]["body"])
    assert answer == {"model_version": "1.0.0", "completion": "wheels, packages and weights by "}
    assert released_files(rebuilt) == released_files(output)
    assert every_loss_is_named(archive, place / "losses") > 100

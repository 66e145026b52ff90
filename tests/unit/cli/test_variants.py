"""``--variant`` of ``build``, ``release``, ``push`` and ``run``: one of a spec's images, as it is among all."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.registry import FakeRegistry
from fakes.tiny import tiny_project
from fakes.tool import Ended, Tool
from twinbuild.codec.lock import decode_lock, encode_lock
from twinbuild.model.digest import Digest

REFERENCE = "org.opencontainers.image.ref.name"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of two variants."""
    return tiny_project(tmp_path / "tiny", Path(os.environ["TWINBUILD_STORE"]), variants=("gpu", "cpu"))


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    """A registry that keeps to the rules."""
    with FakeRegistry() as running:
        yield running


def images(ended: Ended) -> dict[str, str]:
    """Digests by variant, as a build or release says."""
    assert ended.status == 0, ended.err
    return {image["variant"]: image["digest"] for image in json.loads(ended.out)["images"]}


def code(ended: Ended) -> tuple[int, str]:
    """Exit status and code of the error."""
    return ended.status, json.loads(ended.err)["findings"][0]["code"]


@pytest.mark.usefixtures("tool")
def test_build(tool: Tool, project: Path) -> None:
    """The image is that of the whole build; a second call knows it; the layout's tag has the variant."""
    both = images(tool("build", str(project), "--json"))
    assert sorted(both) == ["cpu", "gpu"]
    for _ in range(2):
        assert images(tool("build", str(project), "--variant", "gpu", "--json")) == {"gpu": both["gpu"]}
    assert images(tool("build", str(project), "--json")) == both
    assert images(tool("build", str(project), "--variant", "gpu", "--variant", "cpu", "--json")) == both
    layout = project / "layout"
    tool("build", str(project), "--variant", "gpu", "--output", str(layout))
    (entry,) = json.loads((layout / "index.json").read_text())["manifests"]
    assert (entry["digest"], entry["annotations"][REFERENCE]) == (both["gpu"], "1.0.0-gpu")


def test_the_other_variant_need_not_be_there(tool: Tool, project: Path) -> None:
    """Neither its files nor its layers are asked for; TB2258 is what a build of both says."""
    lock = decode_lock((project / "release.lock").read_bytes(), name="release.lock")
    cpu, gpu = lock.targets
    lacking = replace(gpu, wheels=tuple(replace(wheel, sha256=Digest("0" * 64)) for wheel in gpu.wheels))
    (project / "release.lock").write_bytes(encode_lock(replace(lock, targets=(cpu, lacking))))
    assert list(images(tool("build", str(project), "--variant", "cpu", "--json"))) == ["cpu"]
    assert code(tool("build", str(project), "--json")) == (3, "TB2258")


@pytest.mark.parametrize("verb", ["build", "release", "verify", "fetch", "run", "push"])
def test_an_unknown_variant(tool: Tool, project: Path, verb: str) -> None:
    """TB2420, exit 2, with those that there are; without `environment.variants` it says that."""
    reference = ["registry.example/a/b"] if verb == "push" else []
    ended = tool(verb, str(project), *reference, "--variant", "rocm", "--json")
    assert code(ended) == (2, "TB2420")
    assert "expected one of cpu, gpu" in ended.err
    spec = project / "release.yaml"
    kept = [line for line in spec.read_text().splitlines(keepends=True) if "variants:" not in line]
    spec.write_text("".join(kept))
    ended = tool(verb, str(project), *reference, "--variant", "gpu", "--json")
    assert code(ended) == (2, "TB2420")
    assert "the spec has no variants: its only image is 'cpu'" in ended.err


def test_a_spec_without_variants(tool: Tool, tmp_path: Path) -> None:
    """Its only image may be named; the tag is the version alone."""
    project = tiny_project(tmp_path / "tiny", Path(os.environ["TWINBUILD_STORE"]), variants=())
    layout = project / "layout"
    assert list(images(tool("build", str(project), "--variant", "cpu", "--output", str(layout), "--json"))) == ["cpu"]
    (entry,) = json.loads((layout / "index.json").read_text())["manifests"]
    assert entry["annotations"][REFERENCE] == "1.0.0"


def test_run_needs_one(tool: Tool, project: Path) -> None:
    """TB8012 before anything is built or asked of the store."""
    shutil.rmtree(os.environ["TWINBUILD_STORE"])
    for variants in ([], ["--variant", "cpu", "--variant", "gpu"]):
        ended = tool("run", str(project), *variants, "--json")
        assert code(ended) == (2, "TB8012")
        assert "expected one of cpu (linux/amd64), gpu (linux/amd64)" in ended.err


def test_release_and_push(tool: Tool, registry: FakeRegistry, project: Path) -> None:
    """A variant is pushed alone, from the release of all or its own, under the very tag or VERSION-VARIANT."""
    name = f"{registry.authority}/team/tiny"

    def pushed(*arguments: str) -> dict[str, str]:
        ended = tool("push", str(project), *arguments, "--json")
        assert ended.status == 0, ended.err
        return {image["reference"].removeprefix(name): image["digest"] for image in json.loads(ended.out)["images"]}

    alone = images(tool("release", str(project), "--variant", "gpu", "--json"))
    assert images(tool("release", str(project), "--variant", "gpu", "--json")) == alone
    assert pushed("--variant", "gpu", name) == {":1.0.0-gpu": alone["gpu"]}
    assert {tag for _, tag in registry.manifests if not tag.startswith("sha256:")} == {"1.0.0-gpu"}
    ended = tool("push", str(project), name, "--json")
    assert code(ended) == (2, "TB3231")
    assert "--variant gpu" in ended.err

    both = images(tool("release", str(project), "--json"))
    assert both["gpu"] == alone["gpu"]
    assert pushed("--variant", "gpu", f"{name}:stable") == {":stable": both["gpu"]}
    assert pushed("--variant", "cpu", name) == {":1.0.0-cpu": both["cpu"]}
    every = {":stable-cpu": both["cpu"], ":stable-gpu": both["gpu"]}
    assert pushed(f"{name}:stable") == pushed(f"{name}:stable", "--variant", "gpu", "--variant", "cpu") == every
    assert pushed(f"{name}@{both['cpu']}", "--variant", "cpu") == {f"@{both['cpu']}": both["cpu"]}
    assert code(tool("push", str(project), f"{name}@{both['cpu']}", "--json")) == (2, "TB3232")

    (project / "app" / "main.py").write_text("print('changed')\n")
    images(tool("release", str(project), "--variant", "gpu", "--json"))
    assert code(tool("push", str(project), name, "--variant", "gpu", "--json")) == (2, "TB3235")

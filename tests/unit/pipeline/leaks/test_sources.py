"""``pipeline.leaks``: a secret in whatever goes into a release refuses it; an exception lets it pass."""

from __future__ import annotations

import gzip
import io
import json
import re
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from fakes.leaks import leaks
from fakes.tiny import tiny_project
from fakes.tool import Tool, tool
from twinbuild.model.digest import Digest
from twinbuild.model.image import Descriptor, Image
from twinbuild.model.plan import FileInput, StepRecipe
from twinbuild.model.platform import Platform
from twinbuild.pipeline.leaks.sources import leaks_of_configuration, leaks_of_spec, step_files
from twinbuild.pipeline.project import open_project
from twinbuild.store.memory import MemoryStore

__all__ = ["tool"]

SEED = 20261126
GITHUB, PEM = (leaks(SEED)[name][2] for name in ("GitHub", "PKCS 8"))
STRIPE = leaks(SEED)["Stripe hook"][2]
VALUE = re.search(r"ghp_\w+", GITHUB)[0]  # type: ignore[index]


def _project(directory: Path, *, weights: dict[str, bytes] | None = None, code: str = "") -> Path:
    return tiny_project(directory / "tiny", directory / "store", weights=weights or {}, code=code)


def test_application(tool: Tool, tmp_path: Path) -> None:
    """Every secret at once, with file and line; accepted by path and fingerprint, and no more than that."""
    project = _project(tmp_path, code=f"# a\nTOKEN = '{VALUE}'\nKEY = '''{PEM}'''\n")
    ended = tool("release", str(project), "--locked", "-q")
    assert (ended.status, (project / "dist").exists()) == (8, False)
    assert VALUE not in ended.err
    said = re.findall(r"\((\S+); fingerprint ([0-9a-f]{32})\)\n --> app/main\.py:(\d)", ended.err)
    assert [(kind, line) for kind, _, line in said] == [("github-token", "4"), ("private-key", "5")]
    entries = "".join(
        f"    - {{path: app/main.py, fingerprint: {each}, reason: Of a test server.}}\n" for _, each, _ in said
    )
    spec = project / "release.yaml"
    before = spec.read_text()
    spec.write_text(before + f"governance:\n  accepted_findings:\n{entries}")
    ended = tool("release", str(project), "--locked", "-q")
    assert ended.status == 0, ended.err
    manifest = json.loads((project / "dist" / "tiny-1.0.0" / "manifest.json").read_text())
    assert len(manifest["governance"]["accepted_findings"]) == 2
    spec.write_text(before + f"governance:\n  accepted_findings:\n{entries.replace('app/main.py', 'app/other.py')}")
    assert tool("release", str(project), "--locked", "-q").status == 8


def _zipped(**members: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


MODELS = {
    "at the beginning": (b"{'token': '" + VALUE.encode() + b"'}" + bytes(10 << 20), "model/head-bin:1"),
    "at the end": (bytes(10 << 20) + VALUE.encode(), "model/head-bin:1"),
    "packed": (gzip.compress(f"one\n{VALUE}\n".encode()), "model/head-bin!content:2"),
    "zipped": (_zipped(**{"schema.json": "{}", "config.txt": f"\n{VALUE}\n"}), "model/head-bin!config.txt:2"),
}


@pytest.mark.parametrize(("content", "where"), MODELS.values(), ids=MODELS)
def test_model(tool: Tool, tmp_path: Path, content: bytes, where: str) -> None:
    """In a file of the model, where formats keep their metadata, or in an archive."""
    project = _project(tmp_path, weights={"/models/head.bin": content})
    ended = tool("release", str(project), "--locked", "-q")
    assert (ended.status, where in ended.err, "TB8665" in ended.err) == (8, True, True), ended.err
    assert VALUE not in ended.err


def test_remembered(tool: Tool, tmp_path: Path) -> None:
    """What was looked at is remembered with its findings, and never with a value."""
    project = _project(tmp_path, code=f"TOKEN = '{VALUE}'\n")
    first, second = (tool("release", str(project), "--locked", "-q") for _ in range(2))
    assert (first.status, second.status, first.err) == (8, 8, second.err)
    for path in (tmp_path / "store").rglob("*"):
        if path.is_file() and "leaks" in str(path):
            assert VALUE.encode() not in path.read_bytes()
    assert any("leaks" in str(path) for path in (tmp_path / "store").rglob("*"))


def test_configuration() -> None:
    """In variables, labels, commands and history of an image, those that a base hands down among them."""
    store = MemoryStore()
    document = {
        "config": {
            "Env": [
                "PATH=/usr/bin",
                f"GH={VALUE}",
                "DB_PASSWORD=k7Qp2xLm9vRt4sWz8nBcQ1",
                "A_PASSWD=wordy",
                "GPG_KEY=" + "A035C8C1" * 5,
            ],
            "Labels": {"a": "b", "registry": "https://ci:k7Qp2xLm9v@registry.corp"},
            "Cmd": ["serve", "--token", VALUE],
        },
        "history": [{"created_by": "RUN true"}, {"created_by": f"ARG GH={VALUE}"}],
    }
    digest = store.put(json.dumps(document).encode())
    image = Image(
        derivation=digest,
        variant="cpu",
        platform=Platform.parse("linux/amd64"),
        manifest=Descriptor(media_type="", digest=digest, size=0),
        config=Descriptor(media_type="", digest=digest, size=0),
        layers=(),
    )
    found = leaks_of_configuration(image, store)
    assert {(leak.path.removeprefix("image cpu linux/amd64 "), leak.kind) for leak in found} == {
        ("environment GH", "github-token"),
        ("environment DB_PASSWORD", "password-file"),
        ("environment A_PASSWD", "password-file"),
        ("label registry", "credentials-in-address"),
        ("Cmd", "github-token"),
        ("history 2", "github-token"),
    }


STEP = """\
    - name: fit
      command: [/usr/bin/bash, -c, "a=ghp_; printf '\\n%s%s' $a {rest} >/outputs/models/made.txt"]
      outputs: [{{path: /models/made.txt}}]
"""


@pytest.mark.sandbox
def test_step(tool: Tool, tmp_path: Path) -> None:
    """In what a build step made, by its place in the image."""
    steps = STEP.format(rest=VALUE.removeprefix("ghp_"))
    project = tiny_project(tmp_path / "tiny", tmp_path / "store", steps=steps)
    ended = tool("release", str(project), "--locked", "-q")
    assert (ended.status, "/models/made.txt:2" in ended.err) == (8, True), ended.err


def test_step_files(tmp_path: Path) -> None:
    """What a step is given from a directory of its own, by the path in the project; not what is looked at elsewhere."""
    steps = STEP.format(rest="x").replace("command", "inputs: {directory: train/fit}\n      command")
    project = open_project(tiny_project(tmp_path / "tiny", tmp_path / "store", steps=steps))
    paths = ("application/main.py", "artifacts/a/b.bin", "directory/data/a.csv", "sdists/a-1.tar.gz")
    digest = Digest.of(b"")
    files = tuple(FileInput(path=path, sha256=digest, size=0, mode=0o644) for path in paths)
    recipe = cast("StepRecipe", SimpleNamespace(step="fit", files=files))
    assert [path for path, _ in step_files(project, recipe)] == ["train/fit/data/a.csv"]


def test_spec(tmp_path: Path) -> None:
    """In the texts of the spec, comments and overlays among them, whatever form the reader of specs knows."""
    directory = tiny_project(tmp_path / "tiny", tmp_path / "store")
    for name in ("release.yaml", "more.yaml"):
        path = directory / name
        path.write_text((path.read_text() if path.exists() else "metadata: {team: others}\n") + f"# {STRIPE}\n")
    found = leaks_of_spec(open_project(directory, overlays=(directory / "more.yaml",)))
    assert [(leak.path, leak.kind) for leak in found] == [
        ("release.yaml", "stripe-key"),
        ("more.yaml", "stripe-key"),
    ]


def test_none(tool: Tool, tmp_path: Path) -> None:
    """A project without secrets is released."""
    ended = tool("release", str(_project(tmp_path)), "--locked", "-q")
    assert ended.status == 0, ended.err

"""``twinbuild validate``: a release that is whole, and ways in which it is not."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fakes.tiny import tiny_release
from fakes.tool import Tool, tool
from twinbuild.codec.canonical import canonical
from twinbuild.describe.people import manifest_yaml
from twinbuild.model.digest import Digest

__all__ = ["tool"]


@pytest.fixture
def dist(tool: Tool, tmp_path: Path) -> Path:
    """The release of the tiny project."""
    return tiny_release(tool, tmp_path)


def test_whole(tool: Tool, dist: Path, tmp_path: Path) -> None:
    """Every file that the release manifest names, and every blob; of a manifest alone nothing else can be said."""
    digest = (dist / "release.digest").read_text().strip()
    covered = json.loads((dist / "manifest.json").read_bytes())["documents"]
    assert json.loads(tool("validate", str(dist), "--json").out) == {
        "release": digest,
        "files": len(covered),
        "alone": False,
    }
    assert len(covered) > 4
    (tmp_path / "alone.json").write_bytes((dist / "manifest.json").read_bytes())
    ended = tool("validate", str(tmp_path / "alone.json"))
    assert (ended.status, ended.out.splitlines()[0]) == (0, f"release  {digest}")
    assert "nothing beside it was looked at" in ended.out


def _changed(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.chmod(0o644)
    path.write_bytes(content)


def _blob(dist: Path) -> Path:
    return max((dist / "image/blobs/sha256").iterdir(), key=lambda path: path.stat().st_size)


def _linked(dist: Path) -> None:
    (dist / "release.lock").rename(dist / "other")
    (dist / "release.lock").symlink_to("other")


def _leading_out(dist: Path) -> None:
    document = json.loads((dist / "manifest.json").read_bytes())
    document["documents"][0]["path"] = "../../app/main.py"
    (dist / "manifest.json").write_bytes(canonical(document))
    (dist / "release.digest").unlink()
    (dist / "release.digest").write_text(f"{Digest.of(canonical(document))}\n")


def _rewritten(dist: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Another release manifest, with the digest and the YAML that it ought to have."""
    document = json.loads((dist / "manifest.json").read_bytes())
    change(document)
    content = canonical(document)
    statement = (dist / "provenance.intoto.json").read_bytes()
    was = (dist / "release.digest").read_text().strip().partition(":")[2]
    for name, text in (
        ("provenance.intoto.json", statement.replace(was.encode(), Digest.of(content).hex.encode())),
        ("manifest.json", content),
        ("release.digest", f"{Digest.of(content)}\n".encode()),
        ("manifest.yaml", manifest_yaml(content)),
    ):
        (dist / name).unlink()
        (dist / name).write_bytes(text)


def _other(document: dict[str, Any]) -> dict[str, Any]:
    """An image of a further variant, which is said to be there."""
    document["environment"]["targets"].append({**document["environment"]["targets"][0], "variant": "more"})
    document["environment"]["subset_of"] = ["cpu", "more"]
    return {**document["environment"]["images"][0], "variant": "more", "digest": "sha256:" + "1" * 64}


def _index(dist: Path, old: str, new: str) -> None:
    path = dist / "image" / "index.json"
    text = path.read_text()
    assert old in text
    path.unlink()
    path.write_text(text.replace(old, new))


def _whatever(dist: Path) -> None:
    """A file is another one, the manifest says so, and what would tell that it is another manifest is gone."""
    _rewritten(dist, lambda it: it["metadata"].update(team="others"))
    (dist / "release.digest").unlink()


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _said_to_be_tested(dist: Path) -> None:
    image = json.loads((dist / "manifest.json").read_bytes())["tests"]["images"][0]
    passed = {key: image[key] for key in ("variant", "platform", "digest")} | {"verdict": "passed"}
    _rewritten(dist, lambda it: it["tests"].update(images=[passed]))


def _of_another(dist: Path) -> None:
    path = dist / "provenance.intoto.json"
    statement = json.loads(path.read_bytes())
    statement["subject"][0]["digest"]["sha256"] = "0" * 64
    path.unlink()
    path.write_text(json.dumps(statement))


HARMS: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "manifest": (lambda dist: _changed(dist / "manifest.json"), "TB7", "manifest.json"),
    "digest": (lambda dist: (dist / "release.digest").write_text("sha256:0\n"), "TB7004", "release.digest"),
    "no digest": (_whatever, "TB7005", "release.digest is missing"),
    "a digest that is none": (lambda dist: _pipe(dist / "release.digest"), "TB7005", "release.digest is no file"),
    "no provenance": (
        lambda dist: (dist / "provenance.intoto.json").unlink(),
        "TB7005",
        "provenance.intoto.json is missing",
    ),
    "provenance that is none": (
        lambda dist: _pipe(dist / "provenance.intoto.json"),
        "TB7005",
        "provenance.intoto.json is no file",
    ),
    "no word of tests": (_said_to_be_tested, "TB7005", "tests.intoto.json is missing"),
    "file": (lambda dist: _changed(dist / "sbom.cdx.json"), "TB7005", "sbom.cdx.json"),
    "gone": (lambda dist: (dist / "release.lock").unlink(), "TB7005", "release.lock is missing"),
    "link": (_linked, "TB7005", "release.lock is a link"),
    "outside": (_leading_out, "TB7607", "/documents/0/path: "),
    "added": (
        lambda dist: (dist / "deploy" / "zz.yaml").write_text("kind: Pod\n"),
        "TB7005",
        "deploy/zz.yaml was added",
    ),
    "added link": (lambda dist: (dist / "more").symlink_to("/etc"), "TB7005", "more was added"),
    "no documents": (lambda dist: _rewritten(dist, lambda it: it.update(documents=[])), "TB7607", "/documents: "),
    "no images": (
        lambda dist: _rewritten(dist, lambda it: it["environment"].pop("images")),
        "TB7607",
        '"images" is a required property',
    ),
    "no lock": (
        lambda dist: _rewritten(
            dist, lambda it: it.update(documents=[file for file in it["documents"] if file["path"] != "release.lock"])
        ),
        "TB7607",
        "release.lock has no digest here",
    ),
    "another lock": (
        lambda dist: _rewritten(dist, lambda it: it["dependencies"].update(lock="sha256:" + "0" * 64)),
        "TB7607",
        "at /dependencies/lock",
    ),
    "further section": (lambda dist: _rewritten(dist, lambda it: it.update(more={})), "TB7607", "more"),
    "another image": (
        lambda dist: _rewritten(dist, lambda it: it["environment"]["images"].append(_other(it))),
        "TB7005",
        "provenance.intoto.json is not about this release",
    ),
    "tag": (lambda dist: _index(dist, '"1.0.0"', '"2.0.0"'), "TB7005", "calls sha256:"),
    "in the layout": (lambda dist: (dist / "image" / "more").write_text(""), "TB7005", "more was added"),
    "yaml": (lambda dist: (dist / "manifest.yaml").write_text("kind: x\n"), "TB7005", "manifest.yaml is not"),
    "provenance": (_of_another, "TB7005", "provenance.intoto.json is not about this release"),
    "blob": (lambda dist: _changed(_blob(dist)), "TB3211", "sha256:"),
    "no blob": (lambda dist: _blob(dist).unlink(), "TB3211", "cannot be read"),
}


def test_not_whole(tool: Tool, dist: Path, tmp_path: Path) -> None:
    """Exit 5, and what it is by name."""
    for harm, (do, code, word) in HARMS.items():
        harmed = tmp_path / "harmed"
        shutil.copytree(dist, harmed)
        do(harmed)
        ended = tool("validate", str(harmed))
        assert (ended.status, code in ended.err, word in ended.err) == (5, True, True), (harm, ended.err)
        shutil.rmtree(harmed)


def test_alone(tool: Tool, dist: Path, tmp_path: Path) -> None:
    """Of a manifest without its files the format is looked at all the same, of both versions."""
    document = json.loads((dist / "manifest.json").read_bytes())
    first = json.loads((Path(__file__).parents[1] / "codec" / "manifest_v1.json").read_bytes())
    alone = tmp_path / "alone.json"
    for whole in (document, first):
        alone.write_bytes(canonical(whole))
        assert tool("validate", str(alone)).status == 0
        for missing in ("verification", "documents", "environment"):
            alone.write_bytes(canonical({key: value for key, value in whole.items() if key != missing}))
            ended = tool("validate", str(alone))
            assert (ended.status, "TB7607" in ended.err, f'"{missing}" is a required' in ended.err) == (5, True, True)
    alone.write_bytes(canonical({"apiVersion": "twinbuild/manifest/v2", "kind": "ReleaseManifest", "metadata": {}}))
    assert "TB7607" in tool("validate", str(alone)).err

"""Releases whose bill of materials is of another one."""

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
from twinbuild.codec.cyclonedx import decode_bom
from twinbuild.errors import IntegrityError, TwinbuildError
from twinbuild.pipeline.reading.boms import ReadBom, read_bom
from twinbuild.pipeline.reading.reconciling import reconcile_release

__all__ = ["tool"]


@pytest.fixture
def dist(tool: Tool, tmp_path: Path) -> Path:
    """The tiny release."""
    return tiny_release(tool, tmp_path)


def _changed(found: ReadBom, change: Callable[[dict[str, Any]], object]) -> ReadBom:
    """The same release with another bill of materials."""
    document = json.loads(found.path.read_bytes())
    change(document)
    return ReadBom(path=found.path, bom=decode_bom(canonical(document), name="x"), release=found.release)


def _image(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in document["components"] if each["type"] == "container")
    return found


def test_other_images(dist: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bill of another release, though it may be signed as well; an image more; none; other files beside it.

    What lies in a layer of a step that the lock has not is unexplained: as outputs of a step anything could pass.
    """
    found = read_bom(dist)
    assert [each.exact for each in reconcile_release(found)] == [True]

    def one_more(document: dict[str, Any]) -> None:
        document["components"].append({**_image(document), "bom-ref": "image/more", "hashes": []})
        next(each for each in document["dependencies"] if each["ref"] == "release")["dependsOn"].append("image/more")

    for change in (
        lambda document: _image(document)["hashes"][0].update(content="0" * 64),
        one_more,
        lambda document: document.update(dependencies=[]),
    ):
        with pytest.raises(IntegrityError) as caught:
            list(reconcile_release(_changed(found, change)))
        assert caught.value.findings[0].code == "TB8706"
    assert found.release is not None
    document: dict[str, Any] = found.release.document
    named = document["environment"]["images"][0]["layers"]
    next(each for each in named if each["title"] == "release documents")["title"] = "step made-up"
    with monkeypatch.context() as patched:
        patched.setattr(type(found.release), "document", property(lambda _: document))
        (image,) = reconcile_release(found)
        assert "/etc/twinbuild/release.json" in image.unexplained
    lock = dist / "release.lock"
    lock.chmod(0o644)
    lock.write_bytes(lock.read_bytes() + b"\n")  # the same lock, but not the one that the manifest names
    with pytest.raises(IntegrityError, match=r"release\.lock"):
        list(reconcile_release(found))
    lock.write_bytes(lock.read_bytes()[:-1])
    layer = max((dist / "image" / "blobs" / "sha256").iterdir(), key=lambda path: path.stat().st_size)
    content = layer.read_bytes()
    layer.chmod(0o644)
    layer.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(IntegrityError):
        list(reconcile_release(found))


def test_a_component_of_another_version(dist: Path) -> None:
    """The bill says what is not in the image."""
    found = _changed(
        read_bom(dist),
        lambda document: next(each for each in document["components"] if each["name"] == "beta").update(version="2"),
    )
    (image,) = reconcile_release(found)
    assert (image.empty, image.unlisted) == (("beta 2",), ("beta 1 (pypi)",))
    assert len(image.unpinned) == 2


def test_a_digest_that_the_lock_has_not(dist: Path) -> None:
    """The image has the package all the same, and the bill is not exact."""

    def change(document: dict[str, Any]) -> None:
        (one,) = [each for each in document["components"] if each["name"] == "beta"]
        one["hashes"][0]["content"] = "0" * 64

    (image,) = reconcile_release(_changed(read_bom(dist), change))
    assert (image.empty, image.unexplained, image.exact) == ((), (), False)
    assert [each.partition(":")[0] for each in image.unpinned] == ["beta 1", "beta 1"]


def test_without_its_digest(dist: Path, tmp_path: Path) -> None:
    """A directory that does not say which release it is, is not passed over."""
    copy = tmp_path / "copy"
    shutil.copytree(dist, copy)
    (copy / "release.digest").unlink()
    with pytest.raises(TwinbuildError) as caught:
        list(reconcile_release(read_bom(copy)))
    assert caught.value.findings[0].code == "TB7005"


def test_other_names(dist: Path) -> None:
    """A bill that is about another release, or has another model."""

    def model(document: dict[str, Any]) -> None:
        next(each for each in document["components"] if each["type"] == "machine-learning-model")["version"] = "99"

    for change in (lambda document: document["metadata"]["component"].update(version="99"), model):
        with pytest.raises(
            IntegrityError, match=r"TB8706.*it is about tiny(-model)? 99, and the release is tiny 1\.0\.0"
        ):
            list(reconcile_release(_changed(read_bom(dist), change)))


def test_another_form(dist: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The document in XML says something else, though the release manifest names it."""
    path = dist / "sbom.cdx.xml"
    path.chmod(0o644)
    path.write_bytes(path.read_bytes().replace(b"<name>beta</name>", b"<name>gama</name>", 1))
    monkeypatch.setattr("twinbuild.pipeline.reading.reconciling.check_release", lambda _: None)
    with pytest.raises(IntegrityError, match=r"TB8706.*sbom\.cdx\.xml beside it says something else"):
        list(reconcile_release(read_bom(dist)))


def test_a_component_of_no_image(dist: Path) -> None:
    """It hangs from the release alone: nothing of it is anywhere."""

    def hang(document: dict[str, Any]) -> None:
        document["components"].append({"type": "library", "bom-ref": "x", "name": "x", "version": "1"})
        document["dependencies"].append({"ref": "x"})
        next(each for each in document["dependencies"] if each["ref"] == "release")["dependsOn"].append("x")

    (image,) = reconcile_release(_changed(read_bom(dist), hang))
    assert (image.empty, image.exact) == (("x 1",), False)


@pytest.mark.parametrize("how", ["changed", "link", "pipe", "missing"])
def test_a_bill_that_is_not_the_releases(dist: Path, tool: Tool, how: str) -> None:
    """It is not read as if it were, whoever asks; and nobody waits for a pipe."""
    path = dist / "sbom.cdx.json"
    content = path.read_bytes()
    path.unlink()
    match how:
        case "changed":
            path.write_bytes(content.replace(b'"beta"', b'"gama"'))
        case "link":
            (dist.parent / "elsewhere.json").write_bytes(content)
            path.symlink_to(dist.parent / "elsewhere.json")
        case "pipe":
            os.mkfifo(path)
    for words in (("check", str(dist)), ("diff", str(dist), str(dist))):
        ended = tool("sbom", *words)
        assert (ended.status, "error[TB7005]: sbom.cdx.json" in ended.err) == (5, True), ended.err

"""``pipeline.weights.extract``: the files as they lie in the image, all of them or none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fakes.signed import WEIGHTS, SignedDist, signed, signed_once
from twinbuild.codec.canonical import canonical
from twinbuild.errors import IntegrityError, TwinbuildError, UsageError
from twinbuild.model.digest import Digest
from twinbuild.pipeline.reading.released import Released, read_release
from twinbuild.pipeline.weights import extract
from twinbuild.pipeline.weights.extract import extract_weights

__all__ = ["signed", "signed_once"]


def _files(directory: Path) -> dict[str, bytes]:
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def test_as_in_the_image(signed: SignedDist, tmp_path: Path) -> None:
    """Paths, bytes, modes, and what is said of them."""
    found = extract_weights(read_release(signed.dist), tmp_path / "weights")
    expected = {path.removeprefix("/models/"): content for path, content in WEIGHTS.items()}
    assert _files(tmp_path / "weights") == expected
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "weights").rglob("*.bin")} == {0o644}
    assert found.root == "/models"
    assert {path: (size, digest) for path, size, digest in found.files} == {
        path: (len(content), Digest.of(content)) for path, content in expected.items()
    }


def test_not_whole(signed: SignedDist, tmp_path: Path) -> None:
    """Nothing is taken out of a release of which a blob is damaged."""
    for path in (signed.dist / "image" / "blobs" / "sha256").iterdir():
        content = path.read_bytes()
        if content.startswith(b"\x28\xb5\x2f\xfd"):
            path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(IntegrityError):
        extract_weights(read_release(signed.dist), tmp_path / "weights")
    assert not (tmp_path / "weights").exists()


def _lying(signed: SignedDist, monkeypatch: pytest.MonkeyPatch, **changed: object) -> Released:
    """A release whose manifest says something else of its first artifact, and which passes for whole."""
    release = read_release(signed.dist)
    document: dict[str, Any] = release.document
    document["model"]["artifacts"][0].update(changed)
    monkeypatch.setattr(extract, "check_release", lambda _: 0)
    content = canonical(document)
    return Released(path=release.path, directory=release.directory, digest=release.digest, content=content)


@pytest.mark.parametrize(
    "changed", [{"sha256": "0" * 64}, {"size": 999}, {"target": "/models/none.bin"}, {"name": "another"}]
)
def test_not_as_said(
    signed: SignedDist, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: dict[str, object]
) -> None:
    """Bytes, size, place and layer are those of the manifest, or nothing is written."""
    with pytest.raises(IntegrityError) as caught:
        extract_weights(_lying(signed, monkeypatch, **changed), tmp_path / "weights")
    assert caught.value.findings[0].code == "TB8663"
    assert not (tmp_path / "weights").exists()


def test_outside(signed: SignedDist, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No path leads out of the directory."""
    with pytest.raises(TwinbuildError):
        extract_weights(_lying(signed, monkeypatch, target="/models/../../out"), tmp_path / "weights")
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "weights").exists()


def test_no_model(signed: SignedDist, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A release without files of a model has none to take."""
    release = _lying(signed, monkeypatch)
    document: dict[str, Any] = release.document
    document["model"].pop("artifacts")
    content = canonical(document)
    without = Released(path=release.path, directory=release.directory, digest=release.digest, content=content)
    with pytest.raises(UsageError, match="TB8662"):
        extract_weights(without, tmp_path / "weights")

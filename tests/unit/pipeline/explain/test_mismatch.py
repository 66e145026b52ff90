from __future__ import annotations

import hashlib
import json
import random
import shutil
from pathlib import Path
from typing import Any

import pytest

from fakes.faults import _base, _File, _layout
from twinbuild.errors import UsageError
from twinbuild.pipeline.explain.mismatch import mismatch


def causes(first: Path, second: Path) -> list[str]:
    """The names of the causes in their order."""
    return [reason.cause.name for reason in mismatch(first, second).reasons]


def test_what_follows_from_a_layer_is_no_cause(tmp_path: Path) -> None:
    """Configuration and manifest name digests; only the layer's file is told, with the step that made it."""
    one, other = _base(random.Random(1)), _base(random.Random(1))
    one.files["etc/x"] = _File(content=b"pid=12")
    other.files["etc/x"] = _File(content=b"pid=13")
    for name, build in (("a", one), ("b", other)):
        _layout(tmp_path / name, [_base(random.Random(2)), build], "zstd")
    found = mismatch(tmp_path / "a", tmp_path / "b")
    (reason,) = found.reasons
    assert (reason.cause.name, reason.step, reason.first.place) == ("process-id", "layer 2 'step 1'", ("etc/x",))


def test_a_damaged_layout(tmp_path: Path) -> None:
    """A blob that is cut off or changed is the cause, and of which side is told."""
    _layout(tmp_path / "a", [_base(random.Random(1))], "gzip")
    for name, damage in (("truncated", lambda blob: blob[:-9]), ("corrupt", lambda blob: b"!" + blob[1:])):
        shutil.copytree(tmp_path / "a", tmp_path / name)
        largest = max((tmp_path / name / "blobs/sha256").iterdir(), key=lambda path: path.stat().st_size)
        largest.write_bytes(damage(largest.read_bytes()))
        assert causes(tmp_path / "a", tmp_path / name) == [name]
    shutil.copytree(tmp_path / "a", tmp_path / "none")
    (tmp_path / "none" / "index.json").write_text("{")
    assert causes(tmp_path / "a", tmp_path / "none") == ["corrupt"]


def test_a_configuration_that_is_wrong(tmp_path: Path) -> None:
    """Layers are read whatever diff_ids it states: unlike files are never told to be the same ones."""
    one, other = _base(random.Random(1)), _base(random.Random(1))
    one.files["etc/x"], other.files["etc/x"] = _File(content=b"pid=12"), _File(content=b"pid=13")
    for name, build in (("a", one), ("b", other)):
        _layout(tmp_path / name, [build], "gzip")
    parts = [_parts(tmp_path / name) for name in "ab"]
    parts[1][1]["rootfs"] = parts[0][1]["rootfs"]
    parts[1][0]["config"] |= _put(tmp_path / "b", parts[1][1])
    index = {
        "schemaVersion": 2,
        "manifests": [{"mediaType": parts[1][0]["mediaType"], **_put(tmp_path / "b", parts[1][0])}],
    }
    (tmp_path / "b" / "index.json").write_text(json.dumps(index))
    assert causes(tmp_path / "a", tmp_path / "b") == ["process-id"]


def _parts(layout: Path) -> list[dict[str, Any]]:
    """The manifest of a layout's only image, and its configuration."""
    manifest = _read(layout, json.loads((layout / "index.json").read_text())["manifests"][0])
    return [manifest, _read(layout, manifest["config"])]


def _read(layout: Path, described: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((layout / "blobs/sha256" / described["digest"][7:]).read_bytes())
    return found


def _put(layout: Path, document: dict[str, Any]) -> dict[str, object]:
    content = json.dumps(document).encode()
    digest = hashlib.sha256(content).hexdigest()
    (layout / "blobs/sha256" / digest).write_bytes(content)
    return {"digest": f"sha256:{digest}", "size": len(content)}


def test_a_digest_that_follows_from_nothing(tmp_path: Path) -> None:
    """Digests beside the images are passed over where something else differs, and are told where nothing does."""
    for name, digest in (("a", "0"), ("b", "1")):
        _layout(tmp_path / name, [_base(random.Random(1))], "gzip")
        (tmp_path / name / "manifest.json").write_text(json.dumps({"lock": f"sha256:{digest * 64}"}))
        (tmp_path / name / "tests.intoto.json").write_text(f"took {digest} ms")  # two runs of one release
    (reason,) = mismatch(tmp_path / "a", tmp_path / "b").reasons
    assert (reason.cause.name, reason.first.place) == ("corrupt", ("manifest.json",))
    (tmp_path / "b" / "deploy.yaml").write_text("replicas: 2\n")
    assert causes(tmp_path / "a", tmp_path / "b") == ["file-set"]


def test_a_release_digest_of_another(tmp_path: Path) -> None:
    """It is no account of a run: that it is other where the release is the same is told."""
    for name in ("a", "b"):
        _layout(tmp_path / name, [_base(random.Random(1))], "gzip")
        (tmp_path / name / "manifest.json").write_text("{}")
        (tmp_path / name / "release.digest").write_text(f"sha256:{'0' * 64}\n")
    assert causes(tmp_path / "a", tmp_path / "b") == []
    (tmp_path / "b" / "release.digest").write_text(f"sha256:{'1' * 64}\n")
    (reason,) = mismatch(tmp_path / "a", tmp_path / "b").reasons
    assert (reason.cause.name, reason.first.place) == ("corrupt", ("release.digest",))


def test_a_layer_more(tmp_path: Path) -> None:
    """It is named, and the others are compared with those that are theirs."""
    layers = [_base(random.Random(number)) for number in range(3)]
    _layout(tmp_path / "a", layers, "gzip")
    _layout(tmp_path / "b", [layers[0], layers[2]], "gzip")
    assert "file-set" in causes(tmp_path / "a", tmp_path / "b")


def test_directories(tmp_path: Path) -> None:
    """Their files, whatever their times."""
    for name, text in (("a", "x\n"), ("b", "x\r\n")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "f").write_bytes(text.encode())
    assert causes(tmp_path / "a", tmp_path / "b") == ["line-endings"]
    assert causes(tmp_path / "a", tmp_path / "a") == []


def test_large_files_of_directories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Compared like others, and not looked into."""
    monkeypatch.setattr("twinbuild.pipeline.explain.mismatch._LARGEST", 100_000)
    for name, text in (("a", "one"), ("b", "one"), ("c", "two")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "weights").write_bytes(b"w" * 150_000 + text.encode())
    assert causes(tmp_path / "a", tmp_path / "b") == []
    (reason,) = mismatch(tmp_path / "a", tmp_path / "c").reasons
    assert (reason.first.place, reason.first.offset) == (("weights",), 150_000)


def test_no_more_differences_than_can_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where counting ends, that is said."""
    monkeypatch.setattr("twinbuild.pipeline.explain.mismatch._MOST", 3)
    for name in "ab":
        (tmp_path / name).mkdir()
    for number in range(3):
        assert not mismatch(tmp_path / "a", tmp_path / "b").notes
        (tmp_path / "a" / str(number)).touch()
    (tmp_path / "a" / "3").touch()
    found = mismatch(tmp_path / "a", tmp_path / "b")
    assert found.reasons[0].count == 3
    assert found.notes == ("what is behind the first 3 differences",)


def test_refused(tmp_path: Path) -> None:
    """Two of unlike kinds, and what is not there."""
    (tmp_path / "f").write_text("x")
    with pytest.raises(UsageError, match="TB9302"):
        mismatch(tmp_path, tmp_path / "f")
    with pytest.raises(UsageError, match="TB9301"):
        mismatch(tmp_path / "none", tmp_path / "f")

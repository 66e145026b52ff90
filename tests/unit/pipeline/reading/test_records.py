"""``pipeline.reading.records``: the RECORD files of a release's own image."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakes.tiny import tiny_release
from fakes.tool import Tool, tool
from twinbuild.errors import TwinbuildError
from twinbuild.pipeline.reading.records import image_variables, records_of
from twinbuild.pipeline.reading.released import read_release

__all__ = ["tool"]


@pytest.fixture
def dist(tool: Tool, tmp_path: Path) -> Path:
    """The release of the tiny project."""
    return tiny_release(tool, tmp_path)


def test_records(dist: Path) -> None:
    """RECORD files are those of the image, and a layer with other bytes is refused."""
    release = read_release(dist)
    (target,) = release.document["environment"]["targets"]  # type: ignore[index,call-overload]  # JSON
    found = records_of(dist, release.document, target)  # type: ignore[arg-type]
    assert set(found) == {"alpha", "beta"}
    assert all(digest.startswith("sha256:") for digest in found.values())
    assert records_of(dist, release.document, {"variant": "other"}) == {}
    blob = max((dist / "image/blobs/sha256").iterdir(), key=lambda path: path.stat().st_size)
    blob.chmod(0o644)
    blob.write_bytes(b"x" + blob.read_bytes()[1:])
    with pytest.raises(TwinbuildError) as caught:
        records_of(dist, release.document, target)  # type: ignore[arg-type]
    assert caught.value.findings[0].code == "TB3211"


def test_variables(dist: Path) -> None:
    """Those of the image's configuration, of all images or of one."""
    document = read_release(dist).document
    (target,) = document["environment"]["targets"]  # type: ignore[index,call-overload]  # JSON
    found = image_variables(dist, document)
    assert (found["LANG"], found["VIRTUAL_ENV"]) == ("C.UTF-8", "/opt/venv")
    assert image_variables(dist, document, target) == found  # type: ignore[arg-type]
    assert image_variables(dist, document, {"variant": "other"}) == {}

"""``pipeline.site.finding``: releases below directories."""

from __future__ import annotations

from pathlib import Path

import pytest

from twinbuild.errors import UsageError
from twinbuild.pipeline.site.finding import releases_below


def _release(place: Path) -> Path:
    place.mkdir(parents=True)
    (place / "manifest.json").touch()
    (place / "release.digest").touch()
    return place


def test_found(tmp_path: Path) -> None:
    """Named or below what is named, each once; hidden ones, links and what lies in a release are passed over."""
    one = _release(tmp_path / "a" / "dist" / "a-1")
    two = _release(tmp_path / "b" / "dist" / "b-1")
    _release(tmp_path / "b" / ".dist" / "b-0")
    _release(one / "image" / "c-1")
    (tmp_path / "b" / "again").symlink_to(tmp_path / "a")
    (tmp_path / "b" / "round").symlink_to(tmp_path)
    assert releases_below([tmp_path, one, tmp_path / "a"]) == (one, two)


@pytest.mark.parametrize("name", ["", "nothing", "file"])
def test_none(tmp_path: Path, name: str) -> None:
    """An empty directory, none, and a file."""
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="TB9401"):
        releases_below([tmp_path / name])


def test_too_deep(tmp_path: Path) -> None:
    """Four levels are looked at, so that a wrong directory is not walked for minutes."""
    _release(tmp_path / "1" / "2" / "3" / "4" / "5")
    with pytest.raises(UsageError, match="TB9401"):
        releases_below([tmp_path])

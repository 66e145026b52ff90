from __future__ import annotations

import os
from pathlib import Path

import pytest

from twinbuild.errors import UsageError
from twinbuild.pipeline.explain import trees
from twinbuild.pipeline.explain.trees import OnDisk, tree_files


def test_entries(tmp_path: Path) -> None:
    """Every entry by its kind; a link that leads back up is not followed; what is left out is not looked at."""
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "f").write_text("x")
    (tmp_path / "up").symlink_to("..")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "image").mkdir()
    found = tree_files(tmp_path, left_out=("image",))
    assert {path: each.kind for path, each in found.items()} == {
        "d": "directory",
        "d/f": "file",
        "up": "link",
        "pipe": "pipe",
    }


def test_unlike() -> None:
    """Kind, target and mode, each by its cause."""
    file = OnDisk(kind="file", mode=0o644)
    link = OnDisk(kind="link", mode=0o777, target="a")
    names = [
        [each.cause.name for each in one.unlike(other, "p")]
        for one, other in (
            (file, link),
            (link, OnDisk(kind="link", mode=0o777, target="b")),
            (file, OnDisk(kind="file", mode=0o600)),
            (file, OnDisk(kind="file", mode=0o755)),
            (file, file),
        )
    ]
    assert names == [["file-kind"], ["link-target"], ["umask"], ["file-mode"], []]


def test_very_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A directory without end is refused."""
    monkeypatch.setattr(trees, "_MOST", 3)
    for number in range(5):
        (tmp_path / str(number)).touch()
    with pytest.raises(UsageError, match="TB9303"):
        tree_files(tmp_path)

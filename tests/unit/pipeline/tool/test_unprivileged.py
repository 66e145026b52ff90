"""``pipeline.tool.unprivileged``: what a packed twinbuild wrote runs as nobody else."""

from __future__ import annotations

import stat
import time
from pathlib import Path

import pytest

from twinbuild.pipeline.tool.unprivileged import without_set_id


def _program(path: Path, mode: int) -> Path:
    path.write_text("x")
    path.chmod(mode)
    return path


def test_what_came_is_taken_off(tmp_path: Path) -> None:
    """Set-id bits of files that were written meanwhile, at any depth, behind closed directories; no others."""
    place = tmp_path / "place"
    (place / "kept").mkdir(parents=True)
    old = _program(place / "kept" / "old", 0o4755)
    touched = _program(place / "touched", 0o4755)
    elsewhere = _program(tmp_path / "elsewhere", 0o4755)
    time.sleep(0.05)  # of a file system's clock
    with without_set_id((str(place),)):
        new, group, plain = (
            _program(place / name, mode) for name, mode in (("new", 0o4755), ("group", 0o2755), ("plain", 0o751))
        )
        touched.chmod(0o6711)
        (place / "a" / "b").mkdir(parents=True)
        deep = _program(place / "a" / "b" / "deep", 0o6555)
        (place / "a").chmod(0o000)
        (place / "link").symlink_to(elsewhere)
        (place / "directory").symlink_to(tmp_path)
    modes = {
        path.name: stat.S_IMODE(path.stat().st_mode) for path in (old, touched, new, group, plain, deep, elsewhere)
    }
    assert modes == {
        "old": 0o4755,
        "touched": 0o711,
        "new": 0o755,
        "group": 0o755,
        "plain": 0o751,
        "deep": 0o555,
        "elsewhere": 0o4755,
    }


def test_after_an_error_too(tmp_path: Path) -> None:
    """However the body ends; where nothing can be written, or nothing is, nothing happens."""

    def wrote() -> None:
        with without_set_id((str(tmp_path), str(tmp_path / "nothing"))):
            _program(tmp_path / "new", 0o4755)
            raise KeyError

    with pytest.raises(KeyError):
        wrote()
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o755

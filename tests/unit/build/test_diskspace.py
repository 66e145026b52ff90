"""How much is written below a directory."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

import twinbuild.build.diskspace as module
from twinbuild.build.diskspace import Watch, used


def test_what_is_used(tmp_path: Path) -> None:
    """Files at any depth count once whatever their names; links are not followed, and what is gone is nothing."""
    (tmp_path / "d/e").mkdir(parents=True)
    empty = used(str(tmp_path))
    (tmp_path / "d/e/f").write_bytes(bytes(1 << 20))
    os.link(tmp_path / "d/e/f", tmp_path / "d/again")
    (tmp_path / "out").symlink_to("/usr")
    assert 1 << 20 <= used(str(tmp_path)) - empty < (1 << 20) + 65536
    assert used(str(tmp_path / "nothing")) == 0


def test_a_limit_counts_what_is_added(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was there before is free; who counts for a second counts again four seconds later, and not at once."""
    (tmp_path / "before").write_bytes(bytes(4 << 20))
    clock = iter((0.0, 1.0, 4.9, 5.1, 6.1))
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    watch = Watch(str(tmp_path), 1 << 20)
    assert not watch.exceeded()
    (tmp_path / "after").write_bytes(bytes(2 << 20))
    assert not watch.exceeded()
    assert watch.exceeded()


def test_the_last_of_the_disk_is_not_for_commands(tmp_path: Path) -> None:
    """Less than the reserve is too little, unless it was so before."""
    watch = Watch(str(tmp_path), 1 << 30)
    before = module.RESERVE
    try:
        module.RESERVE = 1 << 62
        assert watch.exceeded()
        assert not Watch(str(tmp_path), 1 << 30).exceeded()
    finally:
        module.RESERVE = before

"""A directory that changes as a ConfigMap's volume does."""

from __future__ import annotations

from pathlib import Path

from twinbuild.pipeline.run.livevolume import LiveVolume


def test_it_changes_as_a_whole(tmp_path: Path) -> None:
    """Names are links that stay as they are; what they lead to is exchanged, and nothing old is left."""
    volume = LiveVolume(tmp_path)
    volume.hold({"A": "1"})
    link = (tmp_path / "A").lstat()
    first = (tmp_path / "..data").readlink()
    volume.hold({"A": "2", "B": "3"})
    assert {name: (tmp_path / name).read_text() for name in ("A", "B")} == {"A": "2", "B": "3"}
    assert (tmp_path / "A").lstat() == link
    assert not (tmp_path / first).exists()
    volume.hold({})
    assert [path.name for path in tmp_path.iterdir() if not path.name.startswith("..")] == []

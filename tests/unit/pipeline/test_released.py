"""``pipeline.released``: where a release is. What is wrong with one is in ``unit/cli/test_validate.py``."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakes.tiny import tiny_release
from fakes.tool import Tool, tool
from twinbuild.errors import UsageError
from twinbuild.model.digest import Digest
from twinbuild.pipeline.released import read_release

__all__ = ["tool"]


def test_where_it_is(tool: Tool, tmp_path: Path) -> None:
    """Its directory, its release manifest, or the spec; a release manifest elsewhere lies alone."""
    dist = tiny_release(tool, tmp_path)
    content = (dist / "manifest.json").read_bytes()
    for where in (dist, dist / "manifest.json", dist.parent.parent):
        found = read_release(where)
        assert (found.digest, found.directory) == (Digest.of(content), dist)
    alone = tmp_path / "alone.json"
    alone.write_bytes(content)
    assert read_release(alone).directory is None
    assert read_release(alone).document["kind"] == "ReleaseManifest"


def test_nothing_there(tool: Tool, tmp_path: Path) -> None:
    """TB7003 says what to do; of variants that were released alone it names the directories."""
    dist = tiny_release(tool, tmp_path)
    dist.rename(dist.with_name("tiny-1.0.0-cpu"))
    (tmp_path / "empty").mkdir()
    for where, word in (
        (tmp_path / "empty", "is neither a release nor"),
        (tmp_path / "nowhere.json", ""),
        (dist.parent.parent, "there are dist/tiny-1.0.0-cpu"),
    ):
        with pytest.raises(UsageError) as caught:
            read_release(where)
        assert word in caught.value.findings[0].message
        assert caught.value.findings[0].code in ("TB7003", "TB8010")

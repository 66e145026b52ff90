"""Bills of materials of releases and of anyone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from twinbuild.errors import UsageError
from twinbuild.pipeline.reading.boms import read_bom


def test_a_file(tmp_path: Path) -> None:
    """It is of no release."""
    path = tmp_path / "x.json"
    path.write_text('{"bomFormat": "CycloneDX", "specVersion": "1.7"}')
    found = read_bom(path)
    assert (found.path, found.release, found.bom.version) == (path, None, "1.7")


def test_nothing(tmp_path: Path) -> None:
    """No file, a pipe that nobody writes into, and a directory that is no release."""
    os.mkfifo(tmp_path / "pipe")
    for path, code in ((tmp_path / "none.json", "TB8701"), (tmp_path / "pipe", "TB8701"), (tmp_path, "TB7003")):
        with pytest.raises(UsageError) as caught:
            read_bom(path)
        assert caught.value.findings[0].code == code

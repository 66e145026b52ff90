"""``pipeline.archive.bringing``: files that are no files. The rest is in ``test_adding``."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from twinbuild.errors import IntegrityError
from twinbuild.pipeline.archive.bringing import read


def test_what_is_no_file(tmp_path: Path) -> None:
    """A FIFO, a directory and nothing at all are refused without waiting: TB9105."""
    os.mkfifo(tmp_path / "fifo")
    for name in ("fifo", ".", "nothing"):
        with pytest.raises(IntegrityError, match="TB9105"):
            read(tmp_path / name)

"""The machine's own package index: what pip would ask."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from twinbuild.model.lock import LockedWheel
from twinbuild.net.index import files
from twinbuild.net.opener import Opener
from twinbuild.sources.configure import settings_from
from twinbuild.sources.fetch import RemoteFetcher
from twinbuild.store.disk import DiskStore


@pytest.mark.network
def test_wheel_of_the_default_index(tmp_path: Path) -> None:
    """A small wheel is found with its digest on the default index and arrives verified."""
    command = [sys.executable, "-m", "pip", "download", "--help"]
    told = subprocess.run(command, capture_output=True, text=True, check=True)
    address = re.search(r"default (https://\S+?)\)", re.sub(r"\s+", " ", told.stdout))
    assert address is not None
    settings = settings_from(os.environ, home=str(tmp_path), default_index=address[1])
    listed = files(Opener(settings), address[1], "six")
    (file,) = [file for file in listed if file.filename == "six-1.17.0-py2.py3-none-any.whl"]
    assert file.sha256 is not None
    assert file.size is not None
    locked = LockedWheel(
        index="default", name="six", version="1.17.0", filename=file.filename, size=file.size, sha256=file.sha256,
        requires=(), requested=True,
    )  # fmt: skip
    with DiskStore(tmp_path / "store") as store:
        RemoteFetcher(settings, project=str(tmp_path)).fetch((locked,), store)
        store.check(file.sha256)

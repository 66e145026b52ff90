"""A real diffoscope, which ``explain-mismatch --deep`` asks: it looks into what we look into, and sees the same."""

from __future__ import annotations

import gzip
import io
import shutil
import tarfile
from pathlib import Path

import pytest

from fakes.tool import Tool

pytestmark = [pytest.mark.slow, pytest.mark.sandbox]


def _layer(path: Path, *, mtime: int, text: bytes) -> None:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as archive:
        entry = tarfile.TarInfo("etc/motd")
        entry.size, entry.mtime = len(text), mtime
        archive.addfile(entry, io.BytesIO(text))
    path.write_bytes(gzip.compress(held.getvalue(), mtime=0))


def test_it_sees_the_same(tool: Tool, tmp_path: Path) -> None:
    """A file two archives deep, and its time: both are in its report, below our own causes. Equal bytes need none."""
    if shutil.which("diffoscope") is None:
        pytest.skip("diffoscope is not installed: apt-get install diffoscope-minimal")
    first, second = tmp_path / "first.tar.gz", tmp_path / "second.tar.gz"
    _layer(first, mtime=0, text=b"hello\n")
    _layer(second, mtime=86_400, text=b"hullo\n")
    ended = tool("explain-mismatch", "--deep", str(first), str(second))
    assert ended.status == 1, ended.err
    for said in ("-hello", "+hullo", "1970-01-01", "1970-01-02"):
        assert said in ended.out
    assert ended.out.index("etc/motd") < ended.out.index("-hello")
    assert tool("explain-mismatch", "--deep", str(first), str(first)).status == 0

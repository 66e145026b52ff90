"""Files that others wrote: what is no regular file is refused with its reason, and no more is read than was asked."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from twinbuild.pipeline.regular import Irregular, beginning_of, open_regular, read_regular


def test_what_is_read(tmp_path: Path) -> None:
    """All of a file that is small enough; through a link only where that is allowed, and only to a file."""
    file = tmp_path / "file"
    file.write_bytes(b"12345")
    (tmp_path / "link").symlink_to(file)
    assert (read_regular(file, 5), read_regular(tmp_path / "link", 5, follow=True)) == (b"12345", b"12345")
    with open_regular(file) as stream:
        assert stream.read(2) == b"12"


def test_what_is_refused(tmp_path: Path) -> None:
    """Nothing is waited for, and nothing of a huge file is held: it has 8 TB of holes."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "directory").mkdir()
    (tmp_path / "link").symlink_to("/etc/passwd")
    (tmp_path / "link to a pipe").symlink_to("pipe")
    (tmp_path / "nowhere").symlink_to("gone")
    (tmp_path / "file").write_bytes(b"123456")
    (tmp_path / "huge").touch()
    os.truncate(tmp_path / "huge", 8 << 40)
    for name, follow, why in (
        ("pipe", False, "is no file"),
        ("directory", False, "is no file"),
        ("link", False, "is a link"),
        ("link to a pipe", True, "is no file"),
        ("nowhere", True, "is missing"),
        ("gone", False, "is missing"),
        ("file/below", False, "is missing"),
        ("file", False, "has more than 5 bytes"),
        ("huge", False, "has more than 5 bytes"),
    ):
        with pytest.raises(Irregular) as caught:
            read_regular(tmp_path / name, 5, follow=follow)
        assert str(caught.value) == why


def test_beginnings(tmp_path: Path) -> None:
    """The first bytes of a file, or all of a short one; of a link, a pipe and what is not there nothing."""
    (tmp_path / "file").write_bytes(b"123456")
    (tmp_path / "link").symlink_to("file")
    os.mkfifo(tmp_path / "pipe")
    assert [beginning_of(tmp_path / "file", most) for most in (2, 9)] == [b"12", b"123456"]
    assert [beginning_of(tmp_path / name, 9) for name in ("link", "pipe", "gone")] == [b"", b"", b""]

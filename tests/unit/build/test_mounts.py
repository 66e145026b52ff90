"""Mount points below a root: no link on the way, and nothing that is not there; the rest is in ``test_sandbox``."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from twinbuild.build.kernel import Failure
from twinbuild.build.mounts import place


def test_places(tmp_path: Path) -> None:
    """Directories and files of the root."""
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "file").touch()
    assert place(str(tmp_path), "/a/b") == f"{tmp_path}/a/b"
    assert place(str(tmp_path), "a/file") == f"{tmp_path}/a/file"


@pytest.mark.parametrize(
    ("name", "number"),
    [("/link", errno.ELOOP), ("/link/b", errno.ELOOP), ("/a/../a", errno.ELOOP), ("/a/none", errno.ENOENT)],
)
def test_places_that_lead_elsewhere(tmp_path: Path, name: str, number: int) -> None:
    """They would be mounted over a file of the host."""
    (tmp_path / "a").mkdir()
    (tmp_path / "link").symlink_to("/")
    with pytest.raises(Failure) as caught:
        place(str(tmp_path), name)
    assert caught.value.report == {"failure": {"step": "find the mount point", "errno": number, "detail": name}}

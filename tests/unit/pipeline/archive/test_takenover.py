"""``pipeline.archive.takenover``: of what a program of an archive left, plain files come over."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from fakes.archived import tiny_record
from twinbuild.errors import IntegrityError
from twinbuild.pipeline.archive import takenover
from twinbuild.pipeline.archive.takenover import take_over


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """What was left, with a file; beside it the output."""
    (tmp_path / "output").mkdir()
    place = tmp_path / "left" / "release"
    (place / "image" / "blobs").mkdir(parents=True)
    (place / "image" / "blobs" / "file").write_text("x")
    return place


def _taken(made: Path) -> dict[str, str]:
    output = made.parent.parent / "output"
    take_over(made, output, tiny_record())
    return {str(path.relative_to(output)): stat.filemode(path.lstat().st_mode) for path in output.rglob("*")}


def test_modes_are_those_of_an_output(made: Path) -> None:
    """No set-id bit, no right to write for others, no mode that keeps its owner out; whatever the umask is."""
    (made / "image" / "blobs" / "file").chmod(0o6777)
    (made / "none").touch(mode=0o000)
    (made / "image").chmod(0o000)
    made.chmod(0o4000)
    before = os.umask(0o077)
    try:
        found = _taken(made)
    finally:
        os.umask(before)
    assert found == {
        "image": "drwxr-xr-x",
        "image/blobs": "drwxr-xr-x",
        "image/blobs/file": "-rw-r--r--",
        "none": "-rw-r--r--",
    }


def test_nothing_that_people_sign(made: Path) -> None:
    """What is compared with nothing does not come over, but for the account of the run."""
    for name in ("signatures/a", "approvals/b", "run.json"):
        (made / name).parent.mkdir(exist_ok=True)
        (made / name).write_text("x")
    assert _taken(made).keys() == {"image", "image/blobs", "image/blobs/file", "run.json"}


@pytest.mark.parametrize("kind", ["link", "directory", "pipe", "deep", "large", "many"])
def test_what_no_release_has(made: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """TB9180, and nothing beside the output is touched."""
    monkeypatch.setattr(takenover, "_MOST", 100)
    match kind:
        case "link":
            (made / "x").symlink_to("/etc/passwd")
        case "directory":
            (made / "signatures").symlink_to("/etc")
        case "pipe":
            os.mkfifo(made / "x")
        case "deep":
            (made / "/".join("d" * 20)).mkdir(parents=True)
        case "large":
            (made / "x").touch()
            os.truncate(made / "x", 1 << 40)
        case _:
            for number in range(101):
                (made / f"{number}").touch()
    with pytest.raises(IntegrityError) as caught:
        _taken(made)
    assert caught.value.findings[0].code == "TB9180"

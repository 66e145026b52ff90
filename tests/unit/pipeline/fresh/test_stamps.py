"""What is remembered of an output is the status of the right bytes, and of nothing else."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from twinbuild.errors import IntegrityError
from twinbuild.model.digest import Digest
from twinbuild.pipeline.fresh.stamps import remember_output, unchanged_output
from twinbuild.pipeline.output import copy_blob
from twinbuild.store.disk import DiskStore

BLOB = b"a layer" * 1000
CONTENTS: dict[str, bytes | Digest] = {"manifest.json": b"{}", "image/blob": Digest.of(BLOB)}
EXPECTED = frozenset({*CONTENTS, "run.json"})


class Written:
    """An output that was just laid out."""

    def __init__(self, base: Path) -> None:
        self.store = DiskStore(base / "store")
        self.target = base / "out"
        (self.target / "image").mkdir(parents=True)
        (self.target / "manifest.json").write_bytes(b"{}")
        self.store.put(BLOB)
        self.copied = {"image/blob": copy_blob(self.store, Digest.of(BLOB), self.blob)}

    @property
    def blob(self) -> Path:
        """A layer of it."""
        return self.target / "image" / "blob"

    def remember(self) -> None:
        """What a release does next."""
        remember_output(self.target, self.store, contents=CONTENTS, copied=self.copied)

    def unchanged(self) -> bool:
        """What the next release asks."""
        return unchanged_output(self.target, self.store, expected=EXPECTED)


@pytest.fixture
def written(tmp_path: Path) -> Written:
    """An output."""
    return Written(tmp_path)


def _damage(path: Path) -> None:
    """Another byte, the same size and the old modification time."""
    status = path.stat()
    with path.open("r+b") as stream:
        stream.write(b"X")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def _elsewhere(written: Written) -> None:
    written.blob.rename(written.target.parent / "elsewhere")
    written.blob.symlink_to(written.target.parent / "elsewhere")


CHANGES: dict[str, Callable[[Written], object]] = {
    "blob damaged": lambda written: _damage(written.blob),
    "blob cut short": lambda written: os.truncate(written.blob, 5),
    "blob gone": lambda written: written.blob.unlink(),
    "blob behind a link": _elsewhere,
    "document damaged": lambda written: _damage(written.target / "manifest.json"),
    "document gone": lambda written: (written.target / "manifest.json").unlink(),
    "file added": lambda written: (written.target / "image" / "more").touch(),
    "link to a directory added": lambda written: (written.target / "image" / "more").symlink_to("/etc"),
}


def test_what_was_written_is_believed(written: Written) -> None:
    """Nothing changed: it is remembered and known again; the file of the run does not count."""
    written.remember()
    (written.target / "run.json").touch()
    assert written.unchanged()


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_what_changed_at_once_is_refused(written: Written, change: Callable[[Written], object]) -> None:
    """TB8022, and nothing is remembered, so that the next release writes it anew."""
    change(written)
    with pytest.raises(IntegrityError) as caught:
        written.remember()
    assert caught.value.findings[0].code == "TB8022"
    assert not written.unchanged()


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_what_changes_later_is_seen(written: Written, change: Callable[[Written], object]) -> None:
    """The next release writes it anew."""
    written.remember()
    change(written)
    assert not written.unchanged()


def test_another_status_is_no_change(written: Written) -> None:
    """A file system that sets times later, or another copy of the same bytes: it is read, and believed."""
    os.utime(written.blob, (1, 1))
    written.remember()
    assert written.unchanged()

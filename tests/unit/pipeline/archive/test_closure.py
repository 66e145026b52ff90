"""``pipeline.archive.closure``: what a release is made of and from."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fakes.archived import Archived, archived_once
from twinbuild.codec.lock import decode_lock
from twinbuild.errors import IntegrityError, SpecError
from twinbuild.pipeline.archive.closure import below, inputs_of, locked_files, read_files, refuse_other_spec
from twinbuild.pipeline.keeping import locked_blobs
from twinbuild.pipeline.project import open_project
from twinbuild.pipeline.reading.released import read_release

__all__ = ["archived_once"]

EXAMPLES = Path(__file__).resolve().parents[4] / "examples"


def test_below(tmp_path: Path) -> None:
    """Files by their paths, sorted; a link is refused."""
    (tmp_path / "b").mkdir()
    for name in ("b/two", "a", "b/one"):
        (tmp_path / name).write_text(name)
    assert list(below(tmp_path)) == [("a", 1), ("b/one", 5), ("b/two", 5)]
    (tmp_path / "link").symlink_to("a")
    with pytest.raises(IntegrityError, match="TB9105"):
        list(below(tmp_path))


class _Everything:
    """A machine whose store has everything."""

    class store:  # noqa: N801  as the machine names it
        """It."""

        has = staticmethod(lambda _: True)


@pytest.mark.parametrize("example", ["fraud-scorer", "text-embedder"])
def test_inputs_of_the_examples(example: str) -> None:
    """Everything that the store keeps for a lock is an input or a file of the project, but for tools beside it."""
    project = open_project(EXAMPLES / example)
    lock = decode_lock(project.lock_path.read_bytes(), name="release.lock")
    ours = {each.sha256 for each in inputs_of(lock)} | {each.sha256 for each in locked_files(project, lock)}
    beside = {wheel.sha256 for target in lock.targets for wheel in (*target.development, *target.test)}
    assert set(locked_blobs(lock, _Everything())) - beside == ours  # type: ignore[arg-type]
    listed = list(inputs_of(lock))
    assert listed == sorted(listed, key=lambda each: (each.kind, each.name, each.sha256.hex))
    for wanted in locked_files(project, lock):
        assert os.access(project.directory / wanted.path, os.X_OK) == wanted.executable


def test_the_spec_of_the_release(archived_once: Archived) -> None:
    """The spec that it was made of is no other; what tests read is listed with its digest."""
    document = read_release(archived_once.dist).document
    project = open_project(archived_once.dist.parent.parent)
    refuse_other_spec(project, document)
    assert list(read_files(project, document)) == []
    with pytest.raises(SpecError, match="TB9103"):
        refuse_other_spec(open_project(EXAMPLES / "fraud-scorer"), document)

"""``pipeline.archive.locked``: a record that leaves out what its lock names is told, before it is pruned by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.archived import Archived, archived, archived_once
from fakes.tool import Tool, tool
from twinbuild.archive.directory import Archive
from twinbuild.archive.summaries import releases
from twinbuild.errors import IntegrityError
from twinbuild.model.archive import ArchivedRelease
from twinbuild.pipeline.archive.locked import unlike_lock
from twinbuild.pipeline.archive.verifying import verify_archive

__all__ = ["archived", "archived_once", "tool"]


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda record: replace(record, inputs=record.inputs[1:]), "does not name deb "),
        (lambda record: replace(record, inputs=()), " more, which its lock has"),
        (lambda record: replace(record, inputs=(), variants=("none",)), " more, which its lock has"),
        (
            lambda record: replace(record, project=tuple(each for each in record.project if each.path == record.spec)),
            "does not name project file release.lock",
        ),
    ],
)
def test_what_is_left_out(
    archived: Archived, tool: Tool, change: Callable[[ArchivedRelease], ArchivedRelease], what: str
) -> None:
    """TB9115, though all that it names is whole; who archives the release from its directory mends it."""
    whole = archived.record
    with Archive(archived.place, writing=True) as archive:
        assert unlike_lock(archive, whole) == []
        archive.put(change(whole))
        with pytest.raises(IntegrityError) as caught:
            verify_archive(archive)
    (finding,) = caught.value.findings
    assert (finding.code, what in finding.message, "building it again" in finding.message) == ("TB9115", True, True)
    spec = Path(archived.dist).parent.parent / "release.yaml"
    ended = tool("archive", "add", str(archived.dist), "--spec", str(spec), "--archive", str(archived.place), "-q")
    assert ended.status == 0, ended.err
    with Archive(archived.place) as archive:
        assert archive.release(releases(archive)[0]) == whole
        assert verify_archive(archive).releases == 1


def test_a_lock_of_another_time(archived: Archived) -> None:
    """One that this twinbuild cannot read, or none: nothing is said of it."""
    record = archived.record
    with Archive(archived.place) as archive:
        lock = next(each for each in record.files if each.path == "release.lock")
        rest = tuple(each for each in record.files if each is not lock)
        assert unlike_lock(archive, replace(record, files=rest, inputs=())) == []
        foreign = replace(lock, sha256=record.digest)
        assert unlike_lock(archive, replace(record, files=(*rest, foreign), inputs=())) == []

"""``archive.inputs``: a build gets the inputs of its release, and nothing that was built."""

from __future__ import annotations

import pytest

from fakes.archived import Archived, archived, archived_once
from twinbuild.archive.directory import Archive
from twinbuild.archive.inputs import ArchivedInputs
from twinbuild.errors import IntegrityError, LockError

__all__ = ["archived", "archived_once"]


def test_only_inputs(archived: Archived) -> None:
    """Inputs and files of the project are there; layers of the image are not, though the archive has them."""
    record = archived.record
    with Archive(archived.place, paranoid=True) as archive:
        inputs = ArchivedInputs(archive, record)
        assert set(inputs.blobs()) == {each.sha256 for each in (*record.inputs, *record.project)}
        for each in record.inputs:
            assert inputs.size(each.sha256) == each.size == inputs.path(each.sha256).stat().st_size
            inputs.check(each.sha256)
            with inputs.open(each.sha256) as stream:
                assert stream.read() == inputs.read(each.sha256)
        layers = [file.sha256 for file in record.files if file.path.startswith("image/blobs")]
        assert layers
        assert all(archive.blobs.has(digest) and not inputs.has(digest) for digest in layers)
        for method in (inputs.size, inputs.open, inputs.read, inputs.check, inputs.path):
            with pytest.raises(LockError, match="TB3102"):
                method(layers[0])


def test_damaged(archived: Archived) -> None:
    """Other bytes under the same name are refused when they are checked, whatever was remembered of them."""
    record = archived.record
    victim = archived.blob(record.inputs[0].sha256)
    content = victim.read_bytes()
    victim.unlink()
    victim.write_bytes(b"X" + content[1:])
    with Archive(archived.place, paranoid=True) as archive, pytest.raises(IntegrityError, match="TB3103"):
        ArchivedInputs(archive, record).check(record.inputs[0].sha256)

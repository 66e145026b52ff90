"""``model.archive``: what a record needs, and what is lost without it."""

from __future__ import annotations

from dataclasses import replace

from fakes.archived import tiny_record
from twinbuild.model.archive import AS_RELEASED, OF_THE_TOOL, REBUILD
from twinbuild.model.digest import Digest


def test_needs() -> None:
    """What each blob takes away where it is missing: files of the release are not needed to build it."""
    tool = Digest.of(b"tool")
    record = replace(tiny_record(), tool=(tool,))
    assert [(what, blocked) for _, _, what, blocked in record.needs()] == [
        ("manifest.json", AS_RELEASED),
        ("project file release.yaml", REBUILD),
        ("wheel demo-1.0-py3-none-any.whl", REBUILD),
        ("a part of the tool", OF_THE_TOOL),
    ]
    assert tool in record.blobs
    assert record.label == "tiny@1.0.0"

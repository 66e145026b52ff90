"""A draft: what the release manifest of a spec and its lock would decide, before anything is built."""

from __future__ import annotations

import json
from pathlib import Path

from twinbuild.codec.canonical import Json
from twinbuild.codec.lock import encode_lock
from twinbuild.describe.manifest import release_manifest
from twinbuild.model.digest import Digest
from twinbuild.model.verification import Identical
from twinbuild.pipeline.document.writing import written_in
from twinbuild.pipeline.project import open_project, read_lock, require_lock

__all__ = ["draft_manifest"]

_UNBUILT = ("verification", "documents", "reproduce", "provenance")


def draft_manifest(where: Path) -> dict[str, Json]:
    """The sections that need no image. Raises as ``open_project`` does, and LockError TB2252 without a lock."""
    project = open_project(where)
    lock = require_lock(read_lock(project), project)
    content = release_manifest(
        project.spec,
        lock,
        (),
        Identical(variations=(), images=()),
        epoch=0,
        lock_digest=Digest.of(encode_lock(lock)),
        documents=(),
        written=written_in(project),
    )
    document: dict[str, Json] = json.loads(content)
    metadata = document["metadata"]
    assert isinstance(metadata, dict)
    del metadata["source_date_epoch"]  # read of the source commit, or metadata.date says it
    return {section: value for section, value in document.items() if section not in _UNBUILT}

"""A rebuilder's part from an archive alone: what a shut-off build of an archived release made of its images."""

from __future__ import annotations

import platform
import tempfile
from pathlib import Path
from typing import Any

from twinbuild import __version__
from twinbuild.archive.directory import Archive
from twinbuild.archive.summaries import Summary
from twinbuild.codec.manifest import decode_manifest
from twinbuild.model.digest import Digest
from twinbuild.model.rebuilt import Rebuilt, RebuiltImage
from twinbuild.pipeline.archive.reproducing import build_archived
from twinbuild.pipeline.machine import Machine
from twinbuild.pipeline.regular import LARGEST, read_regular

__all__ = ["rebuild_kept"]

_MANIFEST = "manifest.json"


def rebuild_kept(archive: Archive, summary: Summary, machine: Machine) -> Rebuilt:
    """Build an archived release from its inputs, and say what came out, whether it is what was released or not.

    The twinbuild that is archived with it builds, where the installed one is another. Raises as ``build_archived``.
    """
    machine.scratch.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="rebuilt-", dir=machine.scratch) as place:
        output = Path(place, "output")
        output.mkdir()
        packed = build_archived(archive, archive.release(summary.kept), machine, output=output)
        document: dict[str, Any] = decode_manifest(read_regular(output / _MANIFEST, LARGEST), name=_MANIFEST)
    images = (
        RebuiltImage(
            variant=str(each["variant"]),
            platform=str(each["platform"]),
            derivation=Digest.parse(each["derivation"]),
            digest=Digest.parse(each["digest"]),
        )
        for each in document["environment"]["images"]
    )
    return Rebuilt(
        name=str(document["metadata"]["name"]),
        version=str(document["metadata"]["version"]),
        lock=Digest.parse(document["dependencies"]["lock"]),
        source=Digest.parse(document["source"]["digest"]),
        images=tuple(sorted(images, key=lambda each: each.name)),
        tool=packed.version if packed is not None else __version__,
        python=packed.python if packed is not None else platform.python_version(),
    )

"""A rebuilder's part from an archive alone: what a shut-off build of an archived release made of its images.

A rebuilder's word is worth what the program is that built. The one in an archive is of whoever made the archive: it
could as well copy what was released. So another one than the rebuilder's own builds only where the rebuilder names its
digest.
"""

from __future__ import annotations

import platform
import tempfile
from pathlib import Path
from typing import Any

from twinbuild import __version__
from twinbuild.archive.directory import Archive
from twinbuild.archive.summaries import Summary
from twinbuild.codec.manifest import decode_manifest
from twinbuild.errors import PolicyRefused, UsageError
from twinbuild.model.archive import ArchivedRelease
from twinbuild.model.digest import Digest
from twinbuild.model.rebuilt import Rebuilt, RebuiltImage
from twinbuild.pipeline.archive.reproducing import Wish, build_archived
from twinbuild.pipeline.archive.tooling import archived_tool, is_running
from twinbuild.pipeline.machine import Machine
from twinbuild.pipeline.regular import LARGEST, read_regular

__all__ = ["rebuild_kept"]

_MANIFEST = "manifest.json"


def rebuild_kept(archive: Archive, summary: Summary, machine: Machine, *, trusted: Digest | None = None) -> Rebuilt:
    """Build an archived release from its inputs, and say what came out, whether it is what was released or not.

    ``trusted`` is the image of a twinbuild that the caller knows from elsewhere: the archived one builds where it is
    that one. Raises PolicyRefused TB9181 where it is another than the one that runs and than that, and as
    ``build_archived``.
    """
    release = archive.release(summary.kept)
    wish = _who_builds(archive, release, trusted)
    machine.scratch.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="rebuilt-", dir=machine.scratch) as place:
        output = Path(place, "output")
        output.mkdir()
        packed = build_archived(archive, release, machine, output=output, tool=wish)
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


def _who_builds(archive: Archive, release: ArchivedRelease, trusted: Digest | None) -> Wish:
    there = release.tool[0] if release.tool else None
    if trusted is not None and trusted == there:
        return "archived"
    what = f"no twinbuild is archived with {release.label}"
    if there is not None:
        try:
            other = not is_running(archived_tool(archive, release.tool))
        except UsageError:  # of another machine, or of no form that this one knows: it can't build here
            other = False
        if trusted is None and not other:
            return "present"
        what = f"the twinbuild that is archived with {release.label} is {there}"
    elif trusted is None:
        return "present"
    expected = "the one that runs" if trusted is None else str(trusted)
    raise PolicyRefused.of(
        "TB9181",
        f"{what}, expected {expected}: whoever made the archive may have made it, and it could copy what was released",
        hint=f"install twinbuild {release.generator}; or name the digest of one that you know yourself with --tool",
        where=release.label,
    )

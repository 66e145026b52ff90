"""A stage's files as they are applied: what names the image's digest names the release's, too (docs/rollout.md)."""

from __future__ import annotations

import re
from typing import Final

from twinbuild.model.digest import Digest

__all__ = ["annotated", "place_of"]

_LINE: Final = re.compile(r"^( *)dev\.twinbuild/image-digest: .*\n", re.MULTILINE)


def annotated(content: bytes, release: Digest) -> bytes:
    """A rendered document with the release digest beside each annotation of the image's digest."""
    text = content.decode("utf-8")
    return _LINE.sub(lambda match: f"{match[0]}{match[1]}dev.twinbuild/release-digest: {release}\n", text).encode()


def place_of(path: str, stage: str) -> str:
    """Where a file of a release's ``deploy/`` goes in what is applied; "" for one that is not of the stage.

    ``production/values.yaml`` stays, ``kubernetes/production/x`` becomes ``kubernetes/x``.
    """
    parts = path.split("/")
    if parts[0] != "deploy" or len(parts) < 3:
        return ""
    if parts[1] == stage:
        return "/".join(parts[1:])
    if len(parts) > 3 and parts[2] == stage:
        return "/".join((parts[1], *parts[3:]))
    return ""

"""A tree of entries on disk, so that programs can be run in it and others' trees compared with it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from twinbuild.model.tree import Directory, Entry, File, Hardlink, Symlink


def materialise(entries: Iterable[Entry], root: Path, *, owners: bool = False) -> None:
    """Write entries below an empty directory; owners only where asked for (that needs root)."""
    for entry in entries:
        path = root / entry.path
        match entry:
            case Directory():
                path.mkdir()
            case File():
                with path.open("xb") as target, entry.content.open() as source:
                    shutil.copyfileobj(source, target)
            case Symlink():
                path.symlink_to(entry.target)
            case Hardlink():
                path.hardlink_to(root / entry.target)
        if owners and not isinstance(entry, Hardlink):
            os.lchown(path, entry.uid, entry.gid)
        if isinstance(entry, (File, Directory)):
            path.chmod(entry.mode)

"""Directories as they lie on disk: which entries there are, of which kind and mode. Links are never followed."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from twinbuild.errors import UsageError
from twinbuild.verify.mismatch.found import Found, told
from twinbuild.verify.mismatch.members import of_fields

__all__ = ["OnDisk", "tree_files"]

_MOST: Final = 500_000
_KINDS: Final = {stat.S_IFDIR: "directory", stat.S_IFREG: "file", stat.S_IFIFO: "pipe", stat.S_IFSOCK: "socket"}


@dataclass(frozen=True, slots=True, kw_only=True)
class OnDisk:
    """An entry: ``kind`` is file, directory, link, pipe, socket or a device with its numbers; ``target`` of a link."""

    kind: str
    mode: int
    target: str = ""

    def unlike(self, other: OnDisk, path: str) -> Iterator[Found]:
        """How it differs from another entry of the same path, its bytes aside."""
        if self.kind != other.kind:
            yield told((path,), f"a {self.kind}", f"a {other.kind}", of_fields(("kind",)))
        elif self.target != other.target:
            yield told((path,), self.target, other.target, of_fields(("target",)))
        elif self.mode != other.mode and self.kind != "link":
            why = of_fields(("mode",), modes=(self.mode, other.mode))
            yield told((path,), f"mode={self.mode:04o}", f"mode={other.mode:04o}", why)


def tree_files(root: Path, *, left_out: tuple[str, ...] = ()) -> dict[str, OnDisk]:
    """Every entry below a directory by its path; ``left_out`` are names right below it.

    Raises UsageError TB9303 above 500,000 entries.
    """
    found: dict[str, OnDisk] = {}
    pending = [""]
    while pending:
        below = pending.pop()
        with os.scandir(root / below) as entries:
            for entry in entries:
                path = f"{below}{entry.name}"
                if path in left_out:
                    continue
                found[path] = _entry(entry)
                if found[path].kind == "directory":
                    pending.append(f"{path}/")
        if len(found) > _MOST:
            raise UsageError.of(
                "TB9303",
                f"{root} has more than {_MOST} entries",
                hint="name the directory below it that matters",
                where=str(root),
            )
    return found


def _entry(entry: os.DirEntry[str]) -> OnDisk:
    status = entry.stat(follow_symlinks=False)
    mode = stat.S_IMODE(status.st_mode)
    if stat.S_ISLNK(status.st_mode):
        return OnDisk(kind="link", mode=mode, target=str(Path(entry.path).readlink()))
    known = _KINDS.get(stat.S_IFMT(status.st_mode))
    letter = stat.filemode(status.st_mode)[0]
    return OnDisk(kind=known or f"device {letter} {os.major(status.st_rdev)}:{os.minor(status.st_rdev)}", mode=mode)

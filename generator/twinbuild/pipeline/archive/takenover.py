"""What a packed twinbuild left of a release, taken over as files of one's own.

It was made by a program of an archive, which may be anybody's: so nothing comes over but regular files, each with the
mode that an output has, in new directories, where the release that is compared with may have one. A program that is
set-user-ID would else be the user's own, and a link would lead whoever writes beside it elsewhere.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from twinbuild.errors import IntegrityError
from twinbuild.model.archive import ArchivedRelease
from twinbuild.pipeline.observed import RUN, is_beside

__all__ = ["take_over"]

_DEEPEST: Final = 16  # directories below one another
_MOST: Final = 1_000_000  # files and directories
_MORE: Final = 1 << 30  # bytes, beside twice what the release has


def take_over(made: Path, output: Path, release: ArchivedRelease) -> None:
    """Move the files below ``made`` to ``output``, an empty directory of the same file system; nobody writes there now.

    Signatures and approvals are left behind: no build makes any. Raises IntegrityError TB9180 for what no release has:
    links, pipes, sockets, devices, and more or deeper than any.
    """
    made.chmod(0o700)
    most = 2 * sum(file.size for file in release.files) + _MORE
    size = 0
    for path, status in _below(made):
        size += status.st_size
        if size > most:
            raise _refused(path, f"it makes more than {most} bytes")
        if is_beside(path) and path != RUN:
            continue
        source, target = made / path, output / path
        source.chmod(0o644)
        _make_directories(target.parent)
        source.rename(target)


def _below(made: Path) -> Iterator[tuple[str, os.stat_result]]:
    """Regular files with their status, each directory's names sorted."""
    waiting, count = [(made, "", 0)], 0
    while waiting:
        directory, prefix, depth = waiting.pop()
        if depth > _DEEPEST:
            raise _refused(prefix, f"it lies deeper than {_DEEPEST} directories")
        with os.scandir(directory) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
        for entry in found:
            count += 1
            status = entry.stat(follow_symlinks=False)
            path = f"{prefix}{entry.name}"
            if count > _MOST:
                raise _refused(path, f"there are more than {_MOST}")
            if stat.S_ISDIR(status.st_mode):
                Path(entry.path).chmod(0o700)
                waiting.append((Path(entry.path), f"{path}/", depth + 1))
            elif stat.S_ISREG(status.st_mode):
                yield path, status
            else:
                raise _refused(path, "it is neither a file nor a directory")


def _make_directories(wanted: Path) -> None:
    """Have a directory with the mode of an output's, whatever the umask is."""
    if not wanted.is_dir():
        _make_directories(wanted.parent)
        wanted.mkdir()
        wanted.chmod(0o755)


def _refused(path: str, why: str) -> IntegrityError:
    return IntegrityError.of(
        "TB9180",
        f"the archived twinbuild left what no release has: {why}",
        hint="do not trust the archive that it comes from; build with this twinbuild: --with-present-tool",
        where=path[:200],
    )

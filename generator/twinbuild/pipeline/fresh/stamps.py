"""Whether an output directory is still as it was written: by the status of its files, without reading them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from twinbuild.errors import IntegrityError
from twinbuild.model.digest import Digest
from twinbuild.pipeline.observed import is_beside
from twinbuild.pipeline.output import same_content
from twinbuild.ports import Store

__all__ = ["remember_output", "unchanged_output"]

_KIND: Final = "output"


def remember_output(
    target: Path,
    store: Store,
    *,
    contents: Mapping[str, bytes | Digest],
    copied: Mapping[str, os.stat_result],
) -> None:
    """Remember the status of every file below ``target`` but what comes beside it, which are those of ``contents``.

    What is remembered is believed from then on, so it must be the status of the right bytes: a file either still has
    that with which it was ``copied``, or is read. Raises IntegrityError TB8022 if anything else is there.
    """
    stamps = _stamps(target)
    wrong = [
        path for path, stamp in stamps.items() if stamp != _copied(copied, path) and not _same(target, path, contents)
    ]
    wrong += contents.keys() - stamps.keys()
    if wrong:
        raise IntegrityError.of(
            "TB8022",
            f"somebody else changed the output while it was written: {', '.join(sorted(wrong)[:5])}",
            hint="run the command again when nothing else writes there, or name another output",
            where=str(target),
        )
    store.put_record(_KIND, _key(target), json.dumps(stamps, sort_keys=True).encode())


def unchanged_output(target: Path, store: Store, *, expected: frozenset[str]) -> bool:
    """Whether the files below ``target`` are exactly ``expected`` and untouched since they were remembered."""
    record = store.record(_KIND, _key(target))
    if record is None or not target.is_dir():
        return False
    stamps = _stamps(target)
    return stamps.keys() == {path for path in expected if not is_beside(path)} and json.loads(record) == stamps


def _key(target: Path) -> Digest:
    return Digest.of(os.fsencode(target.absolute()))


def _stamps(target: Path) -> dict[str, list[int]]:
    return {
        relative: _stamp(path.lstat())
        for path in _files(target)
        if not is_beside(relative := path.relative_to(target).as_posix())
    }


def _files(target: Path) -> Iterator[Path]:
    """All below a directory that is no directory itself; a link to one is none."""
    for directory, directories, names in os.walk(target):
        yield from (Path(directory, name) for name in names)
        yield from (path for name in directories if (path := Path(directory, name)).is_symlink())


def _stamp(status: os.stat_result) -> list[int]:
    return [status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns]


def _copied(copied: Mapping[str, os.stat_result], path: str) -> list[int] | None:
    return _stamp(copied[path]) if path in copied else None


def _same(target: Path, path: str, contents: Mapping[str, bytes | Digest]) -> bool:
    """Whether a file is one of the contents, and has its bytes."""
    return path in contents and same_content(target / path, contents[path])

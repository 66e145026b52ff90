"""twinbuild's own files as they are installed, named as its wheel names them.

A checkout has templates and lock files beside the package, an installed wheel has them in it; here they have the same
paths from both, so that the same code has the same identity however it was installed. Modes, times and byte code are no
part of it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import twinbuild
from twinbuild.codec.canonical import canonical
from twinbuild.errors import EnvironmentFault
from twinbuild.model.digest import Digest
from twinbuild.model.lock import LockedSourceFile
from twinbuild.pipeline.regular import Irregular, read_regular
from twinbuild.ports import Store

__all__ = ["code_digest", "code_files"]

_PACKAGE: Final = "twinbuild"
_BESIDE: Final = ("templates", "lockfiles/resolver.txt")  # of a checkout; pyproject.toml puts them into the wheel
_LARGEST: Final = 16 << 20  # bytes of one file


def code_files(store: Store, *, package: Path | None = None) -> tuple[LockedSourceFile, ...]:
    """The files of the package, sorted by path below a directory of Python's path, their bytes in the store.

    ``package`` is the directory of the package, if not that of the one that runs. Raises EnvironmentFault TB9200 for
    what is no readable file.
    """
    place = (package or Path(twinbuild.__file__)).resolve()
    place = place if place.is_dir() else place.parent
    found = []
    for name, path in sorted(_origins(place)):
        try:
            content = read_regular(path, _LARGEST)
        except Irregular as error:
            raise EnvironmentFault.of(
                "TB9200",
                f"this twinbuild cannot be packed: its file {name} {error}",
                hint="install twinbuild again, as files of its own",
                where=str(path),
            ) from None
        digest = Digest.of(content)
        if not store.has(digest):
            store.put(content)
        found.append(LockedSourceFile(path=name, sha256=digest, size=len(content), executable=False))
    return tuple(found)


def code_digest(files: tuple[LockedSourceFile, ...]) -> Digest:
    """One name for all files: of canonical JSON, ``[[path, sha256], …]``."""
    return Digest.of(canonical([[file.path, str(file.sha256)] for file in files]))


def _origins(package: Path) -> Iterator[tuple[str, Path]]:
    """Names in the wheel, and where the files lie."""
    yield from _below(package, _PACKAGE)
    checkout = package.parent.parent
    for name in _BESIDE:
        if not (package / name).exists():
            yield from _below(checkout / name, f"{_PACKAGE}/{name}")


def _below(place: Path, name: str) -> Iterator[tuple[str, Path]]:
    """The files at a path or below it, but for byte code, which depends on who ran what."""
    if not place.is_dir():
        yield name, place
        return
    for top, directories, files in os.walk(place):
        directories[:] = [each for each in directories if each != "__pycache__"]
        links = [each for each in directories if Path(top, each).is_symlink()]
        for each in (*files, *links):
            if not each.endswith(".pyc"):
                path = Path(top, each)
                yield f"{name}/{path.relative_to(place).as_posix()}", path

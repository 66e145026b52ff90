"""Catalogues of families: directories, whoever made them, read below their root within limits.

Nothing of a catalogue is run. A symbolic link, a device, a name that is not portable, or more than the limits allow is
refused with every finding of the family; byte code and what belongs to version control is passed over.
"""

from __future__ import annotations

import os
import stat
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from twinbuild.errors import Finding, Location, SpecError, UsageError
from twinbuild.model.family import FamilyFile

__all__ = ["SHEET", "family_names", "read_files", "read_sheet"]

SHEET: Final = "family.yaml"
MAXIMUM_FILES: Final = 500
MAXIMUM_SIZE: Final = 16 << 20  # bytes of all files of a family: models in it are small ones
_FAMILIES: Final = 1000
_DEPTH: Final = 12
# What tools leave behind, and no author put there.
_PASSED: Final = frozenset(
    {".git", ".hg", ".svn", ".venv", "__pycache__", ".DS_Store", ".coverage", ".ipynb_checkpoints", ".idea", ".tox"}
    | {".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis", "Thumbs.db", "node_modules"}
)
_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


def family_names(catalogue: Path) -> tuple[str, ...]:
    """The directories of a catalogue that hold a ``family.yaml``, sorted. Raises UsageError TB7520."""
    try:
        with os.scandir(catalogue) as entries:
            found = sorted(
                entry.name
                for entry in entries
                if entry.is_dir(follow_symlinks=False) and os.path.lexists(f"{entry.path}/{SHEET}")
            )
    except OSError as error:
        raise UsageError.of(
            "TB7520",
            f"the catalogue {catalogue} cannot be read: {os.strerror(error.errno or 0).lower()}",
            hint="name a directory that holds a directory for each family",
            where=str(catalogue),
        ) from None
    if not found or len(found) > _FAMILIES:
        raise UsageError.of(
            "TB7520",
            f"got {len(found)} directories with a {SHEET} in {catalogue}, expected 1 to {_FAMILIES}",
            hint="name a directory that holds a directory for each family",
            where=str(catalogue),
        )
    return tuple(found)


def read_sheet(directory: Path) -> bytes:
    """The bytes of a family's sheet alone. Raises SpecError TB7522."""
    findings: list[Finding] = []
    top = _top(directory)
    try:
        content = _read(top, SHEET, directory / SHEET, MAXIMUM_SIZE, findings)
    finally:
        os.close(top)
    if content is None:
        raise SpecError(tuple(findings))
    return content.content


def read_files(directory: Path) -> tuple[FamilyFile, ...]:
    """Every file of a family, sorted by path. Raises SpecError TB7522 with all that is wrong with the tree."""
    findings: list[Finding] = []
    files: list[FamilyFile] = []
    left = MAXIMUM_SIZE
    top = _top(directory)
    try:
        for descriptor, name, path in _walk(top, directory, findings):
            if len(files) >= MAXIMUM_FILES:
                findings.append(_finding(directory, f"it has more than {MAXIMUM_FILES} files"))
                break
            file = _read(descriptor, name, directory / path, left, findings, path=path)
            if file is not None:
                left -= len(file.content)
                files.append(file)
    finally:
        os.close(top)
    seen: dict[str, str] = {}
    for file in files:
        first = seen.setdefault(file.path.casefold(), file.path)
        if first != file.path:
            findings.append(_finding(directory / file.path, f"the name differs from {first!r} only by case"))
    if findings:
        raise SpecError(tuple(findings))
    return tuple(sorted(files, key=lambda file: file.path))


def _top(directory: Path) -> int:
    try:
        return os.open(directory, _DIRECTORY)
    except OSError as error:
        raise SpecError(
            (
                _finding(
                    directory,
                    f"it is no directory: {os.strerror(error.errno or 0).lower()}",
                    hint="name the directory itself, which holds family.yaml, and no link to it",
                ),
            )
        ) from None


def _walk(top: int, directory: Path, findings: list[Finding]) -> Iterator[tuple[int, str, str]]:
    """Names of regular files with the open directory of each and their path."""
    waiting = [("", os.dup(top))]
    try:
        while waiting:
            prefix, descriptor = waiting.pop()
            try:
                with os.scandir(descriptor) as entries:
                    found = sorted((entry.name, entry.stat(follow_symlinks=False).st_mode) for entry in entries)
                for name, mode in found:
                    path = prefix + name
                    reason = _objection(name, path, mode)
                    if name in _PASSED or name.endswith((".pyc", ".pyo", "~", ".swp")):
                        continue
                    if reason:
                        shown = path.encode("utf-8", "backslashreplace").decode()
                        findings.append(_finding(directory / ascii(shown)[1:-1], reason))
                    elif stat.S_ISDIR(mode):
                        waiting.append((f"{path}/", os.open(name, _DIRECTORY, dir_fd=descriptor)))
                    else:
                        yield descriptor, name, path
            except OSError as error:
                findings.append(_finding(directory / prefix, f"it cannot be read: {os.strerror(error.errno or 0)}"))
            finally:
                os.close(descriptor)
    finally:
        for _, descriptor in waiting:
            os.close(descriptor)


def _objection(name: str, path: str, mode: int) -> str:
    """Why a file may not be part of a family; "" if it may."""
    if stat.S_ISLNK(mode):
        return "it is a symbolic link"
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        return "it is neither a file nor a directory"
    try:
        length = len(name.encode("utf-8"))
    except UnicodeEncodeError:
        return "its name is not UTF-8"
    if not name.isprintable() or "\\" in name or unicodedata.normalize("NFC", name) != name:
        return "its name has a control, invisible, decomposed or backslash character"
    if name.startswith(("-", "~")) or length > 200 or path.count("/") >= _DEPTH:
        return f"its name begins with '-' or '~' or is too long, or it lies more than {_DEPTH} levels deep"
    return ""


def _read(
    parent: int, name: str, shown: Path, left: int, findings: list[Finding], *, path: str = ""
) -> FamilyFile | None:
    try:
        descriptor = os.open(name, _FILE, dir_fd=parent)
    except OSError as error:
        findings.append(_finding(shown, f"it cannot be read: {os.strerror(error.errno or 0).lower()}"))
        return None
    with os.fdopen(descriptor, "rb") as stream:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            findings.append(_finding(shown, "it is neither a file nor a directory"))
            return None
        content = stream.read(left + 1)
    if len(content) > left:
        findings.append(_finding(shown, f"with it the family has more than {MAXIMUM_SIZE} bytes"))
        return None
    return FamilyFile(path=path or name, content=content, executable=bool(status.st_mode & stat.S_IXUSR))


def _finding(
    path: Path, reason: str, *, hint: str = "replace it by a plain file of a portable name, or take it out"
) -> Finding:
    return Finding(
        code="TB7522",
        message=f"this cannot be part of a family: {reason}",
        hint=hint,
        where=Location(file=str(path)),
    )

"""The application's files: one consistent reading of a directory, stored and listed by digest.

Rules. Ignored are what ``DEFAULT_IGNORES`` names, always, and what the spec's patterns name (gitignore syntax, relative
to the directory). A symbolic link to a regular file inside the directory counts as a copy of that file; any other
link is refused. Names must be UTF-8 in Unicode's NFC, printable, and different even where case does not count, so
that a tree means the same on every machine. Of a file's mode only "executable by its owner" is kept. Empty
directories do not exist. What is hashed is what is stored: a file that changes meanwhile is refused.
"""

from __future__ import annotations

import contextlib
import os
import stat
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

import pathspec

from twinbuild.codec.amounts import counted
from twinbuild.errors import Finding, Location, SpecError, TwinbuildError
from twinbuild.model.digest import Digest
from twinbuild.model.lock import LockedSourceFile
from twinbuild.net.files import copy_stable, open_beneath, open_directory, pointer_in
from twinbuild.net.known import Known
from twinbuild.ports import Progress, Store, silent

__all__ = ["DEFAULT_IGNORES", "MAXIMUM_FILES", "MAXIMUM_SIZE", "read_tree", "tree_directories", "tree_files"]

DEFAULT_IGNORES: Final = (
    ".git", ".hg", ".svn", "__pycache__/", "*.py[cod]", ".venv/", ".tox/", ".nox/",
    ".mypy_cache/", ".pytest_cache/", ".ruff_cache/", ".hypothesis/", ".ipynb_checkpoints/",
    ".DS_Store", "Thumbs.db", "*.swp", "*~", ".env",
)  # fmt: skip
MAXIMUM_FILES: Final = 100_000
MAXIMUM_SIZE: Final = 2 << 30  # bytes of one file; larger ones are artifacts of the model
_DEPTH = 64
_NAME = 255  # bytes, NAME_MAX
_PATH = 4000  # bytes, below PATH_MAX with room for the target directory


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    path: str
    link: bool


def read_tree(
    project: str,
    directory: str,
    ignore: tuple[str, ...],
    store: Store,
    *,
    now: int | None = None,
    progress: Progress = silent,
) -> tuple[LockedSourceFile, ...]:
    """Store the files below ``directory`` (relative to ``project``; "." is the project itself), sorted by path.

    ``ignore`` is the spec's patterns. ``now`` (wall clock in ns, read before) lets unchanged files be known by their
    status. Raises SpecError TB2301-TB2305 and TB2310-TB2315 with all findings of the tree; IntegrityError TB2308.
    """
    rules = _rules(ignore)
    root = open_directory(project)
    try:
        with _application(root, directory) as top:
            findings: list[Finding] = []
            found = sorted(_walk(top, rules, findings), key=lambda entry: entry.path.encode())
            findings += _clashes(tuple(entry.path for entry in found))
            if not found and not findings:
                findings.append(_finding("TB2315", directory, "the application directory has no file that counts"))
            if findings:
                raise SpecError(_below(directory, findings))
            known = Known(store, f"{os.path.abspath(project)}\0{directory}", now=now)  # noqa: PTH100  links stay
            try:
                files = _store(top, found, store, known, progress)
            except SpecError as error:
                raise SpecError(_below(directory, error.findings)) from None
            known.save()
            return files
    finally:
        os.close(root)


@contextlib.contextmanager
def _application(root: int, directory: str) -> Iterator[int]:
    plain = directory.removeprefix("./")
    plain = plain[:-1] if plain.endswith("/") and plain != "/" else plain
    if plain in ("", "."):
        yield root
        return
    with open_beneath(root, plain, directory=True) as top:
        yield top


def _rules(ignore: tuple[str, ...]) -> pathspec.GitIgnoreSpec:
    for pattern in ignore:
        try:
            pathspec.GitIgnoreSpec.from_lines([pattern])
        except (ValueError, TypeError):
            raise SpecError.of(
                "TB2314",
                f"{pattern[:200]!r} is no ignore pattern",
                hint="write it as in a .gitignore file",
                where=Location(pointer="/source/ignore"),
            ) from None
    return pathspec.GitIgnoreSpec.from_lines((*ignore, *DEFAULT_IGNORES))


def tree_directories(project: str, directory: str, ignore: tuple[str, ...]) -> tuple[str, ...]:
    """The directories that ``read_tree`` looks into, relative to ``directory`` ("." is that itself), sorted.

    A file that is added to or taken from one of them changes that directory's status. Raises as ``read_tree``.
    """
    _, visited = _walked(project, directory, ignore)
    return tuple(sorted(path or "." for path in visited))


def tree_files(project: str, directory: str, ignore: tuple[str, ...]) -> tuple[str, ...]:
    """The paths that ``read_tree`` lists, relative to ``directory``, sorted: nothing is read. Raises as it does."""
    found, _ = _walked(project, directory, ignore)
    return tuple(sorted(entry.path for entry in found))


def _walked(project: str, directory: str, ignore: tuple[str, ...]) -> tuple[list[_Found], list[str]]:
    findings: list[Finding] = []
    visited: list[str] = []
    root = open_directory(project)
    try:
        with _application(root, directory) as top:
            found = list(_walk(top, _rules(ignore), findings, visited))
    finally:
        os.close(root)
    if findings:
        raise SpecError(_below(directory, findings))
    return found, visited


def _walk(
    top: int, rules: pathspec.GitIgnoreSpec, findings: list[Finding], visited: list[str] | None = None
) -> Iterator[_Found]:
    """Files and links below an open directory that no rule ignores; what is unacceptable goes to ``findings``.

    The directories that were looked into go to ``visited``.
    """
    waiting = [("", os.dup(top))]
    count = 0
    try:
        while waiting:
            prefix, descriptor = waiting.pop()
            try:
                if visited is not None:
                    visited.append(prefix.removesuffix("/"))
                entries = sorted(_scan(descriptor, prefix, findings))
                for name, mode in entries:
                    path = prefix + name
                    folder = stat.S_ISDIR(mode)
                    if rules.match_file(path + "/" if folder else path):
                        continue
                    objection = _objection(name, path)
                    if objection is not None:
                        findings.append(objection)
                    elif folder:
                        with _collecting(findings, path):
                            waiting.append((path + "/", _enter(descriptor, name)))
                    elif stat.S_ISREG(mode) or stat.S_ISLNK(mode):
                        count += 1
                        if count > MAXIMUM_FILES:
                            findings.append(_finding("TB2312", path, f"more than {MAXIMUM_FILES} files"))
                            return
                        yield _Found(path=path, link=stat.S_ISLNK(mode))
                    else:
                        findings.append(_finding("TB2303", path, "neither a file, a directory nor a link"))
            finally:
                os.close(descriptor)
    finally:
        for _, descriptor in waiting:
            os.close(descriptor)


def _scan(descriptor: int, prefix: str, findings: list[Finding]) -> Iterator[tuple[str, int]]:
    with _collecting(findings, prefix or "."), os.scandir(descriptor) as entries:
        for entry in entries:
            yield entry.name, entry.stat(follow_symlinks=False).st_mode


def _enter(parent: int, name: str) -> int:
    return os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent)


@contextlib.contextmanager
def _collecting(findings: list[Finding], path: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        findings.append(_finding("TB2304", path, f"it cannot be read: {os.strerror(error.errno or 0).lower()}"))


def _objection(name: str, path: str) -> Finding | None:
    """What is wrong with a name, if anything."""
    shown = path.encode("utf-8", "backslashreplace").decode()
    try:
        length = len(name.encode("utf-8"))
    except UnicodeEncodeError:
        return _finding("TB2310", shown, "the name is not UTF-8")
    if not name.isprintable() or "\\" in name:
        return _finding("TB2310", ascii(shown)[1:-1], "the name has a control, invisible or backslash character")
    if unicodedata.normalize("NFC", name) != name:
        return _finding("TB2310", shown, "the name is not in Unicode's composed form (NFC)")
    if length > _NAME or len(path.encode()) > _PATH or path.count("/") >= _DEPTH:
        return _finding("TB2312", shown[:200], f"the path is longer than {_PATH} bytes or {_DEPTH} levels")
    return None


def _clashes(paths: tuple[str, ...]) -> list[Finding]:
    """Paths that are one on a file system without case: the files' own, and those of their directories."""
    seen: dict[str, str] = {}
    findings = {}
    for path in paths:
        parts = path.split("/")
        for end in range(1, len(parts) + 1):
            part = "/".join(parts[:end])
            first = seen.setdefault(part.casefold(), part)
            if first != part:
                findings[part] = _finding("TB2311", part, f"the name differs from {first!r} only by case")
    return list(findings.values())


def _store(
    top: int, found: list[_Found], store: Store, known: Known, progress: Progress
) -> tuple[LockedSourceFile, ...]:
    files = []
    findings: list[Finding] = []
    for number, entry in enumerate(found, start=1):
        try:
            files.append(_store_one(top, entry, store, known))
        except SpecError as error:
            findings += error.findings if not entry.link else (_bad_link(entry.path, error),)
        progress("source", number, len(found))
    if findings:
        raise SpecError(tuple(findings))
    return tuple(files)


def _below(directory: str, findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings with places that are relative to the project, as a person sees them, not to ``directory``."""
    plain = directory.removeprefix("./").rstrip("/")

    def shown(where: Location) -> Location:
        same = plain in ("", ".") or where.file == directory
        return where if same else replace(where, file=f"{plain}/{where.file}")

    return tuple(replace(item, where=shown(item.where)) for item in findings)


def _store_one(top: int, entry: _Found, store: Store, known: Known) -> LockedSourceFile:
    with open_beneath(top, entry.path) as descriptor:
        status = os.fstat(descriptor)
        if status.st_size > MAXIMUM_SIZE:
            raise _too_large(entry.path, status.st_size)
        digest = known.digest(entry.path, status)
        if digest is None:
            pointer = pointer_in(descriptor)
            if pointer:
                raise _pointer(entry.path, pointer, status.st_size)
            digest, status = _copy(descriptor, entry.path, store)
            known.remember(entry.path, status, digest)
    return LockedSourceFile(
        path=entry.path, size=status.st_size, sha256=digest, executable=bool(status.st_mode & stat.S_IXUSR)
    )


def _copy(descriptor: int, path: str, store: Store) -> tuple[Digest, os.stat_result]:
    with store.writer() as writer:
        status = copy_stable(descriptor, writer, where=path)
        digest, _ = writer.commit()
    return digest, status


def _finding(code: str, path: str, message: str) -> Finding:
    hints = {
        "TB2303": "remove it, or name it below source.ignore",
        "TB2304": "correct its rights, or name it below source.ignore",
        "TB2310": "rename the file, or name it below source.ignore",
        "TB2311": "rename one of them, or name it below source.ignore",
        "TB2312": "name what is not part of the application below source.ignore",
        "TB2313": "replace the link by the file, or name it below source.ignore",
        "TB2315": "check source.directory and source.ignore",
    }
    return Finding(code=code, message=message, hint=hints[code], where=Location(file=path))


def _bad_link(path: str, error: TwinbuildError) -> Finding:
    reason = error.findings[0].message
    return _finding("TB2313", path, f"the symbolic link leads to no file inside the directory: {reason}")


def _too_large(path: str, size: int) -> SpecError:
    return SpecError.of(
        "TB2312",
        f"got a file of {counted(size, 'byte')}, expected at most {MAXIMUM_SIZE}",
        hint="make it an artifact of the model, or name it below source.ignore",
        where=Location(file=path),
    )


def _pointer(path: str, kind: str, size: int) -> SpecError:
    command = "git lfs pull" if kind == "LFS" else f"git annex get {path}"
    return SpecError.of(
        "TB2305",
        f"this is a pointer of {kind} ({counted(size, 'byte')}) in place of the file's content",
        hint=f"run `{command}`",
        where=Location(file=path),
    )

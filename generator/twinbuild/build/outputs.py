"""What a build step left below ``/outputs``, held against what it declares: every difference is named."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from twinbuild.codec.amounts import counted
from twinbuild.codec.untar import Kind
from twinbuild.errors import BuildError, Finding, Location
from twinbuild.model.plan import StepRecipe
from twinbuild.model.tree import Directory, Entry, File, Hardlink, Symlink
from twinbuild.oci.stack import Stack
from twinbuild.oci.tar import canonical_order

__all__ = ["checked_outputs", "places", "settled"]

_MOST: Final = 20  # findings


def places(recipe: StepRecipe) -> tuple[str, ...]:
    """The directories that are there before the command starts, parents first."""
    found: set[str] = set()
    for output in recipe.outputs:
        path = output.path if output.directory else output.path.rpartition("/")[0]
        while path:
            found.add(path)
            path = path.rpartition("/")[0]
    return tuple(sorted(found))


def settled(entry: Entry) -> Entry:
    """An entry as it enters a layer: root's, with one of two modes."""
    match entry:
        case File():
            return replace(entry, mode=0o755 if entry.mode & 0o100 else 0o644, uid=0, gid=0)
        case Directory():
            return Directory(path=entry.path)
        case Symlink():
            return Symlink(path=entry.path, target=entry.target)
        case Hardlink():
            return entry


def checked_outputs(recipe: StepRecipe, found: Iterable[Entry], root: Stack) -> tuple[Entry, ...]:
    """The entries of a step's layer, in the order of archives.

    Directories that the root has keep its mode and owner. Raises BuildError with every finding: TB5306 more bytes than
    the step may write (holes take no disk, but are bytes of a layer), TB5309 an output is missing or of another kind,
    TB5310 something that is no output, TB5311 a path that the root has, TB5312 a name that means a deletion.
    """
    entries = {entry.path: settled(entry) for entry in found}
    findings = [
        *_undeclared(recipe, entries),
        *_missing(recipe, entries),
        *_replaced(recipe, entries, root),
        *_whiteouts(recipe, entries),
        *_large(recipe, entries),
    ]
    if findings:
        raise BuildError(tuple(findings[:_MOST]))
    return canonical_order(_as_below(entry, root) for entry in entries.values())


def _as_below(entry: Entry, root: Stack) -> Entry:
    place = root.places.get(entry.path)
    if not isinstance(entry, Directory) or place is None:
        return entry
    return Directory(path=entry.path, mode=place.member.mode, uid=place.member.uid, gid=place.member.gid)


def _undeclared(recipe: StepRecipe, entries: dict[str, Entry]) -> Iterator[Finding]:
    files = {output.path for output in recipe.outputs}
    trees = tuple(f"{output.path}/" for output in recipe.outputs if output.directory)
    above = set(places(recipe))
    for path, entry in sorted(entries.items()):
        if path in files or path.startswith(trees) or (isinstance(entry, Directory) and path in above):
            continue
        yield _finding(
            recipe,
            "TB5310",
            f"it left /outputs/{path}, which is no declared output",
            "declare it, or write it to /work or /tmp",
        )


def _missing(recipe: StepRecipe, entries: dict[str, Entry]) -> Iterator[Finding]:
    for output in recipe.outputs:
        entry = entries.get(output.path)
        if output.directory:
            there = isinstance(entry, Directory) and any(path.startswith(f"{output.path}/") for path in entries)
            wanted = "a directory with something in it"
        else:
            there, wanted = isinstance(entry, (File, Hardlink)), "a file"
        if not there:
            got = "an empty directory" if output.directory and isinstance(entry, Directory) else _kind(entry)
            yield _finding(
                recipe,
                "TB5309",
                f"it declares {wanted} at /{output.path}, and left {got} at /outputs/{output.path}",
                "let the command write it there, or correct `outputs`",
            )


def _replaced(recipe: StepRecipe, entries: dict[str, Entry], root: Stack) -> Iterator[Finding]:
    for path, entry in sorted(entries.items()):
        place = root.places.get(path)
        if place is None or (isinstance(entry, Directory) and place.member.kind is Kind.DIRECTORY):
            continue
        yield _finding(
            recipe,
            "TB5311",
            f"its output /{path} would take the place of what its root file system has there",
            "give it another place, or leave out the package or wheel that has it",
        )


def _whiteouts(recipe: StepRecipe, entries: dict[str, Entry]) -> Iterator[Finding]:
    for path in sorted(entries):
        if path.rpartition("/")[2].startswith(".wh."):
            yield _finding(
                recipe,
                "TB5312",
                f"it left /outputs/{path}, whose name would delete a file of the image",
                "give it a name that does not begin with '.wh.'",
            )


def _large(recipe: StepRecipe, entries: dict[str, Entry]) -> Iterator[Finding]:
    size = sum(entry.content.size for entry in entries.values() if isinstance(entry, File))
    if recipe.space and size > recipe.space:
        yield _finding(
            recipe,
            "TB5306",
            f"its outputs have {counted(size, 'byte')}, and it may write {recipe.space}",
            "raise `space`, or write less",
        )


def _kind(entry: Entry | None) -> str:
    match entry:
        case None:
            return "nothing"
        case Directory():
            return "a directory"
        case Symlink():
            return "a symbolic link"
        case _:
            return "a file"


def _finding(recipe: StepRecipe, code: str, message: str, hint: str) -> Finding:
    where = Location(subject=f"step {recipe.step}")
    return Finding(code=code, message=f"step {recipe.step!r}: {message}", hint=hint, where=where)

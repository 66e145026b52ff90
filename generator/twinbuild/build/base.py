"""What is made from a base image: the service's account in its files, and its interpreter on disk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from twinbuild.build.rootfs import materialise
from twinbuild.build.unpack import stack_entries
from twinbuild.debian.accounts import add_service_user
from twinbuild.debian.tree import Root
from twinbuild.errors import BuildError
from twinbuild.model.plan import AccountRecipe, Interpreter, InterpreterBuild
from twinbuild.model.tree import BytesContent, Directory, Entry, File
from twinbuild.oci.interpreter import interpreter_paths
from twinbuild.oci.places import require_free
from twinbuild.oci.stack import Stack, read_files, read_stack
from twinbuild.ports import Store

__all__ = ["ACCOUNTS", "account_entries", "unpack_interpreter"]

ACCOUNTS: Final = "accounts/1"  # changes whenever the same base and user would give other entries
_TABLES: Final = ("passwd", "group", "shadow", "gshadow")
_DOCUMENT: Final = 16 << 20


def account_entries(recipe: AccountRecipe, store: Store) -> tuple[Entry, ...]:
    """The base's account files with the service's account, and its home; nothing that stays as it is.

    Modes and owners are those of the base. Raises BuildError TB2275 where the base occupies a place of the release,
    TB4213 and TB4214 for an account that cannot be, TB5012 for a recipe of another version.
    """
    if recipe.version != ACCOUNTS:
        raise BuildError.of(
            "TB5012",
            f"the plan relies on {recipe.version}, but this installation has {ACCOUNTS}",
            hint="install the version of twinbuild that made the plan, or plan again",
        )
    stack, _ = read_stack(recipe.base, store.open)
    home = recipe.user.home.strip("/")
    tables = [f"etc/{name}" for name in _TABLES]
    require_free(stack, recipe.places, beside=(*tables, home))
    there = [path for path in tables if stack.get(path) is not None]
    for path in there:
        if stack.file(path) != path:
            require_free(stack, (path,))  # a link, or something stranger
    before = read_files(stack, recipe.base, store.open, there, limit=_DOCUMENT)
    root = Root()
    for directory in _directories(stack, (*tables, home)):
        root.put(directory)
    for path, content in before.items():
        member = stack.places[path].member
        root.put(File(path=path, content=BytesContent(content), mode=member.mode, uid=member.uid, gid=member.gid))
    if stack.get(home) is not None:
        root.put(Directory(path=home))
    add_service_user(root, recipe.user)
    entries = [_settled(entry, stack) for entry in root.entries()]
    kept = [entry for entry in entries if _changed(entry, before, stack)]
    parents = {path[:at] for path in (entry.path for entry in kept) for at, sign in enumerate(path) if sign == "/"}
    parents.add("etc")  # an archive of nothing is none that ADD of a Dockerfile would unpack
    return tuple(entry for entry in entries if entry in kept or entry.path in parents)


def _directories(stack: Stack, paths: tuple[str, ...]) -> Iterator[Directory]:
    """The base's directories on the way to the paths, parents first."""
    parents = {path[:at] for path in paths for at, sign in enumerate(path) if sign == "/"}
    for path in sorted(parents):
        place = stack.get(path)
        if place is not None:
            yield Directory(path=path, mode=place.member.mode, uid=place.member.uid, gid=place.member.gid)


def _settled(entry: Entry, stack: Stack) -> Entry:
    """A file that the base has keeps its mode and owner there."""
    place = stack.get(entry.path)
    if place is None or not isinstance(entry, File):
        return entry
    member = place.member
    return File(path=entry.path, content=entry.content, mode=member.mode, uid=member.uid, gid=member.gid)


def _changed(entry: Entry, before: dict[str, bytes], stack: Stack) -> bool:
    if isinstance(entry, File):
        with entry.content.open() as stream:
            return before.get(entry.path) != stream.read()
    return stack.get(entry.path) is None


def unpack_interpreter(interpreter: Interpreter, build: InterpreterBuild, root: Path, store: Store) -> None:
    """Put what the interpreter needs to start and to compile below ``root``, an empty directory."""
    stack, _ = read_stack(build.base, store.open, whole=False)
    paths = interpreter_paths(stack, build.platform, interpreter.executable, interpreter.minor)
    materialise(stack_entries(stack, build.base, store, paths), root)

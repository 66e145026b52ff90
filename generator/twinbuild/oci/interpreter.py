"""Where a Python and its libraries lie in the tree of a base image."""

from __future__ import annotations

from typing import Final

from twinbuild.codec.untar import Kind
from twinbuild.model.platform import Platform
from twinbuild.oci.stack import Stack

__all__ = ["interpreter_paths", "library_directories"]

# Parts of the standard library that no start of an interpreter needs.
_LEFT_OUT: Final = frozenset(
    {
        "__pycache__",
        "dist-packages",
        "ensurepip",
        "idlelib",
        "lib2to3",
        "pydoc_data",
        "site-packages",
        "test",
        "tkinter",
    }
)
_LARGEST: Final = 16 << 20  # of a library: CUDA's lie in the same directories, and no interpreter needs them


def library_directories(stack: Stack, platform: Platform, executable: str) -> tuple[str, ...]:
    """Directories where a loader looks, links followed, with the one beside the interpreter first."""
    prefix = executable.rpartition("/")[0].rpartition("/")[0]
    names = (f"{prefix}/lib", f"lib/{platform.triplet}", f"usr/lib/{platform.triplet}")
    found = (stack.follow(name) for name in (*names, "lib64", "usr/lib64", "lib", "usr/lib"))
    return tuple(dict.fromkeys(each for each in found if each))


def interpreter_paths(stack: Stack, platform: Platform, executable: str, minor: str) -> tuple[str, ...]:
    """Files and links that are needed to start the interpreter and to compile, sorted.

    ``executable`` is below the root; ``minor`` is such as 3.12.
    """
    libraries = library_directories(stack, platform, executable)
    binaries = executable.rpartition("/")[0]
    library = stack.follow(f"{binaries.rpartition('/')[0]}/lib/python{minor}") or ""
    places = {"", binaries, *libraries, library}
    for below in tuple(places):
        while below := below.rpartition("/")[0]:
            places.add(below)
    chosen = {path for path in (stack.file(executable), stack.file(platform.loader)) if path}
    for path, place in stack.places.items():
        above, _, name = path.rpartition("/")
        if place.member.kind is Kind.SYMLINK:
            if above in places:
                chosen.add(path)
        elif place.member.kind is not Kind.DIRECTORY and (
            (above in libraries and ".so" in name and (place.size <= _LARGEST or name.startswith("libpython")))
            or (path.startswith(f"{library}/") and _LEFT_OUT.isdisjoint(path[len(library) :].split("/")))
        ):
            chosen.add(path)
    return tuple(sorted(chosen))

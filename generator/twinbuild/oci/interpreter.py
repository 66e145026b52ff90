"""Where a Python and its libraries lie in the tree of a base image."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from typing import Final

from twinbuild.codec.dynamic import read_dynamic
from twinbuild.codec.untar import Kind
from twinbuild.model.platform import Platform
from twinbuild.oci.stack import Stack

__all__ = ["foundation_layers", "interpreter_layers", "interpreter_paths", "library_directories"]

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
    """Files and links that are needed to start the interpreter and to compile, sorted; and small libraries beside them.

    ``executable`` is below the root; ``minor`` is such as 3.12. The layers of ``interpreter_layers`` are enough.
    """
    libraries = library_directories(stack, platform, executable)
    chosen = {path for path in (stack.file(executable), stack.file(platform.loader)) if path}
    chosen |= _standard_library(stack, executable, minor)
    for directory in libraries:
        for name in stack.children.get(directory, ()):
            place = stack.places[f"{directory}/{name}"]  # the size of a link is 0
            small = place.size <= _LARGEST or name.startswith("libpython")
            if ".so" in name and small and place.member.kind is not Kind.DIRECTORY:
                chosen.add(f"{directory}/{name}")
    chosen |= _named_links(stack, (executable, platform.loader))
    return tuple(sorted(chosen | _links(stack, chosen | {f"{each}/x" for each in libraries})))


def foundation_layers(stack: Stack, platform: Platform, executable: str) -> tuple[int, ...]:
    """The numbers of the layers with the loader and the libraries that an interpreter of packages may need."""
    paths = interpreter_paths(stack, platform, executable, executable.rpartition("python")[2])
    return tuple(sorted({stack.places[path].layer for path in paths}))


def interpreter_layers(
    stack: Stack, platform: Platform, executable: str, minor: str, read: Callable[[str], bytes]
) -> tuple[int, ...]:
    """The numbers of the layers that hold what the interpreter needs: its libraries transitively, by their own word.

    ``read`` gives the bytes of a file of the tree. The rest of the image can change without changing byte code, and
    need not be read to make it.
    """
    libraries = library_directories(stack, platform, executable)
    program, loader = stack.file(executable), stack.file(platform.loader)
    waiting = [path for path in (program, loader) if path]
    links = _named_links(stack, (executable, platform.loader))
    found: set[str] = set()
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        found.add(path)
        elf = read_dynamic(io.BytesIO(read(path)))
        for name in elf.needed if elf is not None and "/" not in "".join(elf.needed) else ():
            for directory in libraries:
                if library := stack.file(f"{directory}/{name}"):
                    waiting.append(library)
                    links |= _named_links(stack, (f"{directory}/{name}",))
                    break
    found |= _standard_library(stack, executable, minor)
    return tuple(sorted({stack.places[path].layer for path in found | links | _links(stack, found)}))


def _standard_library(stack: Stack, executable: str, minor: str) -> set[str]:
    prefix = executable.rpartition("/")[0].rpartition("/")[0]
    top = stack.follow(f"{prefix}/lib/python{minor}")
    waiting, found = [top] if top else [], set()
    while waiting:
        directory = waiting.pop()
        for name in stack.children.get(directory, ()):
            path = f"{directory}/{name}"
            if name in _LEFT_OUT:
                continue
            if stack.places[path].member.kind is Kind.DIRECTORY:
                waiting.append(path)
            else:
                found.add(path)
    return found


def _links(stack: Stack, paths: Iterable[str]) -> set[str]:
    """Links to directories on the way to some paths, such as ``lib`` to ``usr/lib``: names lead through them."""
    above = {""}
    for path in paths:
        while path := path.rpartition("/")[0]:
            above.add(path)
    return {
        path
        for directory in above
        for name in stack.children.get(directory, ())
        if stack.places[path := f"{directory}/{name}" if directory else name].member.kind is Kind.SYMLINK
        and stack.follow(path) in above
    }


def _named_links(stack: Stack, paths: Iterable[str]) -> set[str]:
    """The links at the ends of some paths, each of which leads to the next."""
    found: set[str] = set()
    for path in paths:
        above, _, name = path.rpartition("/")
        directory = stack.follow(above)
        while directory is not None:
            place = f"{directory}/{name}" if directory else name
            if place in found or place not in stack.places or stack.places[place].member.kind is not Kind.SYMLINK:
                break
            found.add(place)
            target = stack.places[place].member.target
            above, _, name = (target if target.startswith("/") else f"{directory}/{target}").rpartition("/")
            directory = stack.follow(above)
    return found

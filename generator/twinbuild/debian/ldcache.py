"""The loader's cache, ``/etc/ld.so.cache``, of the libraries in a tree (glibc, sysdeps/generic/dl-cache.h, format 1.1).

Programs find libraries in the default directories without it, but ``ldconfig -p`` (and so Python's
``ctypes.util.find_library``) and directories of ``ld.so.conf`` need it. Subdirectories for newer processors
(``glibc-hwcaps``) are left out: the loader looks there by itself.
"""

from __future__ import annotations

import fnmatch
import re
import struct
from collections.abc import Iterator
from typing import BinaryIO, Final

from twinbuild.codec.dynamic import MACHINES, read_dynamic
from twinbuild.debian.tree import Root
from twinbuild.model.platform import Platform
from twinbuild.model.tree import Symlink

__all__ = ["install_library_cache", "soname"]

_HEADER: Final = struct.Struct("<17s3sIIB3xI12x")  # magic, version, entries, bytes of strings, flags, extension offset
_ENTRY: Final = struct.Struct("<iIIIQ")  # flags, key, value, osversion, hwcap
_LITTLE_ENDIAN: Final = 2
_FLAGS: Final = {"x86_64": 0x0303, "aarch64": 0x0A03}  # FLAG_ELF_LIBC6 with the required ABI
_NAME: Final = re.compile(r"(lib.*|ld-.*)\.so(\..*)?", re.ASCII)  # ldconfig.c, search_dir
_SYSTEM: Final = ("/lib", "/usr/lib")  # SLIBDIR, LIBDIR; _LIB64 where a platform has them
_LIB64: Final = ("/lib64", "/usr/lib64")
_DIGITS: Final = re.compile(r"([0-9]+)", re.ASCII)


def install_library_cache(root: Root, platform: Platform) -> None:
    """Write the cache, and the links by soname that packages did not ship, as ``ldconfig`` does."""
    machine, flags = MACHINES[platform.machine], _FLAGS[platform.machine]
    found: dict[str, str] = {}
    seen: set[str] = set()
    for directory in _directories(root, platform):
        place = root.follow(directory)
        if place is None or place in seen:
            continue  # /lib/x and /usr/lib/x are one: the first name counts
        seen.add(place)
        for name in _libraries(root, directory, machine):
            found.setdefault(name, f"{directory}/{name}")
    names = sorted(found, key=_sort_key, reverse=True)
    root.write("etc/ld.so.cache", _cache([(name, found[name]) for name in names], flags))


def _directories(root: Root, platform: Platform) -> Iterator[str]:
    yield from _configured(root, "/etc/ld.so.conf", set())
    yield from _SYSTEM if platform.machine == "aarch64" else (*_LIB64, *_SYSTEM)


def _configured(root: Root, path: str, seen: set[str]) -> Iterator[str]:
    """Directories of a configuration file and those it includes (ldconfig(8))."""
    if path in seen or root.file(path) is None:
        return
    seen.add(path)
    for line in root.read(path).decode("utf-8", "replace").splitlines():
        text = line.partition("#")[0].strip()
        if text.startswith("include"):
            for pattern in text.split()[1:]:
                directory, _, glob = pattern.rpartition("/")
                for name in root.names(directory):
                    if fnmatch.fnmatchcase(name, glob):
                        yield from _configured(root, f"{directory}/{name}", seen)
        elif text.startswith("/"):
            yield text.rstrip("/")


def _libraries(root: Root, directory: str, machine: int) -> dict[str, None]:
    """Names under which the libraries of a directory are asked for; missing links by soname are made."""
    names: dict[str, None] = {}
    for name in root.names(directory):
        if not _NAME.fullmatch(name):
            continue
        path = f"{directory}/{name}"
        file = root.file(path)
        if file is None or file.content.size < 64:
            continue
        with file.content.open() as stream:
            wanted = soname(stream, machine)
        if wanted is None:
            continue
        wanted = wanted or name
        if isinstance(root.get(path), Symlink) and name.endswith(".so") and wanted.startswith(name):
            wanted = name  # the link that the linker asks for
        names[wanted] = None
        if wanted != name and "/" not in wanted and not root.exists(f"{directory}/{wanted}"):
            root.link(f"{directory}/{wanted}", name)
    return {name: None for name in names if "/" not in name}


def soname(stream: BinaryIO, machine: int) -> str | None:
    """DT_SONAME of a shared object for ``machine``; "" if it has none, None if it is no such."""
    elf = read_dynamic(stream)
    return elf.soname if elf is not None and elf.shared and elf.machine == machine else None


def _sort_key(name: str) -> tuple[tuple[int, int | str], ...]:
    """The loader's order (_dl_cache_libcmp): digits compare as numbers and sort after other characters."""
    key: list[tuple[int, int | str]] = []
    for piece in _DIGITS.split(name):
        if piece.isdigit():
            key.append((2, int(piece)))
        else:
            key.extend((1, character) for character in piece)
    return tuple(key)


def _cache(libraries: list[tuple[str, str]], flags: int) -> bytes:
    """The file: header, entries, strings. Offsets count from the start of the file."""
    base = _HEADER.size + _ENTRY.size * len(libraries)
    strings = bytearray()
    entries = bytearray()
    for name, path in libraries:
        value = base + len(strings)
        strings += path.encode() + b"\0"
        key = value + len(path.encode()) - len(name.encode())  # the name is the end of the path
        entries += _ENTRY.pack(flags, key, value, 0, 0)
    header = _HEADER.pack(b"glibc-ld.so.cache", b"1.1", len(libraries), len(strings), _LITTLE_ENDIAN, 0)
    return header + bytes(entries) + bytes(strings)

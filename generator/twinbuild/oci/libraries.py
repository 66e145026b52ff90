"""What the loader can find in a layer: its ELF files, links, directories to search, and which wheel brought which file.

Read from the very bytes of the layer, whoever built it, in one pass.
"""

from __future__ import annotations

import csv
import json
import posixpath
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import BinaryIO, Final

from twinbuild.codec.canonical import canonical
from twinbuild.codec.dynamic import Dynamic, read_dynamic
from twinbuild.codec.untar import Body, Kind, Member

__all__ = ["FORMAT", "LayerLibraries", "decode_libraries", "encode_libraries", "layer_libraries"]

FORMAT: Final = 1  # raised with what is read, so that layers are read again
_ELF: Final = b"\x7fELF"
_CHUNK: Final = 1 << 18
_TEXT: Final = 64 << 20  # bytes of a RECORD or of the loader's configuration
_RECORD: Final = re.compile(r"(?P<site>.*/)(?P<name>[^/]+)-[^/-]+\.dist-info/RECORD")
_CONFIGURATION: Final = re.compile(r"etc/ld\.so\.conf(\.d/[^/]+)?")
_DATA: Final = re.compile(r"usr/share/")  # no library is asked for there
_WHITEOUT: Final = ".wh."
_SEPARATORS: Final = re.compile(r"[-_.]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerLibraries:
    """Paths are absolute in the image, without the leading slash."""

    objects: tuple[tuple[str, Dynamic], ...]
    links: tuple[tuple[str, str], ...]  # symbolic and hard links, by target as text
    owners: tuple[tuple[str, str], ...]  # ELF file → project (PEP 503) whose RECORD names it
    configuration: tuple[tuple[str, str], ...]  # of the loader: path and text
    removed: tuple[str, ...]  # what is taken from lower layers; with a / at the end: what lies below


def layer_libraries(members: Iterable[tuple[Member, Body]], *, spool: Callable[[], BinaryIO]) -> LayerLibraries:
    """Read a layer's members to their end. ``spool`` gives an empty file for the bytes of one ELF file at a time."""
    objects: dict[str, Dynamic] = {}
    links: dict[str, str] = {}
    records: list[tuple[str, str, str]] = []
    configuration: dict[str, str] = {}
    removed: list[str] = []
    for member, body in members:
        above, _, name = member.path.rpartition("/")
        if name.startswith(_WHITEOUT):
            hidden = "" if name == ".wh..wh..opq" else name.removeprefix(_WHITEOUT)
            removed.append(f"{above}/{hidden}".lstrip("/"))
        elif member.kind is Kind.SYMLINK and not _DATA.match(member.path):
            links[member.path] = member.target
        elif member.kind is Kind.HARDLINK:
            links[member.path] = f"/{member.target}"
        elif member.kind is Kind.FILE and member.size <= _TEXT and (found := _RECORD.fullmatch(member.path)):
            records.append((found["site"], found["name"], _text(body)))
        elif member.kind is Kind.FILE and member.size <= _TEXT and _CONFIGURATION.fullmatch(member.path):
            configuration[member.path] = _text(body)
        elif member.kind is Kind.FILE and member.size >= 64:
            elf = _object(body, spool)
            if elf is not None:
                objects[member.path] = elf
    owners = {
        path: _SEPARATORS.sub("-", name).lower()
        for site, name, text in records
        for path in _recorded(site, text)
        if path in objects
    }
    return LayerLibraries(
        objects=tuple(objects.items()),
        links=tuple(links.items()),
        owners=tuple(owners.items()),
        configuration=tuple(configuration.items()),
        removed=tuple(removed),
    )


def _object(body: Body, spool: Callable[[], BinaryIO]) -> Dynamic | None:
    head = body.read(64)
    if not head.startswith(_ELF):
        return None
    with spool() as file:
        file.write(head)
        while chunk := body.read(_CHUNK):
            file.write(chunk)
        file.seek(0)
        return read_dynamic(file)


def _text(body: Body) -> str:
    return b"".join(iter(lambda: body.read(_CHUNK), b"")).decode("utf-8", "replace")


def _recorded(site: str, text: str) -> Iterable[str]:
    """The paths that a RECORD names, from the root."""
    try:
        rows = list(csv.reader(text.splitlines()))
    except csv.Error:
        return ()
    return (posixpath.normpath(site + row[0]) for row in rows if row and not row[0].startswith("/"))


def encode_libraries(libraries: LayerLibraries) -> bytes:
    """As a record of the store."""
    return canonical(
        {
            "format": FORMAT,
            "objects": [
                [path, elf.machine, elf.shared, elf.soname, list(elf.needed), list(elf.rpath), list(elf.runpath)]
                for path, elf in libraries.objects
            ],
            "links": [list(pair) for pair in libraries.links],
            "owners": [list(pair) for pair in libraries.owners],
            "configuration": [list(pair) for pair in libraries.configuration],
            "removed": list(libraries.removed),
        }
    )


def decode_libraries(content: bytes) -> LayerLibraries | None:
    """Back from a record; None where it is none of this format."""
    try:
        document = json.loads(content)
        if document["format"] != FORMAT:
            return None
        return LayerLibraries(
            objects=tuple(
                (
                    path,
                    Dynamic(
                        machine=machine,
                        shared=shared,
                        soname=soname,
                        needed=tuple(needed),
                        rpath=tuple(rpath),
                        runpath=tuple(runpath),
                    ),
                )
                for path, machine, shared, soname, needed, rpath, runpath in document["objects"]
            ),
            links=tuple((path, target) for path, target in document["links"]),
            owners=tuple((path, owner) for path, owner in document["owners"]),
            configuration=tuple((path, text) for path, text in document["configuration"]),
            removed=tuple(document["removed"]),
        )
    except (ValueError, KeyError, TypeError):
        return None

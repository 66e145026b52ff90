"""A root file system in the making: entries by path, with links followed inside of it as a kernel would."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from twinbuild.errors import BuildError
from twinbuild.model.tree import BytesContent, Directory, Entry, File, Hardlink, Symlink, follow

__all__ = ["Root"]

_DOCUMENT: Final = 64 << 20  # bytes of a file that is read whole


class Root:
    """Entries below a root, of which none lies below a link or a file.

    Paths are relative to the root and normal; a leading slash is taken off. ``put`` and ``read`` follow links of the
    directories on the way, so that ``bin/sh`` is ``usr/bin/sh`` where ``bin`` is a link to ``usr/bin``.
    """

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}
        self._names: dict[str, set[str]] = {"": set()}
        self._linked: dict[str, set[str]] = {}  # path of a file → hard links that name it

    def copy(self) -> Root:
        """Another tree with the same entries."""
        other = Root()
        other._entries = dict(self._entries)
        other._names = {path: set(names) for path, names in self._names.items()}
        other._linked = {path: set(names) for path, names in self._linked.items()}
        return other

    def paths(self) -> frozenset[str]:
        """The paths of all entries."""
        return frozenset(self._entries)

    def get(self, path: str) -> Entry | None:
        """The entry itself, not what it links to."""
        place = self.place(path)
        return None if place is None else self._entries.get(place)

    def place(self, path: str) -> str | None:
        """Where ``path`` lies when the links of its directories are followed; None if it leads nowhere."""
        parent, _, name = path.strip("/").rpartition("/")
        directory = self.follow(parent) if parent else ""
        if directory is None:
            return None
        return f"{directory}/{name}" if directory else name

    def follow(self, path: str) -> str | None:
        """The path of what ``path`` finally names, or of where it would be; None for a loop or a way through a file.

        A path that is longer than Linux allows leads nowhere.
        """
        return follow(path, link=self._link, is_file=self._is_file)

    def _link(self, path: str) -> str | None:
        entry = self._entries.get(path)
        return entry.target if isinstance(entry, Symlink) else None

    def _is_file(self, path: str) -> bool:
        return isinstance(self._entries.get(path), (File, Hardlink))

    def exists(self, path: str) -> bool:
        """Whether ``path`` names something, after following links."""
        place = self.follow(path)
        return place is not None and (not place or place in self._entries)

    def names(self, directory: str) -> tuple[str, ...]:
        """Names in a directory, sorted; none if there is no such directory."""
        place = self.follow(directory)
        return tuple(sorted(self._names.get(place, ()))) if place is not None else ()

    def file(self, path: str) -> File | None:
        """The regular file that ``path`` finally names, under whichever of its names it is kept."""
        place = self.follow(path)
        entry = self._entries.get(place) if place else None
        while isinstance(entry, Hardlink):
            entry = self._entries.get(entry.target)
        return entry if isinstance(entry, File) else None

    def read(self, path: str) -> bytes:
        """The bytes of a file. Raises BuildError TB4211 if there is none."""
        file = self.file(path)
        if file is None or file.content.size > _DOCUMENT:
            raise BuildError.of(
                "TB4211",
                f"/{path.strip('/')} is {'missing' if file is None else 'too large'}, but an effect needs it",
                hint="add the package that ships it, or report this as a gap in the catalogue of effects",
            )
        with file.content.open() as stream:
            return stream.read()

    def put(self, entry: Entry) -> None:
        """Add or replace an entry; missing directories above it are made (root, 0755).

        As in a file system, other names of a file that is replaced or removed keep what it was.
        Raises BuildError TB4212 if the way leads through a file, or a directory would be replaced by something else.
        """
        place = self.place(entry.path)
        if place is None:
            raise self._blocked(entry.path)
        parent, _, name = place.rpartition("/")
        if parent and not isinstance(self._entries.get(parent), Directory):
            if parent in self._entries:
                raise self._blocked(entry.path)
            self.put(Directory(path=parent))
        if self._names.get(place) and not isinstance(entry, Directory):
            raise self._blocked(entry.path)
        if isinstance(entry, Hardlink) and entry.target == place:
            return  # another way to the same name
        old = self._entries.get(place)
        if not (isinstance(entry, File) and isinstance(old, File) and entry.content is old.content):
            self._let_go(place)  # with the same content it is the same file, whose mode or owner changes
        self._entries[place] = entry if entry.path == place else replace(entry, path=place)
        if isinstance(entry, Hardlink):
            self._linked.setdefault(entry.target, set()).add(place)
        self._names[parent].add(name)
        if isinstance(entry, Directory):
            self._names.setdefault(place, set())
        else:
            self._names.pop(place, None)

    def write(self, path: str, content: bytes, *, mode: int = 0o644, gid: int = 0) -> None:
        """Put a small file of root's."""
        self.put(File(path=path.strip("/"), content=BytesContent(content), mode=mode, gid=gid))

    def link(self, path: str, target: str) -> None:
        """Put a symbolic link."""
        self.put(Symlink(path=path.strip("/"), target=target))

    def remove(self, path: str) -> None:
        """Remove an entry that is there (a directory: only an empty one). Raises BuildError TB4212."""
        place = self.place(path)
        if place is None or place not in self._entries:
            return
        if self._names.get(place):
            raise self._blocked(path)
        parent, _, name = place.rpartition("/")
        self._let_go(place)
        del self._entries[place]
        self._names[parent].discard(name)
        self._names.pop(place, None)

    def _let_go(self, place: str) -> None:
        """Of the hard links to a file that goes the first becomes the file, to which the others link."""
        old = self._entries.get(place)
        if isinstance(old, Hardlink):
            self._linked.get(old.target, set()).discard(place)
        heirs = sorted(self._linked.pop(place, ()))
        if not heirs:
            return
        if isinstance(old, Hardlink):
            for path in heirs:
                self._entries[path] = Hardlink(path=path, target=old.target)
            self._linked.setdefault(old.target, set()).update(heirs)
        elif isinstance(old, File):
            self._entries[heirs[0]] = replace(old, path=heirs[0])
            for path in heirs[1:]:
                self._entries[path] = Hardlink(path=path, target=heirs[0])
            self._linked.setdefault(heirs[0], set()).update(heirs[1:])

    def entries(self) -> Iterator[Entry]:
        """All entries sorted by path: parents before children, and a hard link's file before the link.

        Of the names of one file the first is the file, and the others link to it.
        """
        first: dict[str, str] = {}
        for path in sorted(self._entries):
            entry = self._entries[path]
            if isinstance(entry, Hardlink):
                first.setdefault(entry.target, path)
                first[entry.target] = min(first[entry.target], entry.target)
        for path in sorted(self._entries):
            entry = self._entries[path]
            origin = entry.target if isinstance(entry, Hardlink) else path
            name = first.get(origin, path)
            if name == path and isinstance(entry, Hardlink):
                yield replace(self._file(origin), path=path)
            elif name != path:
                yield Hardlink(path=path, target=name)
            else:
                yield entry

    def _file(self, path: str) -> File:
        entry = self._entries.get(path)
        if not isinstance(entry, File):
            raise self._blocked(path)
        return entry

    @staticmethod
    def _blocked(path: str) -> BuildError:
        return BuildError.of(
            "TB4212",
            f"/{path.strip('/')} cannot be there: something of another kind is in its place or on its way",
            hint="leave out one of the packages, or report this as a gap in the catalogue of effects",
        )

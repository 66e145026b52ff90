"""The file tree that layers give, one over the other (OCI image-spec, layer.md, "Applying Changesets").

Only what members are is kept; their bytes are read again from the layer that has them. Engines differ on a member that
lies below a link of a lower layer (some follow the link, some replace it), so such an image is refused. Devices are
known to be there, for systems ship them in /dev, and nothing is ever made of them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import BinaryIO, Final

from twinbuild.codec.untar import Body, Kind, Limits, Member, untar
from twinbuild.errors import IntegrityError
from twinbuild.model.digest import Digest
from twinbuild.model.plan import BaseLayer, Compression
from twinbuild.model.tree import follow
from twinbuild.oci.compress import MEDIA_TYPES
from twinbuild.oci.contents import OPAQUE, WHITEOUT, HashedStream, check_member
from twinbuild.oci.decompress import decompress

__all__ = [
    "LAYER_KINDS",
    "Bodies",
    "OpenBlob",
    "Place",
    "Stack",
    "read_bodies",
    "read_files",
    "read_stack",
    "read_whole",
]

LAYER_KINDS: Final[Mapping[str, Compression | None]] = {
    "application/vnd.oci.image.layer.v1.tar": None,
    **{media_type: kind for kind, media_type in MEDIA_TYPES.items()},
}
_LIMITS: Final = Limits()
_FREE_SIZE: Final = 64 << 20  # bytes that any layer may unpack to
_RATIO_LOOKED_AT: Final = 1000  # times its size that a layer may unpack to which is only looked at
_MOST: Final = 2_000_000  # members of all layers, which stay in memory
_HINT: Final = "use another base, or build this one again with an engine (`docker build`), which writes no such layers"

OpenBlob = Callable[[Digest], BinaryIO]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A path of the tree: the number of the layer that has it, what it is there, and which member has its bytes."""

    layer: int
    member: Member
    origin: str  # path of the member with the bytes: the path itself, or the file that a hard link names
    size: int = 0  # of the bytes


class Stack:
    """Layers that were read, as one tree. Paths are normal and relative; the root is the empty string.

    ``root`` is what the uppermost layer that states it says of the root directory itself.
    """

    def __init__(self) -> None:
        self.root: Member | None = None
        self.places: dict[str, Place] = {}
        self.children: dict[str, set[str]] = {"": set()}

    def add(self, number: int, members: Sequence[Member], *, subject: str, whole: bool = True) -> None:
        """Put a layer on top. Raises IntegrityError TB2277; unless the stack is not ``whole``, and so says little."""
        for member in members:
            above, _, name = member.path.rpartition("/")
            if name.startswith(WHITEOUT):
                self._require_directories(above, subject, whole=whole)
                hidden = sorted(self.children.get(above, ())) if name == OPAQUE else [name.removeprefix(WHITEOUT)]
                for each in hidden:
                    self._remove(f"{above}/{each}" if above else each)
        own: dict[str, Member] = {}
        for member in members:
            if not member.path:
                self.root = member
            if not member.path or member.path.rpartition("/")[2].startswith(WHITEOUT):
                continue
            own[member.path] = member
            file = own[member.target] if member.kind is Kind.HARDLINK else member  # an earlier one, as the reader saw
            self._put(Place(layer=number, member=member, origin=file.path, size=file.size), subject, whole=whole)

    def _put(self, place: Place, subject: str, *, whole: bool) -> None:
        path = place.member.path
        above = path.rpartition("/")[0]
        self._require_directories(above, subject, whole=whole)
        before = self.places.get(path)
        if before is not None and not (before.member.kind is Kind.DIRECTORY is place.member.kind):
            self._remove(path)
        left_out = []
        while above and above not in self.places:
            left_out.append(above)
            above = above.rpartition("/")[0]
        for parent in reversed(left_out):  # what an archive leaves out, every engine makes as root's
            self._note(parent, Place(layer=place.layer, member=_directory(parent), origin=parent))
        self._note(path, place)

    def _note(self, path: str, place: Place) -> None:
        above, _, name = path.rpartition("/")
        self.places[path] = place
        self.children.setdefault(above, set()).add(name)
        if place.member.kind is Kind.DIRECTORY:
            self.children.setdefault(path, set())

    def _remove(self, path: str) -> None:
        waiting = [path]
        while waiting:
            each = waiting.pop()
            waiting += [f"{each}/{name}" for name in self.children.pop(each, ())]
            self.places.pop(each, None)
        above, _, name = path.rpartition("/")
        self.children.get(above, set()).discard(name)

    def _require_directories(self, path: str, subject: str, *, whole: bool) -> None:
        while path:
            place = self.places.get(path)
            if place is not None and place.member.kind is Kind.DIRECTORY:
                return  # and so is all above it
            if place is not None and not whole:
                self._remove(path)
            elif place is not None:
                raise IntegrityError.of(
                    "TB2277",
                    f"a layer has members below {path!r}, which is a {place.member.kind} of a layer below it",
                    hint=_HINT,
                    where=f"{subject}!{path}",
                )
            path = path.rpartition("/")[0]

    def get(self, path: str) -> Place | None:
        """What lies at a path, without following a link at its end or on its way."""
        return self.places.get(path)

    def follow(self, path: str) -> str | None:
        """The path of what ``path`` finally names, or of where it would be; None for a loop or a way through a file.

        A path that is longer than Linux allows leads nowhere.
        """
        return follow(path, link=self._link, is_file=self._is_file)

    def _link(self, path: str) -> str | None:
        place = self.places.get(path)
        return place.member.target if place is not None and place.member.kind is Kind.SYMLINK else None

    def _is_file(self, path: str) -> bool:
        place = self.places.get(path)
        return place is not None and place.member.kind is not Kind.DIRECTORY

    def file(self, path: str) -> str | None:
        """The path of the regular file that ``path`` finally names; None where there is none."""
        found = self.follow(path)
        place = self.places.get(found) if found else None
        return found if place is not None and place.member.kind in (Kind.FILE, Kind.HARDLINK) else None


def _directory(path: str) -> Member:
    return Member(path=path, kind=Kind.DIRECTORY, mode=0o755, uid=0, gid=0, user="", group="", mtime=0)


def _open(layer: BaseLayer, blob: BinaryIO, limit: int) -> tuple[HashedStream, Iterator[tuple[Member, Body]]]:
    chunks = decompress(blob, LAYER_KINDS[layer.media_type], limit=limit, subject=str(layer.digest))
    stream = HashedStream(chunks)
    return stream, untar(stream, subject=str(layer.digest), limits=_LIMITS, special=True)


def read_stack(
    layers: Sequence[BaseLayer], open_blob: OpenBlob, *, ratio: int = 200, whole: bool = True
) -> tuple[Stack, tuple[int, ...]]:
    """The tree of layers, lowest first, and the size of each one's tar in bytes.

    Every tar is read to its end and must have its ``diff_id``; ``open_blob`` gives checked blobs. A layer may unpack to
    ``ratio`` times its size; not ``whole`` is a stack of some layers of an image.
    Raises IntegrityError TB2277, TB4306, TB4311 to TB4313, TB4335, TB4336, TB4401 to TB4404.
    """
    stack, sizes, count = Stack(), list[int](), 0
    for number, layer in enumerate(layers):
        subject = str(layer.digest)
        members: list[Member] = []
        with open_blob(layer.digest) as blob:
            stream, found = _open(layer, blob, max(_FREE_SIZE, ratio * layer.size))
            for member, _ in found:
                check_member(member, subject)
                members.append(member)
                if count + len(members) > _MOST:
                    raise IntegrityError.of(
                        "TB4404", f"more than {_MOST} members in all layers", hint=_HINT, where=subject
                    )
        diff_id = stream.digest()
        if diff_id != layer.diff_id:
            raise IntegrityError.of(
                "TB4336",
                f"diff_id {layer.diff_id}, but the layer's tar has {diff_id}",
                hint="do not use the image; report it to whoever made it",
                where=subject,
            )
        count += len(members)
        stack.add(number, members, subject=subject, whole=whole)
        sizes.append(stream.size)
    return stack, tuple(sizes)


Bodies = Iterator[tuple[tuple[str, ...], Member, Body]]


def read_bodies(stack: Stack, layers: Sequence[BaseLayer], open_blob: OpenBlob, paths: Iterable[str]) -> Bodies:
    """Regular files of the tree in the order of the layers: the paths that name one, its member and its bytes.

    Each layer is read at most once, and only as far as needed. ``paths`` must be files (``Stack.file``).
    """
    wanted: dict[int, dict[str, list[str]]] = {}
    for path in sorted(paths):
        place = stack.places[path]
        wanted.setdefault(place.layer, {}).setdefault(place.origin, []).append(path)
    for number in sorted(wanted):
        layer, left = layers[number], wanted[number]
        with open_blob(layer.digest) as blob:
            for member, body in _open(layer, blob, max(layer.uncompressed_size, 1))[1]:
                if member.path in left:
                    yield tuple(left.pop(member.path)), member, body
                if not left:
                    break


def read_whole(layers: Sequence[BaseLayer], open_blob: OpenBlob) -> tuple[Stack, tuple[BaseLayer, ...], Bodies]:
    """The tree of an image that is only looked at, its layers with the sizes of their tars, and every regular file.

    Sizes need not be known before, and a layer may unpack to more than one to build on. Raises as ``read_stack``.
    """
    stack, sizes = read_stack(layers, open_blob, ratio=_RATIO_LOOKED_AT)
    sized = tuple(replace(layer, uncompressed_size=size) for layer, size in zip(layers, sizes, strict=True))
    files = [path for path, place in stack.places.items() if place.member.kind in (Kind.FILE, Kind.HARDLINK)]
    return stack, sized, read_bodies(stack, sized, open_blob, files)


def read_files(
    stack: Stack, layers: Sequence[BaseLayer], open_blob: OpenBlob, paths: Collection[str], *, limit: int
) -> dict[str, bytes]:
    """The bytes of small regular files of the tree, by path. Raises IntegrityError TB4404 for one above ``limit``."""
    for path in paths:
        if stack.places[path].size > limit:
            size = stack.places[path].size
            raise IntegrityError.of("TB4404", f"it has {size} bytes, at most {limit} are read", hint=_HINT, where=path)
    found: dict[str, bytes] = {}
    for names, _, body in read_bodies(stack, layers, open_blob, paths):
        found |= dict.fromkeys(names, body.read())
    return found

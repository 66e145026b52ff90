"""What the apt of a base image is told: where its system's archive is, and whose signature on it counts.

Both are read from the image's layers, which are pinned: who adds packages to the base trusts whom the base trusts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from twinbuild.codec.amounts import counted
from twinbuild.errors import IntegrityError
from twinbuild.model.plan import BaseLayer
from twinbuild.oci.stack import OpenBlob, Stack, read_files
from twinbuild.resolve.apt_sources import AptFiles, Entry, own_entries
from twinbuild.resolve.keyrings import KEYRING_LIMIT, read_keyrings

if TYPE_CHECKING:
    from pysequoia import Cert

__all__ = ["SystemArchive", "read_system_archive"]

_SOURCES: Final = "etc/apt/sources.list"
_TRUSTED: Final = "etc/apt/trusted.gpg"
_WHOLE: Final = 16 << 20  # bytes of all sources, or of all keyrings; each of them has a limit of its own
_RELEASE: Final = ("etc/os-release", "usr/lib/os-release")


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemArchive:
    """The archive of a system that is not Debian itself, as a base image of that system knows it.

    ``addresses`` are those of its apt's own sources; ``keyrings`` are path and bytes of the files whose keys may sign.
    """

    name: str  # "ubuntu": the ID of os-release
    addresses: tuple[str, ...]
    keyrings: tuple[tuple[str, bytes], ...]
    subject: str  # the image, for messages

    def certificates(self) -> tuple[Cert, ...]:
        """Whose signature counts. Raises IntegrityError TB2291, LockError TB2290."""
        return read_keyrings(self.keyrings, subject=self.subject)


def read_system_archive(
    stack: Stack, layers: Sequence[BaseLayer], open_blob: OpenBlob, *, system: str, subject: str
) -> SystemArchive:
    """The archive of ``system`` in a base's tree.

    The keys are those of the files that Signed-By names in the archive's own entries; for an entry without, those that
    apt trusts for every source (trusted.gpg, trusted.gpg.d); in a base without such entries and keys, those of the
    archive's keyring at its usual place. Raises IntegrityError TB4404 for a file that is too large, or too many.
    """
    release = next((file for path in _RELEASE if (file := stack.file(path))), "")
    sources = _files(stack, _SOURCES, (".list", ".sources"))
    _require_small(stack, sources, subject)
    content = read_files(stack, layers, open_blob, {*sources, *filter(None, [release])}, limit=KEYRING_LIMIT)
    files = AptFiles(
        os_release=content[release].decode(errors="replace") if release else "",
        sources=tuple((path, content[path].decode(errors="replace")) for path in sources),
    )
    entries = own_entries(files, system)
    keyrings = _keyrings(stack, entries, system)
    _require_small(stack, keyrings, subject)
    read = read_files(stack, layers, open_blob, set(keyrings), limit=KEYRING_LIMIT)
    return SystemArchive(
        name=system,
        addresses=tuple(dict.fromkeys(entry.address.rstrip("/") for entry in entries)),
        keyrings=tuple((path, read[path]) for path in keyrings),
        subject=subject,
    )


def _keyrings(stack: Stack, entries: Sequence[Entry], system: str) -> tuple[str, ...]:
    """The paths of the keyrings that may vouch for the archive."""
    found = [file for entry in entries for path in entry.keyrings if (file := stack.file(path))]
    if not entries or any(not entry.keyrings for entry in entries):
        found += _files(stack, _TRUSTED, (".gpg", ".asc"))
    if not found and not entries:
        usual = stack.file(f"usr/share/keyrings/{system}-archive-keyring.gpg")
        found = [usual] if usual else []
    return tuple(dict.fromkeys(found))


def _require_small(stack: Stack, paths: Sequence[str], subject: str) -> None:
    size = sum(stack.places[path].size for path in paths)
    if size > _WHOLE:
        raise IntegrityError.of(
            "TB4404",
            f"{len(paths)} files that apt reads have {counted(size, 'byte')}, at most {_WHOLE} are read",
            hint="do not use the image; report it to whoever made it",
            where=subject,
        )


def _files(stack: Stack, path: str, suffixes: tuple[str, ...]) -> tuple[str, ...]:
    """A file of apt's and those of the directory ``….d`` beside it that count, in apt's order."""
    directory = stack.follow(f"{path}.d") or ""
    names = sorted(stack.children.get(directory, ())) if directory else []
    inside = (stack.file(f"{directory}/{name}") for name in names if name.endswith(suffixes))
    return tuple(dict.fromkeys(file for file in (stack.file(path), *inside) if file))

"""The tar writer: entries in, the same bytes out on every machine.

An archive is a function of its entries, their order and one time. It ends with two zero blocks and no further padding:
records of 10 KiB served tape drives, and every reader of image layers takes an archive without them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from twinbuild.codec.amounts import counted
from twinbuild.errors import BuildError, Finding, IntegrityError, Location
from twinbuild.model.tree import Directory, Entry, File, Hardlink
from twinbuild.oci.header import BLOCK, LATEST, encode, header_size, padding

__all__ = ["archive_size", "canonical_order", "check_tree", "write_archive"]

_CHUNK: Final = 1 << 20
_SMALL: Final = 64 << 10  # a file up to this size travels in one chunk with its neighbours
_HINT: Final = "give every path one entry, only directories entries below them, and hard links a file before them"


def canonical_order(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Entries by the bytes of their paths, parents before children; hard links last, so after their targets."""
    return tuple(sorted(entries, key=lambda entry: (isinstance(entry, Hardlink), entry.path.encode())))


def check_tree(entries: Iterable[Entry]) -> None:
    """Raise IntegrityError with every finding if the entries, in this order, are not one clear file tree.

    TB4303: a path twice. TB4304: an entry below something that is not a directory. TB4305: a hard link whose target is
    not a regular file before it. Directories that are not named are implied; a lower layer may have them.
    """
    findings: list[Finding] = []
    kinds: dict[str, type[Entry]] = {}
    ordered = tuple(entries)
    for entry in ordered:
        path = entry.path
        if path in kinds:
            findings.append(_finding("TB4303", f"{path!r} has two entries, expected one", path))
        if isinstance(entry, Hardlink) and kinds.get(entry.target) is not File:
            message = f"{path!r} links to {entry.target!r}, which is no regular file before it"
            findings.append(_finding("TB4305", message, path))
        kinds.setdefault(path, type(entry))
    for entry in ordered:
        parent = entry.path.rpartition("/")[0]
        while parent:
            kind = kinds.get(parent)
            if kind is Directory:
                break  # the parents of that directory are looked at with its own entry
            if kind is not None:
                message = f"{entry.path!r} lies below {parent!r}, which is a {kind.__name__.lower()}, not a directory"
                findings.append(_finding("TB4304", message, entry.path))
                break
            parent = parent.rpartition("/")[0]
    if findings:
        raise IntegrityError(tuple(findings))


def archive_size(entries: Iterable[Entry]) -> int:
    """The exact length in bytes of the archive of these entries, by arithmetic alone."""
    tree = tuple(entries)
    linked = _linked(tree)
    return sum(_entry_size(entry, linked.get(entry.path)) for entry in tree) + 2 * BLOCK


def write_archive(entries: Sequence[Entry], *, mtime: int) -> Iterator[bytes]:
    """The archive of a tree in the order given, in chunks of about 1 MiB; ``mtime`` in seconds since 1970 is for all.

    Raises, before the first chunk, what ``check_tree`` raises and BuildError TB4307 for a time that a header cannot
    hold; and IntegrityError TB4308 as soon as a content's stream is not as long as its ``size``.
    """
    if not 0 <= mtime <= LATEST:
        raise BuildError.of(
            "TB4307",
            f"time {mtime} cannot stand in a tar header, expected 0 to {LATEST} (the year 2242)",
            hint="correct the release's date",
        )
    check_tree(entries)
    return _chunks(entries, mtime)


def _linked(entries: Sequence[Entry]) -> dict[str, File]:
    """For each hard link, by its path, the file that it names."""
    targets = {entry.target for entry in entries if isinstance(entry, Hardlink)}
    files = {entry.path: entry for entry in entries if isinstance(entry, File) and entry.path in targets}
    links = (entry for entry in entries if isinstance(entry, Hardlink))
    return {link.path: files[link.target] for link in links if link.target in files}


def _chunks(entries: Sequence[Entry], mtime: int) -> Iterator[bytes]:
    pending = bytearray()
    linked = _linked(entries)
    for entry in entries:
        pending += encode(entry, mtime, linked.get(entry.path))
        if not isinstance(entry, File):
            pass
        elif entry.content.size <= _SMALL:
            for chunk in _content(entry):
                pending += chunk
        else:
            yield bytes(pending)
            pending.clear()
            yield from _content(entry)
        if isinstance(entry, File):
            pending += bytes(padding(entry.content.size))
        if len(pending) >= _CHUNK:
            yield bytes(pending)
            pending.clear()
    yield bytes(pending) + bytes(2 * BLOCK)


def _content(file: File) -> Iterator[bytes]:
    """Exactly the declared bytes of a file, in chunks; the stream must end there."""
    left = file.content.size
    with file.content.open() as stream:
        while left:
            chunk = stream.read(min(left, _CHUNK))
            if not chunk:
                raise _wrong_size(file, f"ends after {counted(file.content.size - left, 'byte')}")
            left -= len(chunk)
            yield chunk
        if stream.read(1):
            raise _wrong_size(file, "goes on after that")


def _entry_size(entry: Entry, linked: File | None) -> int:
    if not isinstance(entry, File):
        return header_size(entry, linked)
    size = entry.content.size
    return header_size(entry) + size + padding(size)


def _wrong_size(file: File, what: str) -> IntegrityError:
    return IntegrityError.of(
        "TB4308",
        f"the content of {file.path!r} is declared with {counted(file.content.size, 'byte')}, but its stream {what}",
        hint="fetch the input again; if it stays so, the input was changed while it was read",
        where=file.path,
    )


def _finding(code: str, message: str, path: str) -> Finding:
    return Finding(code=code, message=message, hint=_HINT, where=Location(subject=path))

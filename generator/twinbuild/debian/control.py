"""Control files in Debian's deb822 form (deb822(5); Debian Policy, chapter 5), read as a stream and strictly.

A stanza is a mapping from lower-case field name to value. The first line of a value is stripped; continuation lines
follow it as they stand, after a newline. Comments are taken only where asked for (apt's sources; never in an index).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, Final

from twinbuild.errors import IntegrityError

__all__ = ["STANZA_LIMIT", "Stanza", "parse_stanza", "parse_stanzas", "read_stanzas"]

Stanza = dict[str, str]

STANZA_LIMIT: Final = 4 << 20  # bytes; a Release file's only stanza has 150 kB
_CHUNK: Final = 1 << 20
_NAME: Final = frozenset(map(chr, range(0x21, 0x7F)))  # printable ASCII without blank; the colon ends the name
_NO_NAME: Final = "#-"  # characters that no field name starts with (deb822(5))
_SPELLED_LIMIT: Final = 1000
_spelled: dict[str, str] = {}  # names that were found right → lower case: an index repeats the same thirty


def read_stanzas(stream: BinaryIO, *, where: str, comments: bool = False) -> Iterator[Stanza]:
    """The stanzas of a stream of UTF-8 text, in order, holding one at a time.

    ``where`` names the file in findings. Raises IntegrityError TB2101 (malformed) or TB2105 (a stanza above
    ``STANZA_LIMIT``).
    """
    rest = b""
    number = 0
    while chunk := stream.read(_CHUNK):
        *whole, rest = (rest + chunk).split(b"\n\n")
        for block in whole:
            for stanza in _stanzas(block, where, number, comments=comments):
                number += 1
                yield stanza
        if len(rest) > STANZA_LIMIT:
            raise IntegrityError.of(
                "TB2105",
                f"stanza {number + 1} is longer than {STANZA_LIMIT} bytes",
                hint="use the file that the archive publishes",
                where=where,
            )
    yield from _stanzas(rest, where, number, comments=comments)


def parse_stanzas(text: str, *, where: str, comments: bool = False) -> tuple[Stanza, ...]:
    """The stanzas of a text in memory. Raises as ``read_stanzas``."""
    found: list[Stanza] = []
    for block in text.split("\n\n"):
        found.extend(_stanzas(block.encode(), where, len(found), comments=comments))
    return tuple(found)


def parse_stanza(text: str, *, where: str) -> Stanza:
    """The only stanza of a text, such as a package's control file. Raises IntegrityError TB2101."""
    stanzas = parse_stanzas(text, where=where)
    if len(stanzas) != 1:
        raise _malformed(where, 0, f"{len(stanzas)} stanzas, expected one")
    return stanzas[0]


def _stanzas(block: bytes, where: str, number: int, *, comments: bool) -> Iterator[Stanza]:
    """The stanzas of a piece between empty lines: one, or none if it is blank, or more at lines of blanks."""
    try:
        text = block.decode()
    except UnicodeDecodeError as error:
        raise _malformed(where, number, f"not UTF-8 at byte {error.start} of it") from error
    stanza: Stanza = {}
    last = ""
    for line in text.split("\n"):
        name, colon, value = line.partition(":")
        field = _spelled.get(name) or (_spell(name) if colon else None)
        if field is not None and colon and field not in stanza:
            stanza[field] = value.strip()
            last = field
        elif not line or line.isspace():  # a separator may hold blanks (deb822(5))
            if stanza:
                yield stanza
                number += 1
                stanza = {}
                last = ""
        elif line[0] in " \t" and last:
            stanza[last] += "\n" + line
        elif not (comments and line[0] == "#"):
            raise _malformed(where, number, _fault(line, name, colon, field))
    if stanza:
        yield stanza


def _spell(name: str) -> str | None:
    """A field's name in lower case, remembered; None if it is not one."""
    if not name or name[0] in _NO_NAME or not _NAME.issuperset(name):
        return None
    if len(_spelled) < _SPELLED_LIMIT:
        _spelled[name] = name.lower()
    return name.lower()


def _fault(line: str, name: str, colon: str, field: str | None) -> str:
    if line[0] in " \t":
        return f"continuation line before any field: {line[:60]!r}"
    if not colon:
        return f"a line that is no field: {line[:60]!r}"
    return f"field name {name[:60]!r} " + ("is not allowed" if field is None else "stands there twice")


def _malformed(where: str, number: int, what: str) -> IntegrityError:
    return IntegrityError.of(
        "TB2101", f"stanza {number + 1}: {what}", hint="use the file that the archive publishes", where=where
    )

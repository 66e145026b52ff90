"""Header fields of tar streams and the extensions that replace them: GNU long names and pax records."""

from __future__ import annotations

import re
from typing import Final

from twinbuild.errors import IntegrityError

__all__ = ["Extension", "decoded", "number", "refusal"]

_HINT: Final = "do not use the archive; report it to whoever made it"
_RECORD: Final = re.compile(rb"([1-9][0-9]{0,8}) ([^=\n]+)=", re.ASCII)
_NUMBER: Final = re.compile(r"[0-9]{1,18}", re.ASCII)


def refusal(code: str, message: str, subject: str, path: str = "") -> IntegrityError:
    """The error for an archive that is not as it must be, with its address ``archive!member``."""
    return IntegrityError.of(code, message, hint=_HINT, where=f"{subject}!{path}" if path else subject)


def number(field: bytes, subject: str) -> int:
    """A numeric header field: octal digits, or GNU's base-256. Raises IntegrityError TB4401."""
    if field[0] & 0x80:  # GNU base-256, for what octal digits cannot hold
        if field[0] != 0x80:
            raise refusal("TB4401", "a negative number in a header", subject)
        return int.from_bytes(field[1:])
    text = field.strip(b" \0")
    if not text:
        return 0
    if text.strip(b"01234567"):
        raise refusal("TB4401", f"{text!r} is not an octal number", subject)
    return int(text, 8)


def _text(field: bytes, subject: str, *, anything: bool) -> str:
    raw, _, rest = field.partition(b"\0")
    if rest.strip(b"\0"):
        raise refusal("TB4401", "a name with bytes after its end", subject)
    return decoded(raw, subject, anything=anything)


def decoded(raw: bytes, subject: str, *, anything: bool = False) -> str:
    """A name as text. Raises IntegrityError TB4403 if it is not UTF-8, unless ``anything`` goes (as in PEP 383)."""
    if anything:
        return raw.decode("utf-8", "surrogateescape")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise refusal("TB4403", f"a name that is not UTF-8: {raw[:80]!r}", subject) from error


class Extension:
    """What extension headers say about the next member."""

    def __init__(self) -> None:
        self.used = False
        self.long: dict[bytes, bytes] = {}
        self.pax: dict[str, bytes] = {}

    def add(self, kind: bytes, content: bytes, subject: str) -> None:
        """Note a long name (``L``, ``K``) or a pax header (``x``, or ``g``, which may hold a comment only)."""
        if kind == b"g":
            if set(_records(content, subject)) - {"comment"}:
                raise refusal("TB4402", "a global pax header that changes members", subject)
            return
        self.used = True
        if kind == b"x":
            if self.pax:
                raise refusal("TB4401", "two pax headers for one member", subject)
            self.pax = _records(content, subject)
            return
        if kind in self.long:
            raise refusal("TB4401", "two long names for one member", subject)
        self.long[kind] = content

    def text(self, kind: bytes, key: str, field: bytes, subject: str, *, anything: bool = False) -> str:
        """A name: from pax, GNU's long name, or the header, of which at most one may be an extension."""
        if key in self.pax and kind in self.long:
            raise refusal("TB4401", f"both a GNU and a pax {key}", subject)
        if key in self.pax:
            return decoded(self.pax[key], subject, anything=anything)
        return _text(self.long.get(kind, field), subject, anything=anything)

    def number(self, key: str, field: int, subject: str) -> int:
        """A number: from pax or from the header."""
        if key not in self.pax:
            return field
        text = decoded(self.pax[key], subject)
        if not _NUMBER.fullmatch(text):
            raise refusal("TB4401", f"pax {key} is {text[:40]!r}, expected digits", subject)
        return int(text)


def _records(content: bytes, subject: str) -> dict[str, bytes]:
    """POSIX pax: length, space, keyword, ``=``, value, newline; the length counts the whole record."""
    records: dict[str, bytes] = {}
    position = 0
    while position < len(content):
        match = _RECORD.match(content, position)
        end = position + int(match[1]) if match else 0
        if match is None or end < match.end() + 1 or end > len(content) or content[end - 1 : end] != b"\n":
            raise refusal("TB4401", "a malformed pax header", subject)
        key = decoded(match[2], subject)
        if key in records:
            raise refusal("TB4401", f"a pax header that states {key!r} twice", subject)
        records[key] = content[match.end() : end - 1]
        position = end
    return records

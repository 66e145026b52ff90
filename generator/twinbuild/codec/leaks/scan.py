"""Look through bytes for secrets: what kind, on which line, and a fingerprint by which a person may except it.

A fingerprint stands for kind, path and value, and is made slowly (scrypt, RFC 7914), so that who sees one in a log or
a spec is not much helped in guessing a password. The value itself leaves this module nowhere.
"""

from __future__ import annotations

import base64
import binascii
import bisect
import codecs
import hashlib
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from twinbuild.codec.canonical import digest_of
from twinbuild.codec.leaks.judge import secret_of
from twinbuild.codec.leaks.near import BESIDE, places_of
from twinbuild.codec.leaks.rule import FAR, Rule
from twinbuild.codec.leaks.rules import RULES, VERSION

__all__ = ["MOST", "RULES_DIGEST", "WINDOW", "Leak", "find_leaks", "leaks_of_stream"]

MOST: Final = 50  # leaks that are told of one file
WINDOW: Final = 1 << 20  # bytes that are looked at together
_LINE: Final = b"\n"
_ENCODED: Final = re.compile(rb"[A-Za-z0-9+/_-]{32,}(?:\r?\n[A-Za-z0-9+/]{1,76}(?![^\r\n=]))*={0,2}")
_RUN: Final = b"a" * 32  # how such a run begins where every character of base64 is an ``a``
_RUNS: Final = bytes(ord("a") if re.fullmatch(rb"[A-Za-z0-9+/_-]", bytes([byte])) else 0 for byte in range(256))
_HEX: Final = re.compile(rb"(?:[0-9a-f]{2}){16,}|(?:[0-9A-F]{2}){16,}")
_TEXT: Final = re.compile(rb"[\t\n\r -~]{16,}")

_TITLES: Final = {rule.kind: rule.title for rule in RULES}
RULES_DIGEST: Final = str(digest_of([VERSION, *([rule.kind, rule.form.pattern.decode()] for rule in RULES)]))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Window:
    """A part of a text. What starts before ``first`` was told of the part before it.

    What starts at ``later`` or after it and reaches the end is told of the next part, which has all of it.
    """

    text: bytes
    first: int
    later: int

    def tells(self, start: int, end: int) -> bool:
        """Whether a match is to be told of this part."""
        return start >= self.first and (start < self.later or end <= len(self.text) - BESIDE)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Leak:
    """Where a secret stands (path, and line from 1), its kind and what people call it, and its fingerprint."""

    path: str
    line: int
    kind: str
    title: str
    fingerprint: str


def find_leaks(content: bytes, path: str, *, sure: bool = False) -> tuple[Leak, ...]:
    """The secrets of a text, in the order of its lines; at most ``MOST``. ``sure``: by rules that are so alone."""
    return leaks_of_stream(iter((content,)), path, sure=sure)


def leaks_of_stream(
    chunks: Iterator[bytes], path: str, *, sure: bool = False, but: frozenset[str] = frozenset()
) -> tuple[Leak, ...]:
    """The secrets of a stream, of whatever size, whose chunks are of any length; ``but``: kinds that are not told."""
    found: dict[tuple[str, bytes], int] = {}
    lines = 0
    for window in _overlapping(_windows(_narrow(chunks))):
        text = window.text
        for rule, position, secret in _matches(window, path, sure=sure, but=but):
            found.setdefault((rule.kind, secret), lines + text.count(_LINE, 0, position) + 1)
        lines += text.count(_LINE, 0, max(len(text) - FAR, 0))
        if len(found) >= MOST:
            break
    leaks = [
        Leak(path=path, line=line, kind=kind, title=_TITLES[kind], fingerprint=_fingerprint(kind, path, secret))
        for (kind, secret), line in list(found.items())[:MOST]
    ]
    return tuple(sorted(leaks, key=lambda leak: (leak.line, leak.kind)))


def _narrow(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The chunks; those of a text in UTF-16, as Windows' tools write it, without every other byte, which is zero."""
    first = next(chunks, b"")
    while len(first) < 2 and (more := next(chunks, b"")):
        first += more
    is_wide = first[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) or _is_wide(first[:64])
    for chunk in itertools.chain((first,), chunks):
        yield chunk.replace(b"\0", b"") if is_wide else chunk


def _is_wide(head: bytes) -> bool:
    """Whether it begins like a text in UTF-16 without its mark: ASCII, and each other byte zero."""
    even, odd = head[::2], head[1::2]
    return len(odd) >= 8 and any(
        not any(zero) and _TEXT.fullmatch(text.ljust(16)) is not None for zero, text in ((even, odd), (odd, even))
    )


def _overlapping(chunks: Iterator[bytes]) -> Iterator[_Window]:
    """The chunks, each but the first with the last ``FAR`` bytes before it, so that one of them has all of a secret."""
    before, chunk = b"", next(chunks, None)
    while chunk is not None:
        text, chunk = before + chunk, next(chunks, None)
        later = len(text) + BESIDE - (FAR if chunk is not None else 0)
        yield _Window(text=text, first=BESIDE if before else 0, later=later)
        before = text[-FAR:]


def _windows(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The chunks, small ones joined and large ones cut: ``WINDOW`` bytes each but for the last."""
    gathered: list[bytes] = []
    size = 0
    for chunk in chunks:
        for start in range(0, len(chunk), WINDOW):
            piece = chunk[start : start + WINDOW]
            gathered.append(piece)
            size += len(piece)
            if size >= WINDOW:
                yield b"".join(gathered)
                gathered, size = [], 0
    if gathered:
        yield b"".join(gathered)


def _matches(window: _Window, path: str, *, sure: bool, but: frozenset[str]) -> Iterator[tuple[Rule, int, bytes]]:
    """What is found as it stands, and in texts that stand there encoded, once over."""
    seen: set[bytes] = set()
    starts: list[int] = []
    for rule, start, secret in _plain(window, path, sure=sure, but=but):
        seen.add(secret)
        starts.append(start)
        yield rule, start, secret
    for begin, end, text in _decoded(window):
        if any(begin <= start < end for start in starts):  # a form of its own told of it
            continue
        whole = _Window(text=text, first=0, later=len(text) + BESIDE)
        for rule, _, secret in _plain(whole, path, sure=sure, but=but):
            if secret not in seen:
                seen.add(secret)
                yield rule, begin, secret


def _plain(window: _Window, path: str, *, sure: bool, but: frozenset[str]) -> Iterator[tuple[Rule, int, bytes]]:
    seen: list[tuple[int, int]] = []  # sorted, and apart from one another
    told: set[tuple[str, bytes]] = set()
    for rule, spans in places_of(window.text, path, sure=sure):
        for match in itertools.chain.from_iterable(rule.form.finditer(window.text, *span) for span in spans):
            start, end = match.span()
            # What a form with a name of its own has found is not told again by a general one.
            place = bisect.bisect(seen, (start, end))
            beside = seen[max(place - 1, 0) : place + 1]
            if any(start < other_end and other < end for other, other_end in beside) or not rule.judge(match):
                continue
            seen.insert(place, (start, end))
            secret = secret_of(match)
            # One that stands there a thousand times hides no other.
            if rule.kind not in but and window.tells(start, end) and (rule.kind, secret) not in told:
                told.add((rule.kind, secret))
                yield rule, start, secret
            if len(told) >= 2 * MOST:
                return


def _decoded(window: _Window) -> Iterator[tuple[int, int, bytes]]:
    """Texts that stand in a window in base64, of either alphabet, or in hexadecimal, with beginning and end there.

    Of a run that began in the window before nobody knows which of its characters begin a group of four.
    """
    for match in _encoded(window.text):
        start, end = match.span()
        if start >= window.later and end == len(window.text):
            continue
        lines = match[0].split(b"\n")
        whole = b"".join(line.strip() for line in lines)
        shifts = range(4) if window.first and not start else (0,)
        for each in dict.fromkeys((*(whole[shift:] for shift in shifts), lines[0].strip())):
            text = _text(each)
            if text is not None:
                yield start, end, text
                break


def _encoded(window: bytes) -> Iterator[re.Match[bytes]]:
    """The runs that have the form, as a search for the form itself would have them, in an eighth of its time."""
    marked = window.translate(_RUNS)
    start = marked.find(_RUN)
    while start >= 0 and (match := _ENCODED.match(window, start)) is not None:
        yield match
        start = marked.find(_RUN, match.end())


def _text(run: bytes) -> bytes | None:
    try:
        if _HEX.fullmatch(run):
            text = binascii.unhexlify(run)
        else:
            plain = run.rstrip(b"=").replace(b"-", b"+").replace(b"_", b"/")
            plain = plain[: len(plain) - (len(plain) % 4 == 1)]
            text = base64.b64decode(plain + b"=" * (-len(plain) % 4))
    except binascii.Error:
        return None
    return text if _TEXT.fullmatch(text) else None


def _fingerprint(kind: str, path: str, secret: bytes) -> str:
    salt = f"twinbuild leak {kind} {path}".encode("utf-8", "surrogateescape")
    return hashlib.scrypt(secret, salt=salt, n=1 << 14, r=8, p=1, maxmem=64 << 20, dklen=16).hex()

"""What stands at the first difference, read by itself: the words before it, and the form of what differs."""

from __future__ import annotations

import re
from typing import Final

from twinbuild.verify.mismatch.catalogue import Cause, cause
from twinbuild.verify.mismatch.moments import of_binary_moment, of_moment

__all__ = ["of_pattern", "textual"]

_BEFORE, _BEHIND = 64, 96  # bytes of a line around the difference in which a time is looked for
_LONGEST: Final = 4096  # bytes of a line that are looked at, on each side of the difference
_NEAR: Final = 300  # bytes of a line on each side of the difference in which a word or a number is looked for
_WORD: Final = re.compile(rb"[\w.+-]*")
_LETTERS: Final = b"".join(bytes((each,)) for each in range(256) if re.match(rb"[\w.+-]", bytes((each,))))
_UUID: Final = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_ADDRESS: Final = re.compile(rb"0x[0-9a-f]{8,16}(?![0-9a-f])")
_FLOAT: Final = re.compile(rb"[-+]?\d+\.\d+(?:[eE][-+]?\d+)?|[-+]?\d+[eE][-+]?\d+")
_EPOCH: Final = re.compile(rb"1[2-9]\d{8}\.|2[01]\d{8}\.")  # seconds since 1970 with parts of them
_COMMA: Final = re.compile(rb"\d+[.,]\d+")
_PATH: Final = re.compile(rb"(?:[A-Za-z]:\\|/)[\w.+@%~\\/-]+")
_ROOTS: Final = re.compile(
    rb"/(?:home|root|tmp|var|build|builds|src|work\w*|opt|mnt|srv|data|Users|usr|private|runner)/"
)
_AT: Final = re.compile(rb"([\w.+-]+)@([\w.-]+)")
_PURL: Final = re.compile(rb"pkg:[\w.+-]+/[^\s\"'@]*\Z")  # what stands before name@version
_CPU: Final = re.compile(
    rb"\b(?:avx\w*|sse[\d_.]*\w*|ssse3|fma\d?|bmi\d|amx\w*|neon|sve\d?|znver\d|skylake\S*|haswell|icelake\S*|broadwell"
    rb"|cascadelake|sapphirerapids|x86[-_]64[-_]v\d|native|GenuineIntel|AuthenticAMD|(?:Intel|AMD|Xeon|EPYC|Ryzen)\b)",
    re.IGNORECASE,
)
_JOBS: Final = re.compile(rb"(?<![\w-])(?:-j|--jobs[= ])\s*\d+(?![\w.])")
_HEX: Final = re.compile(rb"[0-9a-fA-F]{16,}")
_BASE64: Final = re.compile(rb"[A-Za-z0-9+/_-]{20,}={0,2}")
# What the words right before a value say of it, most telling first.
_KEYS: Final[tuple[tuple[re.Pattern[bytes], str, str], ...]] = tuple(
    (
        re.compile(rb"(?:\b|_)(?:" + words + rb")[\"']?\s*[=: (\[]*\s*[\"'(]?\Z", re.IGNORECASE),
        name,
        f"{said} was written",
    )
    for words, name, said in (
        (rb"pid|process|process[ _-]?id", "process-id", "the number of the process"),
        (rb"host|host[ _-]?name|node|node[ _-]?name|machine|fqdn|on host", "host-name", "the host's name"),
        (rb"user|user[ _-]?name|login|log[ _-]?name", "user", "the user's name"),
        (rb"builder|built[ _-]?by|packager|made by", "user", "the user's name"),
        (rb"uid|gid", "user", "the number of the user or group"),
        (rb"lang|lc_\w+|locale|language|decimal", "locale", "the locale"),
        (rb"tz|time[ _-]?zone|tzname|utc[ _-]?offset", "time-zone", "the time zone"),
        (rb"n?cpus?|cpu[ _-]?count|n?proc(?:essor)?s?|cores|n?jobs|-j", "processor-count", "the number of processors"),
        (rb"threads|workers|parallel(?:ism)?", "processor-count", "the number of processors"),
        (rb"march|mtune|mcpu|microarch(?:itecture)?|isa|simd", "cpu", "what the processor can do"),
        (rb"cpu[ _-]?(?:model|flags|features|name)|model name|flags", "cpu", "what the processor can do"),
        (rb"seed|salt|nonce|token|random|rand|session|guid", "random", "something drawn anew"),
        (rb"boot[ _-]?id|run[ _-]?id", "random", "something drawn anew"),
        (rb"umask", "umask", "the umask"),
    )
)


def textual(piece: bytes) -> bool:
    """Whether bytes are ASCII text."""
    return all(byte in b"\t\n\r" or 32 <= byte < 127 for byte in piece)


def of_pattern(sides: tuple[bytes, bytes], at: int) -> Cause:
    """The cause that the bytes around the first difference suggest; ``content`` where they suggest none."""
    lines = _line(sides[0], at), _line(sides[1], at)
    around = sides[0][max(0, at - 40) : at + 60] + sides[1][max(0, at - 40) : at + 60]
    found = _of_line(lines[0], lines[1])
    if found is None and not textual(around):
        found = _behind_length(sides, at) or of_binary_moment(sides, at)
    if found is not None:
        return found
    if len(sides[0]) == len(sides[1]) and not textual(around) and _scattered(sides, at):
        return cause("random", "bytes of equal length differ without a pattern: they look random")
    return cause("content", "the content differs")


def _scattered(sides: tuple[bytes, bytes], at: int) -> bool:
    """Whether most of the bytes behind the first difference differ, too."""
    pairs = list(zip(sides[0][at : at + 32], sides[1][at : at + 32], strict=False))
    return len(pairs) >= 4 and sum(one != other for one, other in pairs) * 2 > len(pairs)


def _behind_length(sides: tuple[bytes, bytes], at: int) -> Cause | None:
    """The cause of a text that differs from its length on, which stands before it in binary."""
    for width in (1, 2, 4, 8):
        lines = _line(sides[0], at + width), _line(sides[1], at + width)
        if lines[0] != lines[1] and (found := _of_line(*lines)) is not None:
            return found
    return None


def _line(side: bytes, at: int) -> tuple[bytes, int]:
    """The line (or the text up to a NUL) around a place, and the place in it."""
    start = max(side.rfind(b"\n", max(0, at - _LONGEST), at), side.rfind(b"\0", max(0, at - _LONGEST), at)) + 1
    start = max(start, at - _LONGEST)
    ends = [end for end in (side.find(b"\n", at, at + _LONGEST), side.find(b"\0", at, at + _LONGEST)) if end >= 0]
    return side[start : min(ends, default=at + _LONGEST)], at - start


def _of_line(one: tuple[bytes, int], other: tuple[bytes, int]) -> Cause | None:
    lines, at = (one[0], other[0]), one[1]
    tokens = _tokens(lines, at)
    return (
        _of_form(lines, at)
        or _of_key(lines[0], tokens)
        or _of_processor(lines)
        or _of_path(lines, at)
        or _of_decimal(lines, at)
        or of_moment(*(line[max(0, at - _BEFORE) : at + _BEHIND] for line in lines))
        or _of_account(lines, at)
        or _of_digits(lines, at)
    )


def _tokens(lines: tuple[bytes, bytes], at: int) -> tuple[tuple[int, bytes], tuple[int, bytes]]:
    """The words of which byte ``at`` is a part, with where they begin."""

    def word(line: bytes) -> tuple[int, bytes]:
        before, behind = line[max(0, at - _NEAR) : at], _WORD.match(line, at, at + _NEAR)
        kept = len(before) - len(before.rstrip(_LETTERS))
        return at - kept, before[len(before) - kept :] + (behind[0] if behind else b"")

    return word(lines[0]), word(lines[1])


def _at(pattern: re.Pattern[bytes], line: bytes, at: int) -> bytes:
    """The match of a pattern in which byte ``at`` lies, or that ends right before it; "" for none."""
    match = _match(pattern, line, at)
    return match[0] if match else b""


def _match(pattern: re.Pattern[bytes], line: bytes, at: int) -> re.Match[bytes] | None:
    """Likewise, looked for nearby alone: patterns take more than linear time on long lines of one kind of letters."""
    found = pattern.finditer(line, max(0, at - _NEAR), at + _NEAR)
    return next((match for match in found if match.start() <= at <= match.end()), None)


def _both(pattern: re.Pattern[bytes], lines: tuple[bytes, bytes], at: int) -> bool:
    one, other = (_at(pattern, line, at) for line in lines)
    return bool(one and other) and one != other


def _of_form(lines: tuple[bytes, bytes], at: int) -> Cause | None:
    if _both(_UUID, lines, at):
        return cause("uuid", "a random identifier (UUID) was written")
    if _both(_ADDRESS, lines, at):
        return cause("memory-address", "an object's address in memory was written")
    if _both(_JOBS, lines, at):
        return cause("processor-count", "the number of processors was written, as an option of make or ninja")
    return None


def _of_key(line: bytes, tokens: tuple[tuple[int, bytes], tuple[int, bytes]]) -> Cause | None:
    before = line[max(0, tokens[0][0] - 60) : tokens[0][0]]
    for pattern, name, said in _KEYS:
        if pattern.search(before) and all(token for _, token in tokens):
            if name in ("processor-count", "process-id") and not all(token.isdigit() for _, token in tokens):
                continue
            return cause(name, said)
    return None


def _of_processor(lines: tuple[bytes, bytes]) -> Cause | None:
    one, other = (_CPU.findall(line) for line in lines)
    if one != other and (one or other):
        return cause("cpu", "what the processor can do was written")
    return None


def _of_path(lines: tuple[bytes, bytes], at: int) -> Cause | None:
    one, other = (_at(_PATH, line, at) for line in lines)
    if one and other and one != other and (_ROOTS.match(one) or _ROOTS.match(other) or b"\\" in one + other):
        return cause("absolute-path", f"a path of the build was written ({_shown(one)} and {_shown(other)})")
    return None


def _shown(path: bytes) -> str:
    return repr(path[:80].decode("utf-8", "replace"))


def _of_decimal(lines: tuple[bytes, bytes], at: int) -> Cause | None:
    pairs = [_at(_COMMA, line, at) for line in lines]
    if all(pairs) and pairs[0] != pairs[1] and pairs[0].replace(b",", b".") == pairs[1].replace(b",", b"."):
        return cause("locale", "numbers are written with the decimal sign of another locale")
    numbers = [_at(_FLOAT, line, at) for line in lines]
    if all(numbers) and numbers[0] != numbers[1] and not any(map(_EPOCH.match, numbers)):
        one, other = map(float, numbers)
        if abs(one - other) <= 1e-5 * max(abs(one), abs(other)):
            return cause("floating-point", "the last digits of a number differ: sums in another order, or other units")
    return None


def _of_account(lines: tuple[bytes, bytes], at: int) -> Cause | None:
    pairs = [_match(_AT, line, at) for line in lines]
    if pairs[0] and pairs[1] and not _PURL.search(lines[0][max(0, pairs[0].start() - _NEAR) : pairs[0].start()]):
        name = "user" if pairs[0][1] != pairs[1][1] else "host-name"
        return cause(name, "user and host were written")
    return None


def _of_digits(lines: tuple[bytes, bytes], at: int) -> Cause | None:
    if _both(_HEX, lines, at):
        return cause("random", "a long hexadecimal number differs: it looks random")
    one, other = (_at(_BASE64, line, at) for line in lines)
    if (
        one
        and other
        and len(one) == len(other)
        and all(re.search(rb"\d", side) and re.search(rb"[A-Z]", side) for side in (one, other))
    ):
        return cause("random", "a long encoded value differs: it looks random")
    return None

"""Whether what has the form of a secret is one: examples of manuals, stand-ins and words are none."""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

__all__ = [
    "Judge",
    "any_value",
    "is_access_key",
    "is_credentials",
    "is_json_web_key",
    "is_json_web_token",
    "is_key",
    "is_literal",
    "is_named",
    "is_password",
    "is_private_key",
    "is_random",
    "is_secret_key",
    "is_strong",
]

Judge = Callable[["re.Match[bytes]"], bool]

_STAND_IN: Final = re.compile(
    rb"(?i)example|changeme|change[_-]me|placeholder|redacted|dummy|xxxx|\*\*\*|\.\.\.|insert|replace|your[_-]|12345678"
    rb"|^ENC\[|abcdefgh|deadbeef|<[^>]*>|\$\{|\$\(|\{\{|%\(|%s"
)
# Where a secret is kept, how it is encrypted, or what digest something has.
_REFERENCE: Final = re.compile(
    rb"(?:arn:aws[\w-]{0,10}:[a-z-]{1,40}:|@Microsoft\.KeyVault\(|\{cipher\}|ENC\(|\$ANSIBLE_VAULT).*"
    rb"|(?:[a-z][a-z0-9+.-]{1,30}://|/(?:run|var|etc|mnt|home|root|opt|srv|tmp|usr|app|vault|secrets)/)[^@?&\s]*"
    rb"|(?:env|file|vault|keyvault|k8s|kubernetes|ssm):[\w./:#-]*|(?:secret|kv)/[\w./-]*#[\w.-]*"
    rb"|(?:sha-?(?:1|224|256|384|512)|md5|blake[23][bs]?)[:-][A-Za-z0-9+/]*={0,2}",
    re.DOTALL,
)
_WORDS: Final = frozenset(
    b"password passwd pass pw pwd passphrase secret token user username test admin root guest foo bar baz key value"
    b" none null true false hunter2 mypassword mypass my_password s3cr3t postgres letmein tiger x y p".split()
)
# What specifications (RFC 5849, 6749, 6750, 7009) and emulators (Azurite, Cosmos DB) print for all to copy.
_PUBLISHED: Final = frozenset(
    b"kd94hf93k423kf44 kkk9d7dh3k39sjv7 hh5s93j4hdidpola nnch734d00sl2jdk pfkkdhi9sl3r4s00 ad180jjd733klru7"
    b" 2YotnFZFEjr1zCsicMWpAA tGzv3JOkF0XG5Qx2TlKWIA 7Fjfp0ZBr1KtDRbnfVdmIw gX1fBat3bV SlAV32hkKG mF_9.B5f-4.1JqM"
    b" czZCaGRSa3F0MzpnWDFmQmF0M2JW czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3"
    b" Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
    b" C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM+4QDU5DE2nQ9nDuVTqobD4b8mGGyPMbIZnqyMsEcaGQy67XIw/Jw==".split()
)
_KINDS: Final = (rb"[a-z]", rb"[A-Z]", rb"[0-9]", rb"[!@#$%^&*+=~?]")
_KNOWN: Final = re.compile(rb"(?i)pass?w[o0]rd|s3cr3t|secret|hunter2|qwerty|test|demo|12345")
# Paths, addresses, names with dots, calls: words with signs between them. No part of these forms can be divided in two
# ways, or takes back what it has: a deep path would be tried for years.
_PHRASE: Final = re.compile(
    rb"[\w-]*+[./:(][\w./:()-]*+|[A-Za-z]{2,40}[0-9]{0,3}(?:[_-][A-Za-z]{0,40}[0-9]{0,3}){0,20}"
)
_PLACE: Final = re.compile(
    rb"/?(?:[A-Za-z_.-]{0,40}+[0-9]{0,4}+[A-Za-z]{0,3}+/){1,20}[A-Za-z_.-]{0,40}+[0-9]{0,4}+[A-Za-z]{0,3}"
)
_PIECE: Final = rb"(?:[A-Za-z]{1,24}[0-9]{0,3}|[0-9]{1,4})"
_TITLE: Final = re.compile(_PIECE + rb"(?:[-_.:]" + _PIECE + rb"){1,20}")  # scorer-credentials-2026-11
_EXAMPLE_HOST: Final = re.compile(rb"(?:^|[.@])(?:example(?:\.(?:com|org|net))?|test|invalid)(?:[:/]|$)", re.IGNORECASE)
_AROUND: Final = 4000  # bytes; a key of RSA with 4,096 bits has 3,100 beside its private exponent


def secret_of(match: re.Match[bytes]) -> bytes:
    """The secret itself: the group ``secret`` of a form, or all of it."""
    return match["secret"] if "secret" in match.re.groupindex else match[0]


def any_value(match: re.Match[bytes]) -> bool:
    """What is no stand-in, known to all, and does not say where the secret is instead."""
    secret = secret_of(match)
    return secret not in _PUBLISHED and _STAND_IN.search(secret) is None and _REFERENCE.fullmatch(secret) is None


def is_random(match: re.Match[bytes]) -> bool:
    """What looks as if drawn by lot: at least three bits a character, and no stand-in."""
    return entropy(secret_of(match)) >= 3.0 and any_value(match)


def is_access_key(match: re.Match[bytes]) -> bool:
    """A key of AWS, and not the one of its manuals."""
    secret = secret_of(match)
    return b"EXAMPLE" not in secret and entropy(secret) >= 3.0


def is_key(match: re.Match[bytes]) -> bool:
    """The body of a private key, by its letters alone: thousands of them spell a stand-in by chance sometimes."""
    letters = re.sub(rb"[^A-Za-z0-9+/]", b"", secret_of(match))
    return entropy(letters) >= 4.5 and b"abcdefgh" not in letters.lower()


def is_private_key(match: re.Match[bytes]) -> bool:
    """A key in PEM that is all there: of an unencrypted one its DER says how long it is (X.690, 8.1.3)."""
    letters = re.sub(rb"\\+[nr]|[^A-Za-z0-9+/]", b"", secret_of(match))
    head = base64.b64decode(letters[:8])
    length = 0
    if head[:1] == b"\x30":
        octets = head[1] & 0x7F if head[1] & 0x80 else 0
        length = int.from_bytes(head[2 : 2 + octets]) if octets else head[1]
    return len(letters) * 3 // 4 >= length and is_key(match)


def is_secret_key(match: re.Match[bytes]) -> bool:
    """What ``is_literal`` takes, and 128 bits and more in hexadecimal, as ``secrets.token_hex`` draws them."""
    return is_literal(match) or (re.fullmatch(rb"[0-9a-fA-F]{32,}", secret_of(match)) is not None and is_random(match))


def is_named(match: re.Match[bytes]) -> bool:
    """What its name says to be a secret: a password that ``is_strong``; a key or token of 16 or more, drawn by lot."""
    if match["name"].lower().startswith((b"pass", b"pwd")):
        return is_strong(match)
    judge = (
        is_literal if match["name"].lower().startswith(b"sign") else is_secret_key
    )  # such in hexadecimal names a key
    secret = secret_of(match)
    return len(secret) >= 16 and not _PLACE.fullmatch(secret) and not _TITLE.fullmatch(secret) and judge(match)


def is_strong(match: re.Match[bytes]) -> bool:
    """A text of three kinds of characters that is no name, no path and no expression: what rules ask of passwords."""
    secret = secret_of(match)
    kinds = sum(re.search(kind, secret) is not None for kind in _KINDS)
    if (
        kinds < 3
        or len(set(secret)) < 6
        or not re.search(rb"[0-9]", secret)
        or _PHRASE.fullmatch(secret)
        or _KNOWN.search(secret)
    ):
        return False
    return is_password(match)


def is_literal(match: re.Match[bytes]) -> bool:
    """A text in quotes that looks drawn by lot: letters and digits mixed, no name, no path, no sentence."""
    secret = secret_of(match)
    kinds = sum(1 for kind in (rb"[0-9]", rb"[a-z]", rb"[A-Z]") if re.search(kind, secret))
    digits = len(re.findall(rb"[0-9]", secret))
    if re.fullmatch(rb"[0-9a-fA-F-]+", secret):  # a digest, or a UUID, under a name that is no better: 128 bits alone
        return False
    return kinds >= 2 and digits >= 2 and entropy(secret) >= 3.5 and any_value(match)


def is_password(match: re.Match[bytes]) -> bool:
    """What somebody would use as a password: no word of manuals, no variable, no host of examples."""
    secret = secret_of(match)
    plain = secret.strip(b"\"'")
    if len(plain) < 4 or plain.lower() in _WORDS or plain[:1] in (b"$", b"%", b"<", b"{", b"[") or len(set(plain)) < 3:
        return False
    host = match["host"] if "host" in match.re.groupindex else b""
    return any_value(match) and not _EXAMPLE_HOST.search(host)


def is_json_web_key(match: re.Match[bytes]) -> bool:
    """The private part of a key: its object says before or after it what kind of key it is (RFC 7517, 4.1)."""
    text, start, end = match.string, match.start(), match.end()
    low, high = max(start - _AROUND, 0), end + _AROUND
    begin = max(text.rfind(brace, low, start) for brace in (b"{", b"}"))
    until = [at for brace in (b"{", b"}") if (at := text.find(brace, end, high)) >= 0]
    kind = b'"kty"'
    beside = text.find(kind, max(begin, low), start) >= 0 or text.find(kind, end, min(until, default=high)) >= 0
    return beside and is_random(match)


def is_json_web_token(match: re.Match[bytes]) -> bool:
    """Three parts of which the first is JSON with an algorithm (RFC 7515, 4.1.1), and which is signed."""
    header, _, rest = match[0].partition(b".")
    document = _base64(header.replace(b"-", b"+").replace(b"_", b"/"))
    try:
        value: Any = json.loads(document or b"")
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and isinstance(value.get("alg"), str) and not rest.endswith(b".")


def is_credentials(match: re.Match[bytes]) -> bool:
    """Base64 of USER:PASSWORD, as Docker's configuration and HTTP's Basic have it."""
    if secret_of(match) in _PUBLISHED:
        return False
    user, colon, password = (_base64(secret_of(match)) or b"").partition(b":")
    if not colon or not user or len(password) < 4 or password.lower() in _WORDS:
        return False
    return all(32 <= byte < 127 for byte in user + password) and _STAND_IN.search(password) is None


def entropy(text: bytes) -> float:
    """Shannon's entropy in bits a byte."""
    counts = Counter(text)
    return -sum(count / len(text) * math.log2(count / len(text)) for count in counts.values())


def _base64(text: bytes) -> bytes | None:
    try:
        return base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)
    except binascii.Error:
        return None

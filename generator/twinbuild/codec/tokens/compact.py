"""A JSON Web Token in the compact form of JWS (RFC 7515, 7.1; RFC 7519) to a value, and nothing that has two readings.

Nothing is believed here: ``govern.tokens`` verifies. What a token would use to choose its own key (``jwk``, ``jku``,
``x5c``, ``x5u``), or to be read in another way (``crit``, ``b64``, ``zip``, ``enc``), is refused before any key is
looked for. A token is a secret as long as it lives, so that no message has one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from twinbuild.codec.amounts import counted
from twinbuild.codec.canonical import Json
from twinbuild.codec.jsontext import JsonProblem, parse_json
from twinbuild.codec.moments import LATEST
from twinbuild.codec.tokens.url64 import decode_url64
from twinbuild.errors import Location, PolicyRefused
from twinbuild.model.digest import Digest

__all__ = ["LARGEST_TOKEN", "Token", "decode_token", "looks_like_token"]

LARGEST_TOKEN: Final = 16 << 10  # bytes; those of public issuers have 1 to 4 KiB
_PARTS: Final = re.compile(rb"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)", re.ASCII)
_NEVER: Final = ("jwk", "jku", "x5c", "x5u", "crit", "b64", "zip", "enc", "cty")
_LONGEST: Final = 1000  # characters of an issuer, an audience, a subject, a key's name
_AGAIN: Final = "have a new token issued; give it as the issuer wrote it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What a token says. Times are in seconds since 1970 (UTC), ``not_before`` is ``issued`` where it says nothing.

    ``claims`` are those of its claims that are text or a truth value, sorted; ``audience`` is its only one. ``signed``
    is the text that ``signature`` is of; ``digest`` that of the whole token, by which it is named.
    """

    algorithm: str
    kid: str
    issuer: str
    audience: str
    issued: int
    not_before: int
    expires: int
    claims: tuple[tuple[str, str | bool], ...]
    signed: bytes
    signature: bytes
    digest: Digest

    def __repr__(self) -> str:
        """Its digest alone: whoever logs a value logs no secret."""
        return f"Token({self.digest})"

    def claim(self, name: str) -> str | bool | None:
        """What it claims under a name."""
        return dict(self.claims).get(name)


def looks_like_token(text: str) -> bool:
    """Whether somebody gave a token itself, where its place was meant."""
    return text.startswith("eyJ") and text.count(".") >= 1 and len(text) > 40


def decode_token(content: bytes, *, name: str) -> Token:
    """The token of these bytes, without a line end. Raises PolicyRefused TB8870, TB8873 for more than one audience."""
    if len(content) > LARGEST_TOKEN:
        raise _refused(name, f"it has {counted(len(content), 'byte')}, expected at most {LARGEST_TOKEN}")
    parts = _PARTS.fullmatch(content)
    if parts is None:
        raise _refused(name, "expected header, claims and signature in base64url, with a dot between each two")
    header = _object(parts[1], name, "header")
    claims = _object(parts[2], name, "claims")
    signature = _bytes(parts[3], name, "signature")
    _check_header(header, name)
    issued, expires = (_moment(claims, key, name) for key in ("iat", "exp"))
    return Token(
        algorithm=_text(header, "alg", name),
        kid=_text(header, "kid", name),
        issuer=_text(claims, "iss", name),
        audience=_audience(claims, name),
        issued=issued,
        not_before=_moment(claims, "nbf", name) if "nbf" in claims else issued,
        expires=expires,
        claims=tuple(sorted((key, value) for key, value in claims.items() if isinstance(value, str | bool))),
        signed=parts[1] + b"." + parts[2],
        signature=signature,
        digest=Digest.of(content),
    )


def _bytes(part: bytes, name: str, what: str) -> bytes:
    found = decode_url64(part.decode("ascii"))
    if found is None:
        raise _refused(name, f"its {what} is no base64url in its one spelling (RFC 7515, 2: no padding, no bits left)")
    return found


def _object(part: bytes, name: str, what: str) -> dict[str, Json]:
    try:
        value, _ = parse_json(name, _bytes(part, name, what))
    except JsonProblem as problem:
        # the message of a problem may have words of the text: of a secret only its kind is said
        raise _refused(name, f"its {what} is no JSON object, or has a key twice ({problem.kind})") from None
    if not isinstance(value, dict):
        raise _refused(name, f"its {what} is no JSON object")
    return value


def _check_header(header: dict[str, Json], name: str) -> None:
    if bad := [key for key in _NEVER if key in header]:
        raise _refused(name, f"its header has {', '.join(bad)}, by which it would choose how it is verified")
    kind = header.get("typ", "JWT")
    if not isinstance(kind, str) or kind.upper() != "JWT":
        raise _refused(name, "its header says that it is another kind of token than JWT (typ)")


def _text(document: dict[str, Json], key: str, name: str) -> str:
    value = document.get(key)
    if not isinstance(value, str) or not value.isprintable() or not 1 <= len(value) <= _LONGEST:
        raise _refused(name, f"{key!r} is not there, or no plain text")
    return value


def _moment(document: dict[str, Json], key: str, name: str) -> int:
    value = document.get(key)
    if type(value) is not int or not 0 <= value <= LATEST:
        raise _refused(name, f"{key!r} is not there, or no whole number of seconds since 1970")
    return value


def _audience(claims: dict[str, Json], name: str) -> str:
    value = claims.get("aud")
    if isinstance(value, list):
        if len(value) != 1:
            raise PolicyRefused.of(
                "TB8873",
                f"{name} is for {len(value)} audiences, expected one: it would serve elsewhere, too",
                hint="have one issued whose only audience is this approval: `twinbuild approve --audience`",
                where=Location(file=name),
            )
        claims = {"aud": value[0]}
    return _text(claims, "aud", name)


def _refused(name: str, why: str) -> PolicyRefused:
    # no colon behind the word: what follows would be masked as a secret where errors are printed
    return PolicyRefused.of("TB8870", f"{name} is no token ({why})", hint=_AGAIN, where=Location(file=name))

"""Issuers and identities in a document of a trust root: to canonical JSON and back, and what is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final, TypeVar

from twinbuild.codec.canonical import Json, canonical
from twinbuild.codec.moments import moment_of, moment_text
from twinbuild.model.digest import Digest
from twinbuild.model.issuers import Identity, Issuer, IssuerKey
from twinbuild.model.trust import TrustRoot
from twinbuild.model.validity import Revocation, Validity

__all__ = [
    "AUDIENCE",
    "encode_validity",
    "identity_id",
    "pinned_faults",
    "read_identities",
    "read_issuers",
    "read_validity",
    "text_of",
    "written_identities",
    "written_issuers",
]

AUDIENCE: Final = "twinbuild"
"""What audiences begin with where nothing else is said."""
_URL: Final = re.compile(r"https://[a-z0-9][!-~]{0,300}", re.ASCII)
_NAME: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
_AUDIENCE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", re.ASCII)
_CLAIM: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.:/-]{0,99}", re.ASCII)
_MOST: Final = 1000  # issuers, identities, and keys of an issuer
_CLAIMS: Final = 20
_LONGEST: Final = 500  # characters of a claim
_OTHERS: Final = frozenset({"iss", "aud", "exp", "iat", "nbf", "jti", "nonce", "auth_time"})
_WHOSE: Final = ("sub", "email", "repository", "repository_id", "project_path", "project_id")
"""Without one of these an identity would be everybody's who is a customer of the issuer."""
_Sorted = TypeVar("_Sorted", Issuer, Identity, IssuerKey)


def identity_id(url: str, claims: Sequence[tuple[str, str]]) -> str:
    """What stands in the place of a key's id: of an issuer and claims, 64 hexadecimal digits."""
    stated: dict[str, Json] = dict(claims)
    return Digest.of(canonical({"claims": stated, "issuer": url})).hex


def encode_validity(value: Validity) -> dict[str, Json]:
    """``from``, and ``until`` and ``revoked`` where they are said."""
    found: dict[str, Json] = {"from": moment_text(value.since)}
    if value.until is not None:
        found["until"] = moment_text(value.until)
    if value.revoked is not None:
        found["revoked"] = {"at": moment_text(value.revoked.at), "reason": value.revoked.reason}
    return found


def read_validity(value: Any) -> dict[str, Any]:
    """The fields of a ``Validity``. Raises LookupError, TypeError, ValueError for anything else."""
    revoked = value.get("revoked")
    return {
        "since": moment_of(value["from"]),
        "until": moment_of(value["until"]) if "until" in value else None,
        "revoked": None
        if revoked is None
        else Revocation(at=moment_of(revoked["at"]), reason=text_of(revoked["reason"])),
    }


def written_issuers(root: TrustRoot) -> list[Json]:
    """As they stand in the document."""
    return [
        {
            **encode_validity(each),
            "audience": each.audience,
            "keys": [
                {**encode_validity(key), "alg": key.algorithm, "kid": key.kid, "public": key.pem} for key in each.keys
            ],
            "name": each.name,
            "url": each.url,
        }
        for each in root.issuers
    ]


def written_identities(root: TrustRoot) -> list[Json]:
    """As they stand in the document."""
    return [
        {
            **encode_validity(each),
            "claims": dict(each.claims),
            "issuer": each.issuer,
            "keyid": each.keyid,
            "who": each.who,
        }
        for each in root.identities
    ]


def read_issuers(value: Any) -> tuple[Issuer, ...]:
    """Of the document's JSON. Raises as ``read_validity``."""
    return tuple(
        Issuer(
            name=text_of(each["name"]),
            url=text_of(each["url"]),
            audience=text_of(each["audience"]),
            keys=tuple(
                IssuerKey(
                    kid=text_of(key["kid"]), algorithm=key["alg"], pem=text_of(key["public"]), **read_validity(key)
                )
                for key in each["keys"]
            ),
            **read_validity(each),
        )
        for each in value
    )


def read_identities(value: Any) -> tuple[Identity, ...]:
    """Of the document's JSON. Raises as ``read_validity``."""
    return tuple(
        Identity(
            keyid=text_of(each["keyid"]),
            who=text_of(each["who"]),
            issuer=text_of(each["issuer"]),
            claims=tuple(sorted((key, text_of(text)) for key, text in each["claims"].items())),
            **read_validity(each),
        )
        for each in value
    )


def pinned_faults(root: TrustRoot) -> Iterator[str]:
    """What is wrong with the issuers and identities of a document, but for names of people."""
    if not _sorted(root.issuers, "name") or len({each.url for each in root.issuers}) != len(root.issuers):
        yield f"its issuers are not sorted by name, one or its URL is there twice, or there are more than {_MOST}"
    if not _sorted(root.identities, "keyid"):
        yield f"its identities are not sorted, one is there twice, or there are more than {_MOST}"
    for issuer in root.issuers:
        yield from _issuer_faults(issuer)
    for identity in root.identities:
        yield from _identity_faults(identity, root)


def _issuer_faults(issuer: Issuer) -> Iterator[str]:
    if not _NAME.fullmatch(issuer.name):  # whoever is to sign the document sees it at a terminal
        yield f"{issuer.name[:80]!r} is no name of an issuer"
    if not _URL.fullmatch(issuer.url) or set(issuer.url) & set("?#"):
        yield f"the issuer {issuer.name!r} has no URL as `iss` has it: https, without a query"
    if not _AUDIENCE.fullmatch(issuer.audience):
        yield f"the audience of the issuer {issuer.name!r} is not of 1 to 100 letters, digits, dots and hyphens"
    if not issuer.keys or not _sorted(issuer.keys, "kid"):
        yield f"the issuer {issuer.name!r} has no key, or its keys are not sorted by kid, or one is there twice"
    for key in issuer.keys:
        if key.algorithm not in ("RS256", "ES256", "EdDSA") or not key.kid.isprintable() or not key.kid:
            yield f"a key of the issuer {issuer.name!r} has no kid, or another algorithm than RS256, ES256 and EdDSA"


def _identity_faults(identity: Identity, root: TrustRoot) -> Iterator[str]:
    issuer = root.issuer(identity.issuer)
    short = f"the identity {identity.keyid[:16]}… of {identity.who}"
    if issuer is None or identity.keyid != identity_id(issuer.url, identity.claims):
        yield f"{short} is of no issuer that is there, or its id is not that of its issuer and claims"
    names = {name for name, _ in identity.claims}
    if not 1 <= len(names) <= _CLAIMS or names & _OTHERS or not all(_CLAIM.fullmatch(name) for name in names):
        yield f"{short} does not have 1 to {_CLAIMS} claims, or one that says nothing of whose it is (iss, aud, times)"
    if not all(text.isprintable() and 1 <= len(text) <= _LONGEST for _, text in identity.claims):
        yield f"{short} has a claim that is not of 1 to {_LONGEST} printable characters"
    if not names & set(_WHOSE):
        yield f"{short} would be that of every customer of its issuer: one of {', '.join(_WHOSE)} must be among them"


def _sorted(values: Sequence[_Sorted], name: str) -> bool:
    keys = [getattr(each, name) for each in values]
    return keys == sorted(set(keys)) and len(keys) <= _MOST


def text_of(value: object) -> str:
    """A text. Raises TypeError for anything else."""
    if not isinstance(value, str):
        raise TypeError
    return value

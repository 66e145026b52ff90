"""A document of a trust root as bytes: canonical JSON in a DSSE envelope. What is read has that one spelling, too.

Reading is strict: an unknown key, another order or a time in another form is refused, since whoever signs a document
must see all that it says. What is returned has been read, not believed: who verifies signatures is ``govern.rooted``.
"""

from __future__ import annotations

import re
from typing import Any, Final
from unicodedata import normalize

from twinbuild.codec.amounts import counted
from twinbuild.codec.canonical import Json, canonical
from twinbuild.codec.dsse import Envelope, decode_envelope
from twinbuild.codec.jsontext import JsonProblem, parse_json
from twinbuild.codec.moments import moment_of, moment_text
from twinbuild.codec.tokens.pinned import (
    encode_validity,
    pinned_faults,
    read_identities,
    read_issuers,
    read_validity,
    text_of,
    written_identities,
    written_issuers,
)
from twinbuild.errors import Location, PolicyRefused, TwinbuildError
from twinbuild.model.trust import ROOT, PolicyPin, Role, TrustKey, TrustRoot
from twinbuild.model.validity import Validity

__all__ = ["KEYS_ALONE", "LARGEST_ROOT", "TRUST_ROOT", "decode_root", "decode_root_envelope", "encode_root", "is_name"]

TRUST_ROOT: Final = "application/vnd.twinbuild.trust-root+json"
KEYS_ALONE: Final = (ROOT, "audit")
"""Roles that sign texts, which no token does."""
LARGEST_ROOT: Final = 1 << 20  # bytes of a document in its envelope
_FORMAT: Final = "twinbuild-trust/1"
_KEYID: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_NAME: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
_FILE: Final = re.compile(r"[1-9][0-9]{0,8}\.policy\.yaml", re.ASCII)
_MOST: Final = 1000  # keys, and roles
_LONGEST: Final = 200  # characters of whose a key is, and of a reason
_AGAIN: Final = "take the trust root from whom you trust again"


def is_name(text: str) -> bool:
    """Whether a role may be called so."""
    return _NAME.fullmatch(text) is not None


def encode_root(root: TrustRoot) -> bytes:
    """The text that is signed."""
    keys: list[Json] = [_key(key) for key in root.keys]
    roles: list[Json] = [_role(role) for role in root.roles]
    document: dict[str, Json] = {
        "_type": _FORMAT,
        "created": moment_text(root.created),
        "expires": moment_text(root.expires),
        "keys": keys,
        "roles": roles,
        "version": root.version,
    }
    if root.policy is not None:
        document["policy"] = {"file": root.policy.file, "sha256": root.policy.sha256}
    if root.issuers:
        document["issuers"] = written_issuers(root)
    if root.identities:
        document["identities"] = written_identities(root)
    return canonical(document)


def _key(key: TrustKey) -> dict[str, Json]:
    return {**encode_validity(key), "keyid": key.keyid, "public": key.pem, "who": key.who}


def _role(role: Role) -> dict[str, Json]:
    found: dict[str, Json] = {"keys": list(role.keys), "name": role.name, "threshold": role.threshold}
    return {**found, "identities": list(role.identities)} if role.identities else found


def decode_root_envelope(content: bytes, *, name: str) -> tuple[Envelope, TrustRoot]:
    """The envelope of a file and the document in it. Raises PolicyRefused TB8801 for anything else."""
    if len(content) > LARGEST_ROOT:
        raise _refused(name, f"it has {counted(len(content), 'byte')}, expected at most {LARGEST_ROOT}")
    try:
        envelope = decode_envelope(content, name=name)
    except PolicyRefused as error:
        raise _refused(name, error.findings[0].message) from None
    if envelope.payload_type != TRUST_ROOT:
        raise _refused(name, f"its payload is {envelope.payload_type[:80]!r}, expected {TRUST_ROOT}")
    return envelope, decode_root(envelope.payload, name=name)


def decode_root(content: bytes, *, name: str) -> TrustRoot:
    """The document of these bytes. Raises PolicyRefused TB8801 for anything that ``encode_root`` does not write."""
    try:
        value: Any = parse_json(name, content)[0]
        root = _root(value)
        same = encode_root(root) == content
    except JsonProblem as problem:
        raise _refused(name, problem.message) from None
    except (LookupError, TypeError, ValueError, AttributeError, TwinbuildError):
        raise _refused(name, f"expected the canonical JSON of {_FORMAT}") from None
    if not same:
        raise _refused(name, f"expected the canonical JSON of {_FORMAT}, with nothing else in it")
    if why := _wrong(root):
        raise _refused(name, why)
    return root


def _root(value: Any) -> TrustRoot:
    policy = value.get("policy")
    return TrustRoot(
        version=_whole(value["version"]),
        created=moment_of(value["created"]),
        expires=moment_of(value["expires"]),
        keys=tuple(_read_key(each) for each in value["keys"]),
        roles=tuple(
            Role(
                name=text_of(each["name"]),
                keys=tuple(text_of(key) for key in each["keys"]),
                threshold=_whole(each["threshold"]),
                identities=tuple(text_of(keyid) for keyid in each.get("identities", ())),
            )
            for each in value["roles"]
        ),
        policy=None if policy is None else PolicyPin(file=text_of(policy["file"]), sha256=text_of(policy["sha256"])),
        issuers=read_issuers(value.get("issuers", ())),
        identities=read_identities(value.get("identities", ())),
    )


def _read_key(value: Any) -> TrustKey:
    keyid, pem, who = (text_of(value[name]) for name in ("keyid", "public", "who"))
    return TrustKey(keyid=keyid, pem=pem, who=who, **read_validity(value))


def _whole(value: object) -> int:
    if type(value) is not int or not 1 <= value < 1_000_000_000:
        raise ValueError
    return value


def _wrong(root: TrustRoot) -> str:
    """What is wrong with a document by itself; "" where nothing is."""
    keyids = [key.keyid for key in root.keys]
    names = [role.name for role in root.roles]
    if keyids != sorted(set(keyids)) or names != sorted(set(names)) or max(len(keyids), len(names)) > _MOST:
        return f"its keys and roles are not sorted, one is there twice, or there are more than {_MOST}"
    if not all(_KEYID.fullmatch(keyid) for keyid in keyids) or not all(_NAME.fullmatch(name) for name in names):
        return "a key's id is not 64 hexadecimal digits, or a role has a name that is none"
    lasting: list[Validity] = [*root.keys, *root.identities, *root.issuers]
    lasting += [key for issuer in root.issuers for key in issuer.keys]
    people = {key.who for key in root.keys} | {each.who for each in root.identities}
    stated = [*people, *(each.revoked.reason for each in lasting if each.revoked)]
    if not all(text.strip() and len(text) <= _LONGEST and text.isprintable() for text in stated):
        return f"it does not say whose a key is, or why it was revoked, in 1 to {_LONGEST} printable characters"
    if len({_person(who) for who in people}) != len(people):
        return "somebody's name is written in two ways: one person would count twice"
    if any(each.until is not None and each.until < each.since for each in lasting) or root.expires <= root.created:
        return "something in it expires before it begins"
    if root.policy is not None and not (_FILE.fullmatch(root.policy.file) and _KEYID.fullmatch(root.policy.sha256)):
        return "its policy is no file N.policy.yaml with a SHA-256 digest"
    return _wrong_roles(root) or next(pinned_faults(root), "")


def _person(who: str) -> str:
    """What two spellings of one name have in common: case, composed letters, and blanks do not count."""
    return " ".join(normalize("NFKC", normalize("NFKC", who).casefold()).split())


def _wrong_roles(root: TrustRoot) -> str:
    if root.role(ROOT) is None:
        return f"it has no role {ROOT!r}, so that nobody could sign the next one"
    for role in root.roles:
        if list(role.keys) != sorted(set(role.keys)) or any(root.key(keyid) is None for keyid in role.keys):
            return f"the keys of the role {role.name!r} are not sorted, or are not among its keys"
        theirs = role.identities
        if list(theirs) != sorted(set(theirs)) or any(root.identity(keyid) is None for keyid in theirs):
            return f"the identities of the role {role.name!r} are not sorted, or are not among its identities"
        if theirs and role.name in KEYS_ALONE:
            return f"the role {role.name!r} has identities, and can be held by keys alone"
        usable = frozenset(keyid for keyid in role.keys if (key := root.key(keyid)) and key.revoked is None)
        if role.name == ROOT and len(root.people(usable)) < role.threshold:
            people = len(root.people(usable))
            return f"the role {ROOT!r} asks for {role.threshold} people, and {people} have a key that is not revoked"
    return ""


def _refused(name: str, why: str) -> PolicyRefused:
    message = f"{name} is no document of a trust root: {why}"
    return PolicyRefused.of("TB8801", message, hint=_AGAIN, where=Location(file=name))

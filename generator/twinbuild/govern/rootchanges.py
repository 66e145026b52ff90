"""What a document of a trust root changes, in words: who signs it must see what they say."""

from __future__ import annotations

from collections.abc import Iterator

from twinbuild.codec.moments import moment_text
from twinbuild.model.digest import Digest
from twinbuild.model.trust import Role, TrustKey, TrustRoot
from twinbuild.model.validity import Validity

__all__ = ["changes"]

_SHORT = 16  # digits of a digest or a key's id


def changes(before: TrustRoot | None, after: TrustRoot) -> tuple[str, ...]:
    """A line for each key and role that comes, goes or becomes another, for the policy, and for the expiry.

    ``before`` is None for the first document: all of it comes.
    """
    return (*_keys(before, after), *_pinned(before, after), *_roles(before, after), *_others(before, after))


def _keys(before: TrustRoot | None, after: TrustRoot) -> Iterator[str]:
    old = {} if before is None else {key.keyid: key for key in before.keys}
    new = {key.keyid: key for key in after.keys}
    for keyid in sorted(old.keys() | new.keys()):
        yield from _change(f"key {keyid[:_SHORT]}…", _key(old.get(keyid)), _key(new.get(keyid)))


def _key(key: TrustKey | None) -> str:
    return "" if key is None else f"{key.who}, {_lasting(key)}"


def _lasting(value: Validity) -> str:
    until = f", until {moment_text(value.until)}" if value.until is not None else ""
    revoked = value.revoked
    gone = f", revoked as of {moment_text(revoked.at)} ({revoked.reason})" if revoked is not None else ""
    return f"from {moment_text(value.since)}{until}{gone}"


def _pinned(before: TrustRoot | None, after: TrustRoot) -> Iterator[str]:
    old, new = _issuers(before), _issuers(after)
    for name in sorted(old.keys() | new.keys()):
        kind, _, rest = name.partition(" ")
        title = f"{kind} {rest[:_SHORT]}…" if kind == "identity" else name
        yield from _change(title, old.get(name, ""), new.get(name, ""))


def _issuers(root: TrustRoot | None) -> dict[str, str]:
    """Issuers, their keys (by the digest of the PEM: a ``kid`` is but a name) and identities, each in words.

    Identities by their whole id: two that begin alike can be made, and one would hide the other.
    """
    found = {}
    for issuer in root.issuers if root is not None else ():
        found[f"issuer {issuer.name}"] = f"{issuer.url}, for {issuer.audience}, {_lasting(issuer)}"
        for key in issuer.keys:
            digest = Digest.of(key.pem.encode()).hex[:_SHORT]
            found[f"issuer {issuer.name}, key {key.kid}"] = f"{key.algorithm} {digest}…, {_lasting(key)}"
    for each in root.identities if root is not None else ():
        claims = ", ".join(f"{name}={text}" for name, text in each.claims)
        found[f"identity {each.keyid}"] = f"{each.who}, {each.issuer} with {claims}, {_lasting(each)}"
    return found


def _roles(before: TrustRoot | None, after: TrustRoot) -> Iterator[str]:
    old = {} if before is None else {role.name: role for role in before.roles}
    new = {role.name: role for role in after.roles}
    for name in sorted(old.keys() | new.keys()):
        yield from _change(f"role {name}", _role(before, old.get(name)), _role(after, new.get(name)))


def _role(root: TrustRoot | None, role: Role | None) -> str:
    if root is None or role is None:
        return ""
    able = [root.key(keyid) or root.identity(keyid) for keyid in (*role.keys, *role.identities)]
    return f"{role.threshold} of {', '.join(sorted(f'{each.who} {each.keyid[:_SHORT]}…' for each in able if each))}"


def _others(before: TrustRoot | None, after: TrustRoot) -> Iterator[str]:
    pins = [root.policy if root is not None else None for root in (before, after)]
    old, new = (f"{pin.file} sha256:{pin.sha256}" if pin is not None else "" for pin in pins)
    yield from _change("policy", old, new)
    yield from _change("expires", moment_text(before.expires) if before is not None else "", moment_text(after.expires))


def _change(what: str, old: str, new: str) -> Iterator[str]:
    if old != new:
        yield f"{what}: {old or 'nothing'} -> {new or 'nothing'}" if old else f"{what}: {new}"

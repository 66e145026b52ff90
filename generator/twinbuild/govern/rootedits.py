"""What may become of a document of a trust root: each function gives the next one, which nobody has signed yet.

Keys stay in the document after they expired or were revoked, and in their roles: signatures that were logged before
still count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from twinbuild.codec.moments import moment_text
from twinbuild.codec.trustroot import KEYS_ALONE, decode_root, encode_root, is_name
from twinbuild.errors import PolicyRefused, UsageError
from twinbuild.govern.keys import PublicKey
from twinbuild.model.issuers import Identity
from twinbuild.model.trust import PolicyPin, Revocation, Role, TrustKey, TrustRoot

__all__ = ["checked", "first_root", "next_root", "with_key", "with_policy", "with_role", "with_rotated", "without_key"]


def first_root(roots: Sequence[tuple[str, PublicKey]], *, threshold: int, now: int, expires: int) -> TrustRoot:
    """Version 1, with the keys of the people who will sign each next one. Raises UsageError TB8809."""
    empty = TrustRoot(version=1, created=now, expires=expires, keys=(), roles=())
    for who, public in roots:
        empty = with_key(empty, who, public, since=now)
    return checked(with_role(empty, "root", tuple(who for who, _ in roots), threshold))


def next_root(root: TrustRoot, *, now: int) -> TrustRoot:
    """The same with the next number."""
    return replace(root, version=root.version + 1, created=max(now, root.created))


def with_key(root: TrustRoot, who: str, public: PublicKey, *, since: int, until: int | None = None) -> TrustRoot:
    """With one more key. Raises UsageError TB8809 where it is there already."""
    if (there := root.key(public.keyid)) is not None:
        raise _refused(f"the key {public.keyid[:16]}… is there already: it is {there.who}'s", "give another key")
    key = TrustKey(keyid=public.keyid, pem=public.pem.decode(), who=who, since=since, until=until)
    return replace(root, keys=tuple(sorted((*root.keys, key), key=lambda each: each.keyid)))


def with_role(root: TrustRoot, name: str, people: Sequence[str], threshold: int) -> TrustRoot:
    """With a role for all keys and identities of these people that were not revoked, in the place of one of that name.

    ``people`` may name a single key or identity by its id; nobody takes the role away. Identities sign no documents and
    no logs: ``root`` and ``audit`` are of keys alone. Raises UsageError TB8809.
    """
    if not is_name(name):
        hint = "use lower-case letters, digits and inner hyphens"
        raise _refused(f"{name[:80]!r} is no name of a role", hint)
    others = tuple(each for each in root.roles if each.name != name)
    if not people:
        return replace(root, roles=others)
    able: list[TrustKey | Identity] = [*root.keys, *(() if name in KEYS_ALONE else root.identities)]
    having: set[str] = set()
    for who in people:
        found = {each.keyid for each in able if each.revoked is None and who in (each.who, each.keyid)}
        if not found:
            known = ", ".join(sorted({each.who for each in able})) or "nobody"
            raise _refused(f"{who[:80]!r} has no key; these have: {known}", "add their key: --add 'WHO=FILE'")
        having |= found
    if len(root.people(frozenset(having))) < threshold or threshold < 1:
        message = f"the role {name!r} asks for {threshold} people and has {len(root.people(frozenset(having)))}"
        raise _refused(message, "name more people, or a lower threshold")
    role = Role(
        name=name,
        keys=tuple(sorted(having & {key.keyid for key in root.keys})),
        threshold=threshold,
        identities=tuple(sorted(having & {each.keyid for each in root.identities})),
    )
    return replace(root, roles=tuple(sorted((*others, role), key=lambda each: each.name)))


def with_rotated(root: TrustRoot, keyid: str, public: PublicKey, *, now: int, until: int) -> TrustRoot:
    """With a new key for whose the old one is, in each of its roles; the old one counts until ``until``.

    Raises UsageError TB8809.
    """
    old = _found(root, keyid)
    keyid = old.keyid
    if old.revoked is not None or (old.until is not None and old.until <= now):
        hint = "add the new key with `twinbuild trust update --add`"
        raise _refused(f"the key {keyid[:16]}… counts no more: there is nothing to rotate", hint)
    new = with_key(root, old.who, public, since=now)
    ended = replace(old, until=until if old.until is None else min(until, old.until))
    return replace(
        new,
        keys=tuple(ended if key.keyid == keyid else key for key in new.keys),
        roles=tuple(
            replace(role, keys=tuple(sorted((*role.keys, public.keyid)))) if keyid in role.keys else role
            for role in new.roles
        ),
    )


def without_key(root: TrustRoot, keyid: str, *, at: int, reason: str) -> TrustRoot:
    """With a key revoked as of ``at``; an earlier revocation stays. Raises UsageError TB8809."""
    key = _found(root, keyid)
    keyid = key.keyid
    if key.revoked is not None and key.revoked.at <= at:
        raise _refused(
            f"the key {keyid[:16]}… was revoked as of {moment_text(key.revoked.at)} already", "nothing is to be done"
        )
    revoked = replace(key, revoked=Revocation(at=at, reason=reason))
    return replace(root, keys=tuple(revoked if each.keyid == keyid else each for each in root.keys))


def with_policy(root: TrustRoot, sha256: str) -> TrustRoot:
    """With a policy in a file of its own."""
    return replace(root, policy=PolicyPin(file=f"{root.version}.policy.yaml", sha256=sha256))


def checked(root: TrustRoot) -> TrustRoot:
    """The document, if it can be written and read again. Raises UsageError TB8809."""
    try:
        return decode_root(encode_root(root), name="the document")
    except PolicyRefused as error:
        raise _refused(error.findings[0].message, "correct what was given") from None


def _found(root: TrustRoot, keyid: str) -> TrustKey:
    found = [key for key in root.keys if key.keyid.startswith(keyid)] if len(keyid) >= 8 else []
    if len(found) != 1:
        raise _refused(f"the trust root has no key {keyid[:64]!r}", "`twinbuild trust show` lists its keys")
    return found[0]


def _refused(message: str, hint: str) -> UsageError:
    return UsageError.of("TB8809", message, hint=hint, where="trust root")

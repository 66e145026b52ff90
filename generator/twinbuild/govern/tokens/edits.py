"""What may become of issuers and identities in a document of a trust root; each function gives the next document.

As keys do, they stay after they expired or were revoked: a token that was logged before still counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from twinbuild.codec.moments import moment_text
from twinbuild.codec.tokens.pinned import AUDIENCE, identity_id
from twinbuild.codec.trustroot import is_name
from twinbuild.errors import UsageError
from twinbuild.model.issuers import Identity, Issuer, IssuerKey
from twinbuild.model.trust import TrustRoot
from twinbuild.model.validity import Revocation, Validity

__all__ = ["Pinned", "with_identity", "with_issuer", "without"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pinned:
    """An issuer as it is to be pinned: URL, keys that count from now on, and audience (None: the present one)."""

    name: str
    url: str
    audience: str | None
    keys: tuple[IssuerKey, ...]


def with_issuer(root: TrustRoot, given: Pinned, *, now: int) -> TrustRoot:
    """With one more issuer, or with the present keys of one that is there: its other keys end now.

    A key keeps the time since when it counts. Raises UsageError TB8809 for a name that is none, for another URL than
    the issuer has, and for another key under a ``kid`` that is there.
    """
    if not is_name(given.name):
        raise _refused(f"{given.name[:80]!r} is no name of an issuer", "use lower-case letters, digits and hyphens")
    old = root.issuer(given.name)
    others = tuple(each for each in root.issuers if each.name != given.name)
    if old is not None and old.url != given.url:
        raise _refused(f"the issuer {given.name!r} is {old.url}, not {given.url[:200]}", "give it another name")
    keys = {key.kid: key for key in (old.keys if old is not None else ())}
    named = {key.kid for key in given.keys}
    for kid, key in keys.items():
        if kid not in named and (key.until is None or key.until > now):
            keys[kid] = replace(key, until=max(now, key.since))
    for key in given.keys:
        there = keys.get(key.kid)
        if there is not None and (there.pem, there.algorithm) != (key.pem, key.algorithm):
            raise _refused(
                f"the kid {key.kid!r} of {given.name!r} is another key in this key set",
                "an issuer gives a new key a new kid: ask it what has happened",
            )
        if there is None:
            keys[key.kid] = key
        elif there.until is not None:
            keys[key.kid] = replace(there, until=None)
    issuer = Issuer(
        name=given.name,
        url=given.url,
        audience=given.audience or (old.audience if old is not None else AUDIENCE),
        keys=tuple(keys[kid] for kid in sorted(keys)),
        since=old.since if old is not None else now,
        until=old.until if old is not None else None,
        revoked=old.revoked if old is not None else None,
    )
    return replace(root, issuers=tuple(sorted((*others, issuer), key=lambda each: each.name)))


def with_identity(
    root: TrustRoot,
    who: str,
    issuer: str,
    claims: Sequence[tuple[str, str]],
    *,
    since: int,
    until: int | None = None,
) -> TrustRoot:
    """With one more identity of a person. Raises UsageError TB8809 where it is there, or its issuer is not."""
    found = root.issuer(issuer)
    if found is None:
        known = ", ".join(each.name for each in root.issuers) or "none"
        raise _refused(
            f"the trust root has no issuer {issuer[:80]!r}, only {known}", "add it: `twinbuild trust issuer`"
        )
    if len(dict(claims)) != len(claims):
        raise _refused("a claim is given twice", "give each once: a token has all of them")
    keyid = identity_id(found.url, claims)
    if (there := root.identity(keyid)) is not None:
        raise _refused(f"these claims are there already: they are {there.who}'s", "add a claim, or give others")
    new = Identity(keyid=keyid, who=who, issuer=issuer, claims=tuple(sorted(claims)), since=since, until=until)
    return replace(root, identities=tuple(sorted((*root.identities, new), key=lambda each: each.keyid)))


def without(root: TrustRoot, what: str, *, at: int, reason: str) -> TrustRoot:
    """With an identity (its id, or the beginning), an issuer (its name) or an issuer's key (``NAME/KID``) revoked.

    Raises UsageError TB8809 where it is not there, or was revoked before.
    """
    revoked = Revocation(at=at, reason=reason)
    name, _, kid = what.partition("/")
    issuer = root.issuer(name)
    if issuer is not None:
        key = issuer.key(kid) if kid else None
        if kid and key is None:
            known = ", ".join(each.kid for each in issuer.keys)
            raise _refused(f"the issuer {name!r} has no key {kid[:80]!r}, only {known}", "name one of them")
        if key is None:
            _check(issuer, what, at)
            changed = replace(issuer, revoked=revoked)
        else:
            _check(key, what, at)
            gone = replace(key, revoked=revoked)
            changed = replace(issuer, keys=tuple(gone if each.kid == kid else each for each in issuer.keys))
        return replace(root, issuers=tuple(changed if each.name == name else each for each in root.issuers))
    found = [each for each in root.identities if each.keyid.startswith(what)] if len(what) >= 8 else []
    if len(found) != 1:
        hint = "`twinbuild trust show` lists them; keys are revoked by `twinbuild key revoke`"
        raise _refused(f"the trust root has no issuer, issuer's key or identity {what[:80]!r}", hint)
    _check(found[0], what, at)
    return replace(
        root,
        identities=tuple(replace(each, revoked=revoked) if each is found[0] else each for each in root.identities),
    )


def _check(there: Validity, what: str, at: int) -> None:
    if there.revoked is not None and there.revoked.at <= at:
        since = moment_text(there.revoked.at)
        raise _refused(f"{what[:80]!r} was revoked as of {since} already", "nothing is to be done")


def _refused(message: str, hint: str) -> UsageError:
    return UsageError.of("TB8809", message, hint=hint, where="trust root")

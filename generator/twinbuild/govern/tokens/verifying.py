"""Whether a token counts, in the order in which it is asked (RFC 7519, 7.2; RFC 8725; OpenID Connect Core, 3.1.3.7).

1. The issuer (``iss``) is pinned. 2. One of its pinned keys has the ``kid``, and the ``alg`` is that of the key. 3. The
signature holds. 4. The audience is one release and one stage, and nothing else. 5. At its time - the one that an audit
log proves, or else now - issuer, key and token count. 6. The claims are those of identities of one person.

Steps 1 to 4 do not depend on time, and are for ``opened_token``; 5 and 6 are for ``judge_token``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from twinbuild.codec.moments import moment_text
from twinbuild.codec.tokens.compact import Token, decode_token
from twinbuild.errors import Location, PolicyRefused
from twinbuild.govern.tokens.issuerkeys import verifies
from twinbuild.model.issuers import Identity, Issuer, IssuerKey
from twinbuild.model.trust import TrustRoot

__all__ = ["LONGEST_LIFE", "Bearer", "Opened", "audience_for", "judge_token", "opened_token"]

LONGEST_LIFE: Final = 3600
"""Seconds from ``iat`` to ``exp``: what lives longer is more than a proof of one act."""
_SKEW: Final = 60  # seconds by which an issuer's clock may be ahead
_BOUND: Final = re.compile(r"(.+):(sha256:[0-9a-f]{64}):([a-z0-9-]{1,63})", re.ASCII)
_ANOTHER: Final = "have a token issued whose only audience is what `twinbuild approve --audience ISSUER` prints"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A token that a pinned key signed, and the release and stage that it is for."""

    token: Token
    issuer: Issuer
    key: IssuerKey
    release: str
    stage: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bearer:
    """Whose a token is: identities of one person, sorted by id; and why it does not count ("": it does).

    ``identities`` are those that count, or all where none does; () for a token of nobody, or of several people.
    """

    identities: tuple[Identity, ...]
    objection: str


def audience_for(issuer: Issuer, release: str, stage: str) -> str:
    """What the ``aud`` of a token must be that approves a release (by its digest) for a stage."""
    return f"{issuer.audience}:{release}:{stage}"


def opened_token(content: bytes, root: TrustRoot, *, name: str) -> Opened | None:
    """A token by a pinned key of a pinned issuer; None for one of another issuer or key.

    Raises PolicyRefused TB8870 for one that is none or has another algorithm than its key, TB8872 for a forged one,
    TB8873 for one that is not for a release and a stage alone.
    """
    token = decode_token(content, name=name)
    issuer = next((each for each in root.issuers if each.url == token.issuer), None)
    key = issuer.key(token.kid) if issuer is not None else None
    if issuer is None or key is None:
        return None
    if token.algorithm != key.algorithm:
        raise PolicyRefused.of(
            "TB8870",
            f"{name} says that it is signed by {token.algorithm[:20]!r}, and the key {key.kid!r} of {issuer.name} is "
            f"for {key.algorithm} alone",
            hint="have a new token issued",
            where=Location(file=name),
        )
    if not verifies(key, token.signed, token.signature):
        raise PolicyRefused.of(
            "TB8872",
            f"{name} is not by the key {key.kid!r} of {issuer.name}, in whose name it is, or was changed",
            hint="do not use it; have a new token issued",
            where=Location(file=name),
        )
    bound = _BOUND.fullmatch(token.audience)
    if bound is None or bound[1] != issuer.audience:
        raise PolicyRefused.of(
            "TB8873",
            f"{name} is for {token.audience[:100]!r}, expected {issuer.audience}:sha256:DIGEST:STAGE",
            hint=_ANOTHER,
            where=Location(file=name),
        )
    return Opened(token=token, issuer=issuer, key=key, release=bound[2], stage=bound[3])


def judge_token(opened: Opened, root: TrustRoot, at: int, *, logged: bool) -> Bearer:
    """Whose a token is, and whether it counts at a time; ``logged``: an audit log proves that it was there then.

    What has the claims of a revoked identity is not somebody else's instead: it may be of whoever got hold of it. Only
    an identity that has all of these claims, and more, was made in its place.
    """
    token = opened.token
    claimed = dict(token.claims)
    found = [
        each
        for each in root.identities  # sorted by id
        if each.issuer == opened.issuer.name and all(claimed.get(name) == text for name, text in each.claims)
    ]
    gone = [each for each in found if each.revoked is not None and each.revoked.at <= at]
    counting = [each for each in found if not _unfit(each, token, at) and all(_narrower(each, than) for than in gone)]
    if not counting:
        found = gone or found
    people = sorted({each.who for each in counting or found})
    if len(people) > 1:  # whoever shows it would choose who has approved
        return Bearer(identities=(), objection=f"is that of several people: {', '.join(people)}")
    why = _untimely(opened, at, logged=logged)
    if found and not counting and not why:
        why = _unfit(found[0], token, at)
    return Bearer(identities=tuple(counting or found), objection=why)


def _narrower(identity: Identity, than: Identity) -> bool:
    return set(identity.claims) > set(than.claims)


def _untimely(opened: Opened, at: int, *, logged: bool) -> str:
    token, then = opened.token, "when it was logged" if logged else "now"
    if why := opened.issuer.objection(at):
        return f"is of the issuer {opened.issuer.name}, which {why}"
    if why := opened.key.objection(at):
        return f"is by the key {opened.key.kid} of {opened.issuer.name}, which {why}"
    if token.expires <= token.issued or token.expires - token.issued > LONGEST_LIFE:
        life = token.expires - token.issued
        return f"lives {life} seconds, expected at most {LONGEST_LIFE}"
    if max(token.issued, token.not_before) > at + _SKEW:
        start = moment_text(max(token.issued, token.not_before))
        return f"is not valid before {start}, and it is {moment_text(at)} {then}"
    if at >= token.expires:
        aside = "" if logged else ", and no audit log says that it was there before"
        return f"has expired at {moment_text(token.expires)}{aside}"
    return ""


def _unfit(identity: Identity, token: Token, at: int) -> str:
    if why := identity.objection(at):
        return f"is of the identity {identity.keyid[:16]}…, which {why}"
    if "email" in dict(identity.claims) and token.claim("email_verified") is not True:
        return "has an address that the issuer has not verified (email_verified)"
    return ""

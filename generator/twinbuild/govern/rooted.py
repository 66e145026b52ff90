"""Whether a chain of a trust root's documents holds, and whose signatures count under the newest one (TUF 1.0, 5.3).

Each document is signed by enough people of its own root role and of the one before it. A root key counts there by the
time that the document states, which nobody proves: a root key that is in wrong hands has to be revoked, and a document
in which it is revoked it can't sign.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from twinbuild.codec.amounts import counted
from twinbuild.codec.dsse import Envelope, pae
from twinbuild.codec.moments import moment_text
from twinbuild.errors import Location, PolicyRefused, UsageError
from twinbuild.govern.keys import PublicKey, read_public
from twinbuild.govern.tokens.issuerkeys import check_key
from twinbuild.model.trust import ROOT, TrustKey, TrustRoot

__all__ = ["NOTHING_LOGGED", "Judged", "check_chain", "check_fresh", "judge", "lacking", "public_of", "who_signed"]

NOTHING_LOGGED: Final[Mapping[str, int]] = MappingProxyType({})
_AGAIN: Final = "take the trust root from whom you trust again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A signature by a key of the trust root: the key's roles, and why it does not count ("" where it does)."""

    key: TrustKey
    roles: tuple[str, ...]
    objection: str


def public_of(key: TrustKey, *, name: str) -> PublicKey:
    """The key itself. Raises PolicyRefused TB8801 where its text is no key, or that of another id."""
    try:
        public = read_public(key.pem.encode(), name=name)
        why = f"the key {key.keyid[:16]}… is in truth {public.keyid[:16]}…, or is written otherwise"
    except UsageError as error:
        public, why = None, error.findings[0].message
    if public is None or (public.keyid, public.pem.decode()) != (key.keyid, key.pem):
        raise PolicyRefused.of("TB8801", f"{name}: {why}", hint=_AGAIN, where=Location(file=name))
    return public


def judge(
    envelope: Envelope, root: TrustRoot, now: int, *, name: str, logged: Mapping[str, int] = NOTHING_LOGGED
) -> tuple[Judged, ...]:
    """Every signature by a key of the trust root. ``logged``: when a key's signature was logged, where that is known.

    A signature whose time nobody logged is judged as of ``now``. Raises PolicyRefused TB8617 for one in the name of a
    key that is not by it: somebody changed what was signed.
    """
    message = pae(envelope.payload_type, envelope.payload)
    found = []
    for signature in envelope.signatures:
        key = root.key(signature.keyid)
        if key is None:
            continue
        if not public_of(key, name=name).verifies(message, signature.sig):
            raise PolicyRefused.of(
                "TB8617",
                f"{name}: the signature in the name of key {key.keyid} is not by this key, or of another text",
                hint="take it from where it was signed again",
                where=Location(file=name),
            )
        at = min(now, logged.get(key.keyid, now))
        found.append(Judged(key=key, roles=root.roles_of(key.keyid), objection=key.objection(at)))
    return tuple(found)


def who_signed(envelope: Envelope, root: TrustRoot, role: str, at: int, *, name: str) -> frozenset[str]:
    """The people of a role whose keys signed an envelope and count at that time. Raises as ``judge``."""
    return frozenset(
        each.key.who for each in judge(envelope, root, at, name=name) if not each.objection and role in each.roles
    )


def lacking(envelope: Envelope, root: TrustRoot, before: TrustRoot | None, *, name: str) -> tuple[str, ...]:
    """For whom a document still has to be signed: by itself, and by the one before it; () where it is signed enough."""
    found = []
    for judge_, which in ((before, "before it"), (root, "itself")):
        if judge_ is None:
            continue
        role = judge_.role(ROOT)
        assert role is not None
        people = who_signed(envelope, judge_, ROOT, root.created, name=name)
        if len(people) < role.threshold:
            has = f" ({', '.join(sorted(people))})" if people else ""
            found.append(
                f"{counted(role.threshold, 'person', 'people')} of the document {which} (version {judge_.version}): "
                f"{len(people)}{has}"
            )
    return tuple(found)


def check_chain(chain: Sequence[tuple[str, Envelope, TrustRoot]]) -> TrustRoot:
    """The newest document of a chain of (name, envelope, document), version 1 first.

    Raises PolicyRefused TB8802 for one that too few people signed, TB8801 for one whose version is not the next, or
    that was written before the one before it, and TB8617.
    """
    before: TrustRoot | None = None
    for number, (name, envelope, root) in enumerate(chain, start=1):
        if root.version != number or (before is not None and root.created < before.created):
            said = f"version {root.version} of {moment_text(root.created)}"
            raise PolicyRefused.of(
                "TB8801",
                f"{name} says that it is {said}, expected version {number}, not older than the one before it",
                hint=_AGAIN,
                where=Location(file=name),
            )
        if missing := lacking(envelope, root, before, name=name):
            raise PolicyRefused.of(
                "TB8802",
                f"{name} is not signed by {'; nor by '.join(missing)}",
                hint="take the trust root from whom you trust, or have it signed: `twinbuild trust sign`",
                where=Location(file=name),
            )
        for key in root.keys:
            public_of(key, name=name)
        for issuer in root.issuers:
            for pinned in issuer.keys:
                check_key(pinned, name=name)
        before = root
    assert before is not None
    return before


def check_fresh(root: TrustRoot, now: int, *, name: str) -> None:
    """Let a document pass that has not expired. Raises PolicyRefused TB8803."""
    if now >= root.expires:
        raise PolicyRefused.of(
            "TB8803",
            f"{name} has expired at {moment_text(root.expires)}; it is {moment_text(now)}",
            hint="get the newest trust root; whoever keeps it writes the next document: `twinbuild trust update`",
            where=Location(file=name),
        )

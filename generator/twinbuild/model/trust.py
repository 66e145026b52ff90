"""Whom an organisation trusts: keys and whose they are, roles, and the policy, in numbered documents (as TUF's root).

Times are in seconds since 1970 (UTC). A threshold counts people, not keys: somebody with two keys counts once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from twinbuild.model.issuers import Identity, Issuer
from twinbuild.model.validity import Revocation, Validity

__all__ = ["ROOT", "PolicyPin", "Revocation", "Role", "TrustKey", "TrustRoot"]

ROOT: Final = "root"
"""The role that signs the documents themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustKey(Validity):
    """A public key (``pem``), whose it is, and when its signatures count."""

    keyid: str
    pem: str
    who: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """Ids of the keys and of the identities that have it, sorted, and how many people of them it takes."""

    name: str
    keys: tuple[str, ...]
    threshold: int
    identities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyPin:
    """The policy: the name of its file beside the documents, and the SHA-256 of its bytes (hexadecimal)."""

    file: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustRoot:
    """A document: keys, roles, issuers and identities sorted by id or name. ``created`` is stated by who wrote it."""

    version: int
    created: int
    expires: int
    keys: tuple[TrustKey, ...]
    roles: tuple[Role, ...]
    policy: PolicyPin | None = None
    issuers: tuple[Issuer, ...] = ()
    identities: tuple[Identity, ...] = ()

    def key(self, keyid: str) -> TrustKey | None:
        """The key of an id."""
        return next((each for each in self.keys if each.keyid == keyid), None)

    def role(self, name: str) -> Role | None:
        """The role of a name."""
        return next((each for each in self.roles if each.name == name), None)

    def roles_of(self, keyid: str) -> tuple[str, ...]:
        """Names of the roles that a key or an identity has."""
        return tuple(role.name for role in self.roles if keyid in role.keys or keyid in role.identities)

    def people(self, keyids: frozenset[str]) -> frozenset[str]:
        """Whose these keys and identities are."""
        having: tuple[TrustKey | Identity, ...] = (*self.keys, *self.identities)
        return frozenset(each.who for each in having if each.keyid in keyids)

    def identity(self, keyid: str) -> Identity | None:
        """The identity of an id."""
        return next((each for each in self.identities if each.keyid == keyid), None)

    def issuer(self, name: str) -> Issuer | None:
        """The issuer of a name."""
        return next((each for each in self.issuers if each.name == name), None)

"""Whom an organisation trusts: keys and whose they are, roles, and the policy, in numbered documents (as TUF's root).

Times are in seconds since 1970 (UTC). A threshold counts people, not keys: somebody with two keys counts once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["ROOT", "PolicyPin", "Revocation", "Role", "TrustKey", "TrustRoot"]

ROOT: Final = "root"
"""The role that signs the documents themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    """From when on a key counts for nothing, and why."""

    at: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustKey:
    """A public key (``pem``), whose it is, and when its signatures count: from ``since`` to before ``until``."""

    keyid: str
    pem: str
    who: str
    since: int
    until: int | None = None
    revoked: Revocation | None = None

    def objection(self, at: int) -> str:
        """Why a signature of that time does not count, as what follows "the key"; "" where it does."""
        if self.revoked is not None and at >= self.revoked.at:
            return f"was revoked ({self.revoked.reason})"
        if at < self.since:
            return "was not valid yet"
        if self.until is not None and at >= self.until:
            return "has expired"
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """Ids of the keys that have it, sorted, and how many people of them it takes."""

    name: str
    keys: tuple[str, ...]
    threshold: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyPin:
    """The policy: the name of its file beside the documents, and the SHA-256 of its bytes (hexadecimal)."""

    file: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustRoot:
    """A document: keys and roles sorted by id and by name. ``created`` is stated by whoever wrote it."""

    version: int
    created: int
    expires: int
    keys: tuple[TrustKey, ...]
    roles: tuple[Role, ...]
    policy: PolicyPin | None = None

    def key(self, keyid: str) -> TrustKey | None:
        """The key of an id."""
        return next((each for each in self.keys if each.keyid == keyid), None)

    def role(self, name: str) -> Role | None:
        """The role of a name."""
        return next((each for each in self.roles if each.name == name), None)

    def roles_of(self, keyid: str) -> tuple[str, ...]:
        """Names of the roles that a key has."""
        return tuple(role.name for role in self.roles if keyid in role.keys)

    def people(self, keyids: frozenset[str]) -> frozenset[str]:
        """Whose these keys are."""
        return frozenset(key.who for key in self.keys if key.keyid in keyids)

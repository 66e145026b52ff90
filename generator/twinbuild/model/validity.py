"""From when until when something of a trust root counts: a key, an issuer, an identity."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Revocation", "Validity"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    """From when on it counts for nothing, and why. ``at`` is in seconds since 1970 (UTC)."""

    at: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Validity:
    """It counts from ``since`` to before ``until`` (seconds since 1970, UTC), if it was not revoked before."""

    since: int
    until: int | None = None
    revoked: Revocation | None = None

    def objection(self, at: int) -> str:
        """Why it does not count at that time, as what follows "the key"; "" where it does."""
        if self.revoked is not None and at >= self.revoked.at:
            return f"was revoked ({self.revoked.reason})"
        if at < self.since:
            return "was not valid yet"
        if self.until is not None and at >= self.until:
            return "has expired"
        return ""

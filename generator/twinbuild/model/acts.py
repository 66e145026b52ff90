"""What people say of a release, each signed: that it may go somewhere, that it went there; and of a secret's change.

Times are in seconds since 1970 (UTC), as whoever signed them says.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Approval", "Promotion", "Rotation"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """That a release (by its digest) may go to a stage, in the opinion of somebody in a role."""

    release: str
    name: str
    version: str
    stage: str
    role: str
    time: int
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promotion:
    """That a release went to a stage: the ``number``-th step of the stage, after the step of digest ``previous``.

    ``action`` is promoted or rolled-back. ``trust`` is the digest of the trust root's document by which it was judged,
    ``policy`` the SHA-256 (hexadecimal) of the policy. ``schemas`` are digests of the schemas of requests and
    answers, "" where there is none.
    """

    release: str
    name: str
    version: str
    stage: str
    action: str
    number: int
    previous: str
    time: int
    trust: str
    policy: str
    schemas: tuple[str, str]
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """That a secret, by its reference, was changed."""

    reference: str
    time: int

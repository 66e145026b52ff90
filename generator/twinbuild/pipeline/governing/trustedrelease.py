"""Verify a release against a trust root: enough people of a role signed it, with keys that count."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from twinbuild.codec.moments import moment_text
from twinbuild.errors import PolicyRefused
from twinbuild.govern.rooted import NOTHING_LOGGED, Judged, judge, public_of
from twinbuild.pipeline.governing.trustdir import Trusted
from twinbuild.pipeline.observed import SIGNATURES
from twinbuild.pipeline.reading.attested import MAIN, directory_of, signed_envelope
from twinbuild.pipeline.reading.released import Released
from twinbuild.pipeline.vouching import Vouched, verify_release

__all__ = ["Vouchers", "objections_of", "signatures_judged", "verify_by_role"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Vouchers:
    """What ``verify_release`` found, and the people who signed in the role.

    ``besides``: ids of further keys of the trust root that signed, whose they are and why they do not count.
    """

    vouched: Vouched
    people: tuple[str, ...]
    besides: tuple[tuple[str, str, str], ...]


def signatures_judged(
    release: Released, trusted: Trusted, now: int, logged: Mapping[str, int] = NOTHING_LOGGED
) -> tuple[Judged, ...]:
    """The signatures of a release by keys of the trust root.

    Raises PolicyRefused TB8610 for a release that nobody signed, TB8611, TB8617.
    """
    envelope = signed_envelope(directory_of(release))
    return judge(envelope, trusted.root, now, name=f"{SIGNATURES}/{MAIN}", logged=logged)


def objections_of(found: tuple[Judged, ...], what: str) -> tuple[str, ...]:
    """Why signatures do not count, as sentences."""
    return tuple(
        f"{what} by {each.key.who} does not count: the key {each.key.keyid[:16]}… {each.objection}"
        for each in found
        if each.objection
    )


def verify_by_role(
    release: Released,
    trusted: Trusted,
    role: str,
    now: int,
    *,
    logged: Mapping[str, int] = NOTHING_LOGGED,
) -> Vouchers:
    """Raise unless enough people of a role signed this release, and it lies there as they signed it.

    PolicyRefused TB8807 for too few of them, TB8808 where the trust root has no such role; otherwise as
    ``verify_release``.
    """
    stated = trusted.root.role(role)
    if stated is None:
        known = ", ".join(each.name for each in trusted.root.roles)
        raise PolicyRefused.of(
            "TB8808",
            f"the trust root has no role {role!r}, only {known}",
            hint="name another one with --role, or add it: `twinbuild trust update --role`",
            where="--role",
        )
    found = signatures_judged(release, trusted, now, logged)
    counted = [each for each in found if role in each.roles and not each.objection]
    people = tuple(sorted({each.key.who for each in counted}))
    if len(people) < stated.threshold:
        said = [f"{each.key.who} has not the role" for each in found if role not in each.roles]
        said += objections_of(tuple(each for each in found if role in each.roles), "the signature")
        why = f": {'; '.join(said)}" if said else ""
        raise PolicyRefused.of(
            "TB8807",
            f"{len(people)} people of the role {role!r} signed the release, expected {stated.threshold}, at "
            f"{moment_text(now)}{why}",
            hint="ask somebody of the role to sign it; a signature that was logged in time counts with --audit",
            where=f"{SIGNATURES}/{MAIN}",
        )
    keys = tuple(public_of(each.key, name=str(trusted.directory)) for each in counted)
    besides = tuple(
        (each.key.keyid, each.key.who, each.objection or f"has not the role {role}")
        for each in found
        if each not in counted
    )
    # the envelope is read again there: it must still be that of all of them
    return Vouchers(vouched=verify_release(release, keys, threshold=len(keys)), people=people, besides=besides)

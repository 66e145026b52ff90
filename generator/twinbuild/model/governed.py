"""What a policy judges: who did what to a release, and what is known of it. Times are in seconds since 1970 (UTC)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Actor", "Facts", "RegoAnswer", "Verdict"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Somebody whose key counts: the key's id, its roles, and since when it is there.

    ``role`` is the one that it says it acted in.
    """

    who: str
    keyid: str
    roles: tuple[str, ...]
    since: int
    role: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """A release on its way to a stage.

    ``authors`` are the people who signed it, also with keys that count no more. ``discounted`` says whose
    signatures and approvals do not count, and why. ``deployer`` is None where nobody deploys yet. ``modifies``:
    another version of the name was promoted before; ``back``: this one was, and is to come back. ``asked`` is the
    number of approvals that the release itself asks for. ``unable`` says why the deployer's key does not count, ""
    where it does. ``sbom`` are faults of the bill of materials, None where it was not looked at. ``licences`` are
    pairs of component and expression ("" for none), one for each licence that binds it; None where the bill of
    materials cannot be read. ``modified`` is None where no source commit is recorded. ``plain`` are pairs of what
    is reached (services, monitoring, configuration, indexes, mirrors, registries, archive) and an address without
    encryption, ``unclear`` triples with why nobody can tell, ``encrypted`` pairs with by what it is. ``thresholds``
    are pairs of a role and how many people of it the trust root asks for, where that is more than one. ``secrets``
    are triples: what it is called, its reference, and the greatest age in seconds that the release names (None for
    none); ``rotations`` pairs of a reference and when it was changed. ``audited``: an audit log was given.
    """

    name: str
    version: str
    digest: str
    stage: str
    signers: tuple[Actor, ...]
    authors: tuple[str, ...]
    approvers: tuple[Actor, ...]
    deployer: Actor | None
    discounted: tuple[str, ...]
    modifies: bool
    back: bool
    asked: int
    builds: int
    identical: bool
    tests: tuple[tuple[str, str], ...]
    sbom: tuple[str, ...] | None
    licences: tuple[tuple[str, str], ...] | None
    modified: bool | None
    plain: tuple[tuple[str, str], ...]
    secrets: tuple[tuple[str, str, int | None], ...]
    rotations: tuple[tuple[str, int], ...]
    unclear: tuple[tuple[str, str, str], ...] = ()
    encrypted: tuple[tuple[str, str], ...] = ()
    thresholds: tuple[tuple[str, int], ...] = ()
    unable: str = ""
    audited: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RegoAnswer:
    """What one rule in Rego says: ``rules`` is the name of its section, ``rule`` its package and name.

    ``messages`` are what it says, and ``fault`` why nobody knows what it says ("" where that is known). ``unasked``: it
    was not asked, since the release is none that rules can judge.
    """

    rules: str
    file: str
    rule: str
    messages: tuple[str, ...] = ()
    fault: str = ""
    unasked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a rule says: its name, why, what to do about it, and where in the policy it stands.

    ``until`` is when the exception ends that excused it, and ``excuse`` its reason; ``named`` is the NAME@VERSION by
    which it holds, for every release that bears it, and "" where it is bound to the release digest.
    """

    rule: str
    verdict: Literal["passed", "warned", "refused", "excepted"]
    reason: str
    code: str = ""
    remedy: str = ""
    path: tuple[int | str, ...] = ()
    excuse: str = ""
    until: int = 0
    named: str = ""

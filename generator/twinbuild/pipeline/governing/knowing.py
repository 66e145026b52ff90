"""What is known of a release on its way to a stage, gathered from its files, its signatures and the trust root."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from twinbuild.codec.acts import decode_rotation
from twinbuild.codec.amounts import counted
from twinbuild.codec.trustroot import is_name
from twinbuild.errors import Location, PolicyRefused, TwinbuildError
from twinbuild.govern.acting import opened_act
from twinbuild.govern.judging.rego import rego_about
from twinbuild.govern.rooted import public_of
from twinbuild.model.governed import Actor, Facts
from twinbuild.model.policy import OrganisationPolicy, Requirement, covers
from twinbuild.model.settings import Settings
from twinbuild.model.spec.values import duration_seconds
from twinbuild.model.trust import TrustKey, TrustRoot
from twinbuild.pipeline.governing.approved import Approved
from twinbuild.pipeline.governing.approving import read_approvals
from twinbuild.pipeline.governing.encrypted import Holds, encryption_of
from twinbuild.pipeline.governing.logged import Logged
from twinbuild.pipeline.governing.trustdir import Trusted
from twinbuild.pipeline.governing.trustedrelease import objections_of, signatures_judged
from twinbuild.pipeline.reading.boms import read_bom
from twinbuild.pipeline.reading.reconciling import reconcile_release
from twinbuild.pipeline.reading.released import Released
from twinbuild.pipeline.reading.validating import check_release, require_format
from twinbuild.pipeline.regular import Irregular, read_regular
from twinbuild.pipeline.vouching import verify_release

__all__ = ["ROTATIONS", "Question", "known_of", "reference_of", "sound"]

ROTATIONS: Final = "rotations"
_VERSION: Final = re.compile(r"[0-9A-Za-z]([0-9A-Za-z.+_-]{0,62}[0-9A-Za-z])?", re.ASCII)
_LARGEST: Final = 64 << 10  # bytes of a statement
_MOST: Final = 10_000  # statements


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Whether a release may go to a stage at a moment; ``deployer`` is the id of the key of who brings it there.

    ``action``: check, approve, promote or rollback. ``back``: it was there before. ``besides`` are directories with
    further approvals. ``archive`` is where it is kept; ``holds`` asks one in a registry.
    """

    stage: str
    at: int
    action: str = "check"
    deployer: str = ""
    modifies: bool = False
    back: bool = False
    besides: tuple[Path, ...] = ()
    archive: str | None = None
    holds: Holds | None = None
    logged: Logged = field(default_factory=Logged)


def known_of(
    release: Released,
    trusted: Trusted,
    policy: OrganisationPolicy,
    question: Question,
    settings: Settings,
    *,
    whole: bool = False,
) -> Facts:
    """The facts. The release must be whole, and what its counting signers signed: that is verified here.

    ``whole``: all of them, also those that no rule asks for.

    Raises as ``signatures_judged``, ``verify_release`` and ``read_approvals`` do.
    """
    document = sound(release)
    root, at = trusted.root, question.at
    signed = signatures_judged(release, trusted, at, question.logged.times("signed", str(release.digest)))
    counted = [each for each in signed if not each.objection]
    if counted:
        keys = tuple(public_of(each.key, name=str(trusted.directory)) for each in counted)
        verify_release(release, keys, threshold=len(keys))  # it reads the envelope again: that of all of them
    else:
        check_release(release)
    approvals = read_approvals(
        release,
        root,
        stage=question.stage,
        now=at,
        logged=question.logged,
        besides=question.besides,
    )
    name, version = document["metadata"]["name"], document["metadata"]["version"]
    about = [each for each in policy.require if covers(each.stages, question.stage) and covers(each.releases, name)]
    sbom, licences = _bill(release, about, always=whole or bool(rego_about(policy, name, question.stage)))
    reached = encryption_of(
        document,
        release.digest,
        stage=question.stage,
        settings=settings,
        archive=question.archive,
        asked=frozenset(kind for each in about for kind in each.encryption),
        holds=question.holds,
    )
    unable = _unable(question, root)
    return Facts(
        name=name,
        version=version,
        digest=str(release.digest),
        stage=question.stage,
        signers=tuple(_actor(each.key, root) for each in counted),
        authors=tuple(sorted({each.key.who for each in signed})),
        approvers=tuple(each.actor for each in approvals if each.actor is not None and not each.objection),
        deployer=_deployer(question.deployer, root, at),
        discounted=(*objections_of(signed, "the signature"), *_discounted(approvals), *filter(None, (unable,))),
        unable=unable,
        modifies=question.modifies,
        back=question.back,
        asked=int(document["governance"].get("approvals", 0)),
        builds=int(document["verification"]["builds"]),
        identical=document["verification"].get("verdict") == "identical",
        tests=tuple(
            (f"{image['variant']} {image['platform']}", str(image["verdict"]))
            for image in document["tests"].get("images", ())
        ),
        sbom=sbom,
        licences=licences,
        modified=_modified(document["source"]),
        plain=reached.plain,
        unclear=reached.unclear,
        encrypted=reached.encrypted,
        secrets=tuple(_secret(each) for each in document.get("secrets", ())),
        rotations=_rotations(trusted, policy, at),
        thresholds=tuple((role.name, role.threshold) for role in root.roles if role.threshold > 1),
        audited=question.logged.given,
    )


def sound(release: Released) -> dict[str, Any]:
    """The release manifest, where it keeps its format: names in it are names. Raises IntegrityError TB7607."""
    document: dict[str, Any] = release.document
    require_format(release.path, document, _names(document))
    return document


def _names(document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The first version of the format says of a name that it is text; here it becomes a path, and both are printed."""
    name, version = (document["metadata"].get(key) for key in ("name", "version"))
    if not isinstance(name, str) or not is_name(name):
        yield "/metadata/name", f"{str(name)[:80]!r} is no name"
    if not isinstance(version, str) or not _VERSION.fullmatch(version):
        yield "/metadata/version", f"{str(version)[:80]!r} is no version"
    for key in ("governance", "publish"):
        if not isinstance(document.get(key), dict):
            yield f"/{key}", "it is not there"


def _actor(key: TrustKey, root: TrustRoot) -> Actor:
    return Actor(who=key.who, keyid=key.keyid, roles=root.roles_of(key.keyid), since=key.since)


def _discounted(approvals: tuple[Approved, ...]) -> Iterator[str]:
    for each in approvals:
        if each.objection:
            yield each.objection
        elif each.actor is None:
            yield f"an approval ({each.path.name[:40]}…) is by nobody of the trust root"


def _deployer(keyid: str, root: TrustRoot, at: int) -> Actor | None:
    if not keyid:
        return None
    key = root.key(keyid)
    if key is None or key.objection(at):
        return Actor(who=f"key {keyid[:16]}…", keyid=keyid, roles=(), since=at)
    return _actor(key, root)


def _unable(question: Question, root: TrustRoot) -> str:
    """Why the key of who deploys does not count; "" where it does, or nobody deploys."""
    key = root.key(question.deployer)
    if key is None:
        return f"the key {question.deployer[:16]}… is not in the trust root" if question.deployer else ""
    why = key.objection(question.at)
    return f"the key {key.keyid[:16]}… of {key.who} {why}" if why else ""


def _bill(
    release: Released, about: list[Requirement], *, always: bool
) -> tuple[tuple[str, ...] | None, tuple[tuple[str, str], ...] | None]:
    """Faults of the bill of materials, and each component's licences (None: unreadable).

    They are looked at where a rule asks, or ``always``.
    Each licence stands alone, for all of them bind: joined, one that is no expression would hide the others.
    """
    exact = always or any("sbom-complete" in each.evidence for each in about)
    if not exact and not any(each.forbidden_licences or each.unknown_licences == "refuse" for each in about):
        return None, ()
    assert release.directory is not None
    try:
        found = read_bom(release.directory)
    except TwinbuildError as error:
        return tuple(each.message for each in error.findings), None
    licences = tuple(
        (component.title, text)
        for component in found.bom.components
        if component.type
        in ("library", "application", "framework", "operating-system", "file", "machine-learning-model", "data")
        for text in ([licence.text for licence in component.licences] or [""])
    )
    try:
        faults = tuple(_unlike(each) for each in reconcile_release(found) if not each.exact) if exact else ()
    except TwinbuildError as error:
        faults = tuple(each.message for each in error.findings)
    return faults, licences


def _unlike(each: Any) -> str:
    count = len(each.unexplained) + len(each.missing) + len(each.changed) + len(each.empty) + len(each.unlisted)
    what = counted(count, "file or package", "files or packages")
    return f"{each.image}: image and SBOM differ in {what}"


def _modified(source: Any) -> bool | None:
    if source.get("modified"):
        return True
    return False if source.get("commit") not in (None, "", "record") else None


def reference_of(secret: Any) -> str:
    """How a secret's reference is written in a statement: provider and reference."""
    return f"{secret.get('provider', '')}:{secret.get('reference', '')}"


def _secret(secret: Any) -> tuple[str, str, int | None]:
    own = secret.get("rotation")
    return str(secret["name"]), reference_of(secret), None if own is None else int(duration_seconds(own))


def _rotations(trusted: Trusted, policy: OrganisationPolicy, at: int) -> tuple[tuple[str, int], ...]:
    """When secrets were changed last, as somebody says who may (``rotate``), or as many as a role takes."""
    place = trusted.directory / ROTATIONS
    if place.is_symlink() or not place.is_dir():
        return ()
    roles = {role for rule in policy.allow if "rotate" in rule.may for role in rule.roles}
    said: dict[str, dict[str, dict[str, int]]] = {}  # by reference, by role: who said it, and of when
    for path in sorted(place.glob("*.dsse.json"))[:_MOST]:
        name = f"{ROTATIONS}/{path.name}"
        try:
            content = read_regular(path, _LARGEST)
        except Irregular as error:
            hint = "take it out, and say again when the secret was changed"
            raise PolicyRefused.of("TB8850", f"{name} {error}", hint=hint, where=Location(file=str(path))) from None
        payload, judged = opened_act(content, trusted.root, at, name=name)
        act = decode_rotation(payload, name=name)
        if judged is None or judged.objection or act.time > at:
            continue
        for role in roles & set(judged.roles):
            by = said.setdefault(act.reference, {}).setdefault(role, {})
            by[judged.key.who] = max(act.time, by.get(judged.key.who, 0))
    takes = {role.name: role.threshold for role in trusted.root.roles}
    found = {
        reference: [sorted(by.values())[-takes[role]] for role, by in by_role.items() if len(by) >= takes[role]]
        for reference, by_role in said.items()
    }
    return tuple(sorted((reference, max(times)) for reference, times in found.items() if times))

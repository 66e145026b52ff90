"""When signatures were made, as far as an audit log proves it: its key has the role ``audit`` in the trust root."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path
from typing import Final

from twinbuild.codec.auditentry import Entry
from twinbuild.codec.checkpoint import Checkpoint
from twinbuild.errors import PolicyRefused
from twinbuild.govern.rooted import public_of
from twinbuild.model.trust import TrustRoot
from twinbuild.pipeline.audit.log import read_checkpoint
from twinbuild.pipeline.audit.read import verify_log

__all__ = ["AUDIT", "BY_TOKEN", "Logged", "read_logged"]

AUDIT: Final = "audit"
BY_TOKEN: Final = "token="  # noqa: S105  none: what a digest comes after
"""What a word of details begins with, of an approval by a token, after the stage and the policy's digest: the rest is
the token's SHA-256. What people say comes after it, and never begins so (``codec.acts.reason_fault``)."""
_TOLD: Final = re.compile(
    r"stage=(\S+)(?: policy=sha256:[0-9a-f]{64})?(?: token=([0-9a-f]{64})(?: .*)?)?", re.ASCII | re.DOTALL
)
_STEP: Final = re.compile(
    r"stage=(\S+)(?: policy=sha256:[0-9a-f]{64})? step=([1-9][0-9]{0,6})@sha256:([0-9a-f]{64})(?: .*)?",
    re.ASCII | re.DOTALL,
)
_ANOTHER_KEY: Final = "TB8634"
_MEANS: Final = {"signed": ("signed", "released"), "approved": ("approved",), "promoted": ("promoted", "rolled-back")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """Entries of a verified log, and its checkpoint; () where none was given, which ``given`` says."""

    entries: tuple[Entry, ...] = ()
    given: bool = False
    checkpoint: Checkpoint | None = None

    def times(self, act: str, release: str, stage: str = "") -> dict[str, int]:
        """When each key was first logged to have signed, approved or promoted a release (for a stage), by key id."""
        found: dict[str, int] = {}
        for entry in self.entries:
            about = not stage or entry.details.partition(" ")[0] == f"stage={stage}"
            if entry.action in _MEANS[act] and entry.release == release and about:
                found[entry.by] = min(entry.time, found.get(entry.by, entry.time))
        return found

    def promoted(self, name: str, stage: str) -> frozenset[str]:
        """The releases of a name that were logged to be brought, or brought back, to a stage."""
        return frozenset(
            entry.release
            for entry in self.entries
            if entry.action in _MEANS["promoted"]
            and entry.name == name
            and entry.details.partition(" ")[0] == f"stage={stage}"
        )

    def steps(self, name: str, stage: str) -> tuple[tuple[int, str], ...]:
        """The steps of a name in a stage, in the order of the log: number, and SHA-256 of what was signed.

        Entries of older versions say neither, and are not among them.
        """
        told = (
            _STEP.fullmatch(entry.details)
            for entry in self.entries
            if entry.action in _MEANS["promoted"] and entry.name == name
        )
        return tuple((int(each[2]), each[3]) for each in told if each is not None and each[1] == stage)

    def tokens(self, release: str, stage: str) -> dict[str, int]:
        """When each token was first logged to have approved a release for a stage, by the token's SHA-256."""
        found: dict[str, int] = {}
        for entry in self.entries:
            told = _TOLD.fullmatch(entry.details)
            if entry.action not in _MEANS["approved"] or entry.release != release or told is None:
                continue
            if told[1] == stage and told[2]:
                found[told[2]] = min(entry.time, found.get(told[2], entry.time))
        return found


def read_logged(log: Path, root: TrustRoot, now: int, kept: tuple[Path, ...] = ()) -> Logged:
    """The entries of a log whose key has the role ``audit``; ``kept`` are checkpoints of it that were kept elsewhere.

    Raises as ``verify_log``, and PolicyRefused TB8808. Without a checkpoint nobody knows whether entries at the end are
    gone: one who may write to the log's place puts an older state back.

    None of them is older than the one before it, whatever time it states: whoever appends dates nothing back.
    """
    role = root.role(AUDIT)
    if role is not None and role.threshold > 1:
        raise PolicyRefused.of(
            "TB8808",
            f"the role {AUDIT!r} takes {role.threshold} people in the trust root, and a log is signed by one key",
            hint=f"let it take one: `twinbuild trust update --role {AUDIT}=WHO`",
            where=str(log),
        )
    keys = [key for key in root.keys if role is not None and key.keyid in role.keys and not key.objection(now)]
    if not keys:
        raise PolicyRefused.of(
            "TB8808",
            f"the trust root has no key of the role {AUDIT!r} that counts, so that nobody vouches for {log}",
            hint=f"add the log's key: `twinbuild trust update --add WHO=FILE --role {AUDIT}=WHO`",
            where=str(log),
        )
    for key in keys:
        public = public_of(key, name=str(log))
        try:
            read_checkpoint(log, key=public)
        except PolicyRefused as error:
            if error.findings[0].code != _ANOTHER_KEY:
                raise
            continue
        verified = verify_log(log, public, kept)
        times = accumulate((each.time for each in verified.entries), max)
        dated = tuple(replace(each, time=time) for each, time in zip(verified.entries, times, strict=True))
        return Logged(entries=dated, given=True, checkpoint=verified.checkpoint)
    raise PolicyRefused.of(
        "TB8808",
        f"{log} is signed by none of the keys that have the role {AUDIT!r} in the trust root",
        hint=f"name the organisation's log, or add this one's key: `twinbuild trust update --role {AUDIT}=WHO`",
        where=str(log),
    )

"""What was done to a release, into the audit log: action, release, key; details begin with stage and policy.

The policy is named by its digest. It names its files of Rego by theirs, so that this is all that was judged by.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from twinbuild.codec.auditentry import Entry
from twinbuild.govern.signer import Signer
from twinbuild.model.digest import Digest
from twinbuild.pipeline.audit.log import add_entries
from twinbuild.pipeline.audit.read import last_entry
from twinbuild.pipeline.reading.released import Released

__all__ = ["append_act", "entry_of"]

_PATIENCE: Final = 60.0  # seconds for others who write
_MINUTES: Final = 600  # seconds that an act may take


def entry_of(
    release: Released,
    *,
    action: str,
    by: str,
    stage: str,
    now: int,
    said: str = "",
    policy: Digest | None = None,
    step: str = "",
    accepted: bool = False,
) -> Entry:
    """The entry of an act. ``step`` is NUMBER@sha256:DIGEST of what is a step of the record, "" for anything else.

    ``accepted``: the record was taken as it is, whatever the log or the machine had seen of it: whoever lets the log be
    overruled stands in it.

    Raises UsageError TB8631 for one that a log does not take.
    """
    judged = ("" if policy is None else f" policy={policy}") + (f" step={step}" if step else "")
    judged += " record=accepted" if accepted else ""
    metadata: Any = release.document["metadata"]
    return Entry(
        action=action,
        by=by,
        time=now,
        release=str(release.digest),
        name=metadata["name"],
        version=metadata["version"],
        details=f"stage={stage}{judged} {said}".strip(),
    )


def append_act(log: Path, signer: Signer, entry: Entry) -> int:
    """Append the entry of an act to a log; its index. Raises as ``add_entries``, ``last_entry``.

    An act has the time at which it began: somebody may have had to touch a token since, and others were in the log
    before. It is no older than they are. Where more than minutes lie between, a clock is wrong, and that is to be seen.
    """

    def after_others(entries: Sequence[Entry]) -> Sequence[Entry]:
        last = last_entry(log)
        if last is None or not 0 < last.time - entry.time <= _MINUTES:
            return entries
        return (replace(entry, time=last.time),)

    return add_entries(log, (entry,), signer, wait=_PATIENCE, wanted=after_others).size - 1

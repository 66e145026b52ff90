"""How a process ended that built from an archive: its error as one of ours, with what a damaged blob blocks."""

from __future__ import annotations

import json
from typing import Final

from twinbuild.errors import (
    BuildError,
    EnvironmentFault,
    Finding,
    IntegrityError,
    InternalError,
    Location,
    LockError,
    PolicyRefused,
    SpecError,
    TwinbuildError,
)
from twinbuild.model.archive import AS_RELEASED, ArchivedRelease

__all__ = ["error_of"]

_DAMAGED: Final = frozenset({"TB3102", "TB3103", "TB3104"})
_KINDS: Final[dict[int, type[TwinbuildError]]] = {
    kind.exit_code: kind for kind in (SpecError, LockError, EnvironmentFault, IntegrityError, BuildError, PolicyRefused)
}


def error_of(status: int, text: bytes, release: ArchivedRelease) -> TwinbuildError:
    """The error that the process on the island ended with; where it is about a blob, with what that blocks."""
    try:
        found = json.loads(text.splitlines()[-1])
    except (ValueError, IndexError):
        found = None
    if not isinstance(found, dict) or not found.get("findings"):
        said = " ".join(text.decode(errors="replace").split())[-2000:] or "it said nothing"
        return InternalError.of(
            "TB9122",
            f"the build from the archive ended with status {status}: {said}",
            hint="report this as a defect of twinbuild",
        )
    needs = {str(digest): (what, blocked) for digest, _, what, blocked in release.needs() if blocked != AS_RELEASED}
    findings = []
    for each in found["findings"]:
        where = Location(**{key: each[key] for key in ("file", "line", "column", "pointer", "subject") if key in each})
        code, message, hint = each["code"], each["message"], each["remedy"]
        if code in _DAMAGED and where.subject in needs:
            what, blocked = needs[where.subject]
            code, message = "TB9114", f"{what} of {release.label} is damaged: {message}: it blocks {blocked}"
            hint = "archive the release again, or copy the file from another copy of the archive"
        findings.append(Finding(code=code, message=message, hint=hint, where=where))
    return _KINDS.get(status, InternalError)(tuple(findings))

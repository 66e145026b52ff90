"""How a process ended that built from an archive: its error as one of ours, with what a damaged blob blocks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from twinbuild.codec.canonical import Json
from twinbuild.codec.jsontext import JsonProblem, parse_json
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

_LONGEST: Final = 1 << 20  # bytes of a line that are looked at
_WORDS: Final = 2000  # characters of one text of it
_MOST: Final = 100  # findings
_CODE: Final = re.compile(r"TB[0-9]{4}", re.ASCII)
_TEXTS: Final = ("code", "message", "remedy", "file", "pointer", "subject")
_DAMAGED: Final = frozenset({"TB3102", "TB3103", "TB3104"})
_KINDS: Final[dict[int, type[TwinbuildError]]] = {
    kind.exit_code: kind for kind in (SpecError, LockError, EnvironmentFault, IntegrityError, BuildError, PolicyRefused)
}


def error_of(status: int, text: bytes, release: ArchivedRelease, *, of_archive: bool = False) -> TwinbuildError:
    """The error that the process on the island ended with; where it is about a blob, with what that blocks.

    ``of_archive``: the archived twinbuild said it, which its sentences then state, for it may be anybody's.
    """
    said = tuple(_said(text))
    if not said:
        words = " ".join(text[-_WORDS:].decode(errors="replace").split()) or "it said nothing"
        return InternalError.of(
            "TB9122",
            f"the build from the archive ended with status {status}: {words}",
            hint="report this as a defect of twinbuild",
        )
    needs = {str(digest): (what, blocked) for digest, _, what, blocked in release.needs() if blocked != AS_RELEASED}
    return _KINDS.get(status, InternalError)(
        tuple(_judged(each, release, needs, of_archive=of_archive) for each in said)
    )


def _judged(
    finding: Finding, release: ArchivedRelease, needs: Mapping[str, tuple[str, str]], *, of_archive: bool
) -> Finding:
    if finding.code in _DAMAGED and finding.where.subject in needs:
        what, blocked = needs[finding.where.subject]
        return replace(
            finding,
            code="TB9114",
            message=f"{what} of {release.label} is damaged: {finding.message}: it blocks {blocked}",
            hint="archive the release again, or copy the file from another copy of the archive",
        )
    return replace(finding, message=f"the archived twinbuild says: {finding.message}") if of_archive else finding


def _said(text: bytes) -> Iterator[Finding]:
    """The findings of the last line; none where it is not what ``--json`` makes of an error."""
    lines = text[-_LONGEST:].splitlines()
    try:
        value = parse_json("", lines[-1])[0] if lines else None
    except JsonProblem:
        return
    listed = value.get("findings") if isinstance(value, dict) else None
    for each in listed[:_MOST] if isinstance(listed, list) else ():
        found = _finding(each) if isinstance(each, dict) else None
        if found is not None:
            yield found


def _finding(value: dict[str, Json]) -> Finding | None:
    texts = {key: text[:_WORDS] for key in _TEXTS if isinstance(text := value.get(key, ""), str)}
    line, column = value.get("line", 0), value.get("column", 0)
    if not isinstance(line, int) or not isinstance(column, int) or line < 0 or column < 0 or len(texts) < len(_TEXTS):
        return None
    if not _CODE.fullmatch(texts["code"]) or not texts["message"]:
        return None
    where = Location(file=texts["file"], line=line, column=column, pointer=texts["pointer"], subject=texts["subject"])
    return Finding(code=texts["code"], message=texts["message"], hint=texts["remedy"], where=where)

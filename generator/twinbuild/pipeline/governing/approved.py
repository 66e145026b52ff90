"""An approval as it lies there, and who is behind it: somebody with a key, or with a token of OpenID Connect."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from twinbuild.errors import Location, PolicyRefused, UsageError
from twinbuild.model.acts import Approval
from twinbuild.model.governed import Actor
from twinbuild.model.spec.values import check_stage
from twinbuild.pipeline.alone import alone_in
from twinbuild.pipeline.observed import APPROVALS
from twinbuild.pipeline.output import clear_leftovers, write_file
from twinbuild.pipeline.reading.attested import APPROVAL, directory_of
from twinbuild.pipeline.reading.released import Released, require_there
from twinbuild.pipeline.regular import Irregular, read_regular

__all__ = ["AGAIN", "Approved", "approvals_place", "read_approval", "refuse_stage", "write_approval"]

AGAIN: Final = "take it out, and ask who approves to look at this release: `twinbuild approve`"
_LARGEST: Final = 64 << 10  # bytes of an approval


@dataclass(frozen=True, slots=True, kw_only=True)
class Approved:
    """An approval, the file that it lies in, and whose it is (None: nobody's of the trust root).

    ``objection`` says why it does not count, as a sentence; "" where it does, or is nobody's. ``approval`` is None for
    a token of an issuer that is not pinned: what it says nobody knows.
    """

    path: Path
    approval: Approval | None
    actor: Actor | None
    objection: str = ""


def refuse_stage(stage: str, fault: str = "") -> None:
    """Raise UsageError TB8001 for a name of a stage that is none, or for another fault of what was given."""
    if check_stage(stage) is not None or fault:
        message = f"got the stage {stage[:80]!r}" if check_stage(stage) is not None else fault
        hint = "name a stage in lower case, and say why in a line"
        raise UsageError.of("TB8001", message, hint=hint, where="approve")


def approvals_place(release: Released, directory: Path | None) -> Path:
    """Where an approval is written, without what somebody who was killed left there.

    Raises UsageError TB7003, and TB8001 for a link, and for another place in the release, which has no such files.
    """
    place = directory if directory is not None else directory_of(release) / APPROVALS
    within = release.directory is not None and place.resolve().is_relative_to(release.directory.resolve())
    if within and place.resolve() != (directory_of(release) / APPROVALS).resolve():
        message = f"{place} lies within the release, which has no such files"
        hint = "name a directory outside of it, or leave --output out"
        raise UsageError.of("TB8001", message, hint=hint, where="--output")
    if place.is_symlink():
        message = f"{place.name} is a link"
        raise UsageError.of("TB8001", message, hint="move it away", where=Location(file=str(place)))
    if place.is_dir():
        with alone_in(place):
            clear_leftovers(place, lambda name: APPROVAL.fullmatch(name) is not None)
    return place


def write_approval(release: Released, path: Path, content: bytes) -> None:
    """Write an approval while nobody clears its place, or puts another release where this one lies.

    Raises IntegrityError TB7004 where somebody did.
    """
    with ExitStack() as stack:
        directory = release.directory
        if directory is not None and path.parent.resolve() == (directory / APPROVALS).resolve():
            stack.enter_context(alone_in(directory))
            require_there(release)
        path.parent.mkdir(parents=True, exist_ok=True)
        stack.enter_context(alone_in(path.parent))
        write_file(path, content)


def read_approval(path: Path) -> bytes:
    """The bytes of an approval. Raises PolicyRefused TB8850 for anything else than a small file."""
    try:
        return read_regular(path, _LARGEST)
    except Irregular as error:
        message = f"{path.parent.name}/{path.name} {error}"
        raise PolicyRefused.of("TB8850", message, hint=AGAIN, where=Location(file=str(path))) from None

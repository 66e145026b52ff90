"""Reproducing: build an archived release again from the archive alone, and compare every file with what was released.

The build runs in a process of its own that is shut off from network and files (``build.island``), starts from an empty
store, and sees a clock five years on, another time zone, locale, umask and home. What it may read is the archive.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Literal

from twinbuild import __version__
from twinbuild.archive.directory import Archive
from twinbuild.archive.summaries import Summary
from twinbuild.build.clock import fixed_clock
from twinbuild.codec.amounts import counted
from twinbuild.codec.manifest import decode_manifest
from twinbuild.describe.trials import STATEMENT
from twinbuild.errors import Finding, IntegrityError, Location, LockError, NotReproducible, UsageError
from twinbuild.model.archive import OF_THE_TOOL, REBUILD, ArchivedRelease
from twinbuild.model.digest import Digest
from twinbuild.pipeline.alone import alone_if_there
from twinbuild.pipeline.archive.closure import below
from twinbuild.pipeline.archive.ended import error_of
from twinbuild.pipeline.archive.packed import built_by
from twinbuild.pipeline.archive.tooling import archived_tool, is_running
from twinbuild.pipeline.archive.verifying import faults_of, named_faults, unlike_release
from twinbuild.pipeline.archive.viewing import require_nothing_lost
from twinbuild.pipeline.machine import Machine
from twinbuild.pipeline.observed import RUN, is_beside, run_document
from twinbuild.pipeline.output import Output, copy_checked, replace_directory, write_file
from twinbuild.pipeline.tool.opened import OpenedTool
from twinbuild.verify.conditions import CLOCK, here, unlike, varied_environment

__all__ = ["Reproduced", "Wish", "build_archived", "reproduce"]

Wish = Literal["archived", "present", ""]  # which twinbuild builds; "": the archived one where it is another

_FIVE_YEARS: Final = 5 * 365 * 86_400 + 86_400
_PATIENCE: Final = 4 * 3600.0  # seconds that a build may take
_MOST: Final = 20  # differing files that are listed


@dataclass(frozen=True, slots=True, kw_only=True)
class Reproduced:
    """A release that was built again: where it lies, how many files were compared, and what shut the build off."""

    release: ArchivedRelease
    output: Path
    files: int
    witnesses: tuple[tuple[str, str], ...]
    seconds: float
    tool: Digest | None  # the image of the archived twinbuild that built it; None: the one that runs
    why: str  # that one built it
    lost: tuple[str, ...]  # files of people, such as signatures, that the archive no longer gives


def reproduce(
    archive: Archive,
    summary: Summary,
    machine: Machine,
    *,
    output: Path,
    tests: bool = True,
    tool: Wish = "",
) -> Reproduced:
    """Build a release of the archive again into ``output``, and compare it file by file.

    Without ``tests`` its images are built and not tried: the verdict of when they were released stands. ``tool`` says
    which twinbuild builds it; for "" it is the archived one where that is another than the one that runs.

    Raises IntegrityError TB9113, TB9114 for blobs that are missing or damaged; NotReproducible TB9130 with every file
    that differs (``output`` then holds what was built); EnvironmentFault TB9120 where a process can't be shut off;
    UsageError TB9133 where an archived twinbuild is asked for that is not there, TB8020 as ``require_nothing_lost``.
    """
    release = archive.release(summary.kept)
    require_nothing_lost(archive, release, output)
    packed, why = _ready(archive, release, tool)
    document: dict[str, Any] = decode_manifest(archive.blobs.read(release.digest), name="manifest.json")
    started, clock = time.time(), time.perf_counter()
    machine.scratch.mkdir(parents=True, exist_ok=True)
    machine.progress(f"building {release.label} from the archive", 0, 0)
    with ExitStack() as until_replaced, replace_directory(output, Output.RELEASE) as fresh:
        answer = _built_by_either(packed, archive, release, machine, output=fresh, tests=tests)
        differences = tuple(_differences(release, fresh, document, answer))
        seconds = time.perf_counter() - clock
        until_replaced.enter_context(alone_if_there(output))
        require_nothing_lost(archive, release, output)  # somebody may have signed it meanwhile
        lost = _signed(archive, release, fresh) if not differences else ()
        _account(release, fresh, answer, started=started, seconds=seconds)
    if differences:
        raise NotReproducible(differences)
    return Reproduced(
        release=release,
        output=output,
        files=sum(not is_beside(file.path) for file in release.files),
        witnesses=tuple((str(name), str(how)) for name, how in answer["witnesses"]),
        seconds=seconds,
        tool=packed.image.manifest.digest if packed is not None else None,
        why=why,
        lost=lost,
    )


def build_archived(
    archive: Archive, release: ArchivedRelease, machine: Machine, *, output: Path, tool: Wish = ""
) -> OpenedTool | None:
    """Build a release into an empty directory, and compare nothing; the archived twinbuild, where that built it.

    Its images are not tried. Raises as ``reproduce``, but for files that differ.
    """
    packed, _ = _ready(archive, release, tool)
    machine.scratch.mkdir(parents=True, exist_ok=True)
    _built_by_either(packed, archive, release, machine, output=output, tests=False)
    return packed


def _ready(archive: Archive, release: ArchivedRelease, tool: Wish) -> tuple[OpenedTool | None, str]:
    """The archived twinbuild where it is to build, and why it is or is not.

    All that is needed is there, and the record is the release's.
    """
    with named_faults(release):
        try:
            packed, why = _chosen_tool(archive, release, tool)
        except (IntegrityError, LockError):  # of what says which it is
            _require_blobs(archive, release, tool=True)  # all that is missing is said at once
            raise
    _require_blobs(archive, release, tool=packed is not None)
    if findings := unlike_release(archive, release):
        raise IntegrityError(tuple(findings))
    return packed, why


def _built_by_either(
    packed: OpenedTool | None,
    archive: Archive,
    release: ArchivedRelease,
    machine: Machine,
    *,
    output: Path,
    tests: bool,
) -> dict[str, Any]:
    if packed is not None:
        with named_faults(release):
            return built_by(packed, archive, release, machine, output=output, tests=tests)
    with tempfile.TemporaryDirectory(prefix="reproduce-", dir=machine.scratch) as scratch:
        return _built(archive, release, machine, output=output, scratch=Path(scratch), tests=tests)


def _chosen_tool(archive: Archive, release: ArchivedRelease, wanted: Wish) -> tuple[OpenedTool | None, str]:
    """The archived twinbuild, where it is to build; None for the one that runs. And why.

    Of the archived one no more is read than what says which it is: where it is the one that runs, the rest may be lost.
    """
    if wanted == "present":
        return None, "as --with-present-tool asks"
    if not release.tool:
        if not wanted:
            return None, "none is archived with the release"
        raise UsageError.of(
            "TB9133",
            f"no twinbuild is archived with {release.label}",
            hint=f"leave --with-archived-tool out, or install twinbuild {release.generator} yourself",
            where=release.label,
        )
    try:
        packed = archived_tool(archive, release.tool)
    except UsageError as error:
        if not wanted and error.findings[0].code == "TB9211":  # the installed one does its best
            return None, "the archived one is for another kind of machine"
        raise
    if wanted:
        return packed, "as --with-archived-tool asks"
    if is_running(packed):
        return None, "the archived one is the same"
    other = "other code" if packed.version == __version__ else f"another version, {__version__}"
    return packed, f"this one has {other}"


def _require_blobs(archive: Archive, release: ArchivedRelease, *, tool: bool) -> None:
    """Raise IntegrityError TB9113 for every blob that is not there. Their bytes are hashed when they are read."""
    blocking = {REBUILD, OF_THE_TOOL} if tool else {REBUILD}
    needed = {digest for digest, _, _, blocked in release.needs() if blocked in blocking} | {release.digest}
    lost = {digest: ("TB9113", "is missing") for digest in needed if not archive.blobs.has(digest)}
    if lost:
        raise IntegrityError(tuple(faults_of(release, lost)))


def _built(
    archive: Archive, release: ArchivedRelease, machine: Machine, *, output: Path, scratch: Path, tests: bool
) -> dict[str, Any]:
    """What the process on the island answers. Raises what it raised."""
    library = fixed_clock(os.uname().machine, int(time.time()) + _FIVE_YEARS)
    (scratch / CLOCK).write_bytes(library)
    conditions = unlike(here(machine.environment))
    request = {
        "archive": str(archive.path.resolve()),
        "release": str(release.digest),
        "output": str(output.resolve()),
        "scratch": str(scratch.resolve()),
        "tests": tests,
        "conditions": asdict(conditions),
        "parent": os.getpid(),
    }
    completed = machine.runner.run(
        (str(machine.interpreter), "-P", "-s", "-m", "twinbuild.cli", "rebuild-archived", "--json"),
        environment=varied_environment(scratch, conditions, clock=bool(library)),
        stdin=json.dumps(request).encode(),
        directory=scratch,
        timeout=_PATIENCE,
    )
    if completed.status != 0:
        raise error_of(completed.status, completed.stderr, release)
    answer: dict[str, Any] = json.loads(completed.stdout)
    return answer


def _differences(
    release: ArchivedRelease, output: Path, document: dict[str, Any], answer: dict[str, Any]
) -> Iterator[Finding]:
    """A finding for each file that differs from the released one; of signatures, runs and figures there is no talk."""
    expected = {file.path: file.sha256.hex for file in release.files if _compared(file.path)}
    found = {path: _digest(output / path) for path, _ in below(output) if _compared(path)}
    differing = sorted(path for path in expected.keys() | found.keys() if expected.get(path) != found.get(path))
    if not differing:
        return
    hint = answer["remedy"] if "remedy" in answer else _remedy(release, document, answer)
    for path in differing[:_MOST]:
        got, wanted = found.get(path, "nothing"), expected.get(path, "nothing")
        yield Finding(
            code="TB9130",
            message=f"{path} differs: got {got}, the release has {wanted}",
            hint=hint,
            where=Location(subject=release.label),
        )
    if len(differing) > _MOST:
        more = f"{counted(len(differing) - _MOST, 'more file differs', 'more files differ')}"
        yield Finding(code="TB9130", message=more, hint=hint, where=Location(subject=release.label))


def _compared(path: str) -> bool:
    return not is_beside(path) and path != STATEMENT


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _remedy(release: ArchivedRelease, document: dict[str, Any], answer: dict[str, Any]) -> str:
    if release.generator != __version__:
        return (
            f"the release was made by twinbuild {release.generator}, and this is {__version__}, which may build "
            f"otherwise: reproduce it with twinbuild {release.generator}"
        )
    released = {
        f"{each['variant']} {each['platform']}": each["derivation"] for each in document["environment"]["images"]
    }
    if dict(answer["derivations"]) != released:
        return (
            "this twinbuild bears the same version and derives the images otherwise: reproduce the release with the "
            "very twinbuild that made it"
        )
    return "the inputs and the derivation are the same, so this machine builds otherwise: `twinbuild verify` says where"


def _signed(archive: Archive, release: ArchivedRelease, output: Path) -> tuple[str, ...]:
    """Lay what people signed of the release beside what was built; which of that the archive no longer gives."""
    lost = []
    for file in release.files:
        if file.path == STATEMENT or (is_beside(file.path) and file.path != RUN):
            target = output / file.path
            target.parent.mkdir(parents=True, exist_ok=True)
            fresh = target.with_name(f".{target.name}.part")
            try:
                copy_checked(archive.blobs, file.sha256, fresh)
            except (IntegrityError, LockError):
                fresh.unlink(missing_ok=True)
                lost.append(file.path)
            else:
                fresh.replace(target)
    return tuple(lost)


def _account(release: ArchivedRelease, output: Path, answer: dict[str, Any], *, started: float, seconds: float) -> None:
    """What this run did."""
    run = run_document(
        started=started,
        seconds={"reproduce": seconds},
        commit={"identifier": release.commit, "modified": release.modified} if release.commit else None,
        verification={"tests": answer["tests"], "witnesses": dict(answer["witnesses"])},
        store="",
        sources={"archive": [str(Digest.parse(answer["release"]))]},
    )
    write_file(output / RUN, run)

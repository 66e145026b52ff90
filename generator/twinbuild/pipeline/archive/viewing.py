"""An archived release as whoever reads releases wants it: one of its files, or its directory.

The record is held against the release manifest first, so that what is shown is the release and nothing beside it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from twinbuild.errors import Finding, IntegrityError, Location, LockError, TwinbuildError, UsageError
from twinbuild.model.archive import AS_RELEASED, ArchivedFile, ArchivedRelease
from twinbuild.model.digest import Digest
from twinbuild.pipeline.alone import alone_if_there
from twinbuild.pipeline.archive.verifying import faults_of, named_faults, unlike_release
from twinbuild.pipeline.observed import APPROVALS, SIGNATURES
from twinbuild.pipeline.output import Output, copy_checked, replace_directory, same_content
from twinbuild.ports import ReleaseArchive

__all__ = ["no_layers", "release_file", "require_nothing_lost", "restore_release", "viewed"]

_LAYERS: Final = "image/blobs/"
_SMALL: Final = 1 << 20  # bytes: manifests and configurations of images, which say what the layers are

Wanted = Callable[[ArchivedFile], bool]


def no_layers(file: ArchivedFile) -> bool:
    """Whether a file is none of the large ones of the images."""
    return not file.path.startswith(_LAYERS) or file.size <= _SMALL


def release_file(archive: ReleaseArchive, release: ArchivedRelease, path: str, *, limit: int) -> bytes:
    """A file that the manifest of an archived release covers. Raises IntegrityError TB9113, TB9114 and TB9115."""
    _require(archive, release, lambda file: file.path == path)
    digest = next((file.sha256 for file in release.files if file.path == path), None)
    if digest is None:
        raise IntegrityError.of(
            "TB9115",
            f"the record of {release.label} has no {path}; it blocks {AS_RELEASED}",
            hint="archive the release again",
            where=Location(subject=str(release.digest)),
        )
    with named_faults(release):
        return archive.blobs.read(digest, limit=limit)


@contextmanager
def viewed(
    archive: ReleaseArchive, release: ArchivedRelease, scratch: Path, *, wanted: Wanted = no_layers
) -> Iterator[Path]:
    """The directory of an archived release with those of its files that are wanted, deleted afterwards.

    Raises IntegrityError TB9113 for wanted files that are missing, TB9114 for damaged ones, TB9115.
    """
    _require(archive, release, wanted)
    scratch.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="archived-", dir=scratch) as directory:
        place = Path(directory, f"{release.name}-{release.version}")
        _lay_out(archive, release, place, wanted)
        yield place


def restore_release(archive: ReleaseArchive, release: ArchivedRelease, output: Path) -> None:
    """Write the directory of a release as it was archived: each file, signatures and approvals among them.

    Raises as ``viewed``, and UsageError TB8020 where ``output`` holds something else than a release, or as
    ``require_nothing_lost``.
    """
    _require(archive, release, lambda _: True)
    require_nothing_lost(archive, release, output)
    with ExitStack() as until_replaced, replace_directory(output, Output.RELEASE) as fresh:
        _lay_out(archive, release, fresh, lambda _: True)
        until_replaced.enter_context(alone_if_there(output))
        require_nothing_lost(archive, release, output)  # somebody may have signed it meanwhile


def require_nothing_lost(archive: ReleaseArchive, release: ArchivedRelease, output: Path) -> None:
    """Raise UsageError TB8020 where what lies in ``output`` has signatures or approvals that the archive cannot give.

    It never had them, or has lost them since: they are read to the end.
    """
    archived = {file.path: file.sha256 for file in release.files}
    for folder in (output / SIGNATURES, output / APPROVALS):
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            kept = archived.get(path.relative_to(output).as_posix())
            if kept is None or not same_content(path, kept) or archive.fault(kept)[0] is not None:
                raise UsageError.of(
                    "TB8020",
                    f"the output {output} has {path.relative_to(output)}, which the archive lacks: it would be lost",
                    hint="name another output; `twinbuild archive add` keeps what was signed since",
                    where=str(output),
                )


def _lay_out(archive: ReleaseArchive, release: ArchivedRelease, place: Path, wanted: Wanted) -> None:
    for file in release.files:
        if wanted(file):
            path = place / file.path
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                copy_checked(archive.blobs, file.sha256, path)
            except (IntegrityError, LockError) as error:
                raise _damaged(release, file.sha256, error) from error


def _damaged(release: ArchivedRelease, digest: Digest, error: TwinbuildError) -> TwinbuildError:
    """What a blob that is not its bytes blocks; of one that has gone, too."""
    code = "TB9113" if error.findings[0].code in ("TB3102", "TB9113") else "TB9114"
    why = "is missing" if code == "TB9113" else f"is damaged: {error.findings[0].message}"
    return IntegrityError(tuple(faults_of(release, {digest: (code, why)})))


def _require(archive: ReleaseArchive, release: ArchivedRelease, wanted: Wanted) -> None:
    needed = {file.sha256 for file in release.files if wanted(file)} | {release.digest}
    lost: dict[Digest, tuple[str, str]] = dict.fromkeys(archive.missing(needed), ("TB9113", "is missing"))
    findings: tuple[Finding, ...] = tuple(faults_of(release, lost)) or tuple(unlike_release(archive, release))
    if findings:
        raise IntegrityError(findings)

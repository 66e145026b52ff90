"""Adding a release to an archive: its directory as it was released, and all that building it again needs.

Nothing is taken on trust: the directory is validated byte for byte, every file is hashed as it is copied, and what the
lock names must have the locked digest. The record comes last, so that an archive never names what it has not got.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from twinbuild.archive.joining import by_path
from twinbuild.codec.jsontext import JsonProblem, parse_json
from twinbuild.codec.lock import decode_lock
from twinbuild.errors import UsageError
from twinbuild.model.archive import ArchivedFile, ArchivedImage, ArchivedRelease
from twinbuild.model.digest import Digest
from twinbuild.model.lock import Lock
from twinbuild.pipeline.archive.bringing import LOCK, Bringing, read
from twinbuild.pipeline.archive.closure import (
    Wanted,
    inputs_of,
    locked_files,
    read_files,
    refuse_other_spec,
)
from twinbuild.pipeline.archive.recording import earlier_record, keep_record
from twinbuild.pipeline.archive.tooling import NoTool, bring_tool
from twinbuild.pipeline.machine import Machine
from twinbuild.pipeline.narrowing import narrowed
from twinbuild.pipeline.observed import RUN
from twinbuild.pipeline.project import Project, open_project, spec_file
from twinbuild.pipeline.reading.released import Released
from twinbuild.pipeline.reading.validating import check_release
from twinbuild.pipeline.regular import LARGEST, Irregular, read_regular
from twinbuild.ports import ReleaseArchive

__all__ = ["Added", "add_release", "project_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """The release as it is archived, how many blobs and bytes that brought, and whether it was there already."""

    release: ArchivedRelease
    record: Digest
    brought: int
    size: int
    known: bool
    untooled: str = ""  # why the twinbuild that made it is not archived with it; "" where it is


def project_of(released: Released, spec: Path | None, overlays: tuple[Path, ...]) -> Project:
    """The project that a release was made of: the one that is named, or the one whose ``dist`` the release lies in.

    Raises UsageError TB9104 where there is none, and what reading a spec raises.
    """
    directory = _directory(released)
    document: dict[str, Any] = released.document
    if spec is None:
        above = directory.absolute().parent.parent
        stated, named = _arguments(document)
        try:
            spec = spec_file(above / stated)
        except UsageError:
            raise UsageError.of(
                "TB9104",
                f"the spec of the release is not at {above / stated}, and a release holds the values of its spec but "
                "not its text",
                hint="name it with --spec, and its overlays with --overlay",
                where=str(directory),
            ) from None
        overlays = overlays or tuple(above / each for each in named)
    project = open_project(spec, overlays)
    return project.only(_variants(document))


def add_release(
    released: Released, project: Project, archive: ReleaseArchive, machine: Machine, *, tool: bool = True
) -> Added:
    """Archive a release that was made of a project. Archiving it again brings what is new: signatures and approvals.

    ``tool``: with the running twinbuild, packed, where it is of the version that made the release and can be packed
    from what the store has.

    Raises IntegrityError TB7005 and the like for a release that is not whole, SpecError TB9103 where the spec is not
    the release's, LockError TB9106 with every file that is neither in the store nor in the project.
    """
    check_release(released)
    directory, document = _directory(released), released.document
    whole = decode_lock(read(directory / LOCK), name=LOCK)
    refuse_other_spec(project, document)
    lock = narrowed(project, whole)
    wanted = _project_files(project, lock, document)
    inputs = tuple(inputs_of(lock))
    bringing = Bringing(archive, machine, directory, project)
    bringing.require(wanted, inputs)
    files = bringing.release_files(document)
    texts = bringing.spec_files()
    bringing.bring_all(wanted, inputs)
    commit, modified = _commit(directory, document)
    generator = str(document["generator"]["version"])  # type: ignore[index,call-overload]  # it was validated
    before = earlier_record(archive, released.digest)
    kept_tool = (
        bring_tool(bringing, machine, generator=generator, earlier=before.tool if before is not None else ())
        if tool
        else NoTool("--without-tool says so")
    )
    record = ArchivedRelease(
        name=document["metadata"]["name"],  # type: ignore[index,call-overload,arg-type]  # it was validated
        version=document["metadata"]["version"],  # type: ignore[index,call-overload,arg-type]
        digest=released.digest,
        generator=generator,
        added=machine.now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        commit=commit,
        modified=modified,
        spec=bringing.named(project.spec_path),
        overlays=tuple(bringing.named(path) for path in project.overlays),
        variants=project.variants,
        images=_images(document),
        indexes=tuple(sorted(Digest.parse(each["digest"]) for each in _environment(document).get("indexes", ()))),
        files=files,
        project=by_path((*texts, *(_archived(each) for each in wanted))),
        inputs=inputs,
        tool=() if isinstance(kept_tool, NoTool) else kept_tool,
    )
    record, kept, known = keep_record(archive, record)
    return Added(
        release=record,
        record=kept.record,
        brought=bringing.brought,
        size=bringing.size,
        known=known,
        untooled=str(kept_tool) if isinstance(kept_tool, NoTool) and not record.tool else "",
    )


def _project_files(project: Project, lock: Lock, document: dict[str, Any]) -> tuple[Wanted, ...]:
    found = {each.path: each for each in (*locked_files(project, lock), *read_files(project, document))}
    return tuple(found[path] for path in sorted(found))


def _archived(each: Wanted) -> ArchivedFile:
    return ArchivedFile(path=each.path, sha256=each.sha256, size=each.size, executable=each.executable)


def _images(document: dict[str, Any]) -> tuple[ArchivedImage, ...]:
    found = [
        ArchivedImage(
            variant=each["variant"],
            platform=each["platform"],
            digest=Digest.parse(each["digest"]),
            config=Digest.parse(each["config"]),
        )
        for each in _environment(document)["images"]
    ]
    return tuple(sorted(found, key=lambda image: (image.variant, image.platform)))


def _environment(document: dict[str, Any]) -> dict[str, Any]:
    environment: dict[str, Any] = document["environment"]
    return environment


def _variants(document: dict[str, Any]) -> tuple[str, ...]:
    """The variants of a release that has not all of its spec's; () for one that has."""
    environment = _environment(document)
    if not environment.get("subset_of"):
        return ()
    return tuple(sorted({str(each["variant"]) for each in environment["images"]}))


def _arguments(document: dict[str, Any]) -> tuple[str, tuple[str, ...]]:
    """How the manifest says that a command names the spec and its overlays, in the spec's directory."""
    run = document["reproduce"]["steps"][0]["run"][2:-1]  # twinbuild lock … --check
    overlays = tuple(after for option, after in pairwise(run) if option == "--overlay")
    return (run[0] if run and run[0] != "--overlay" else "release.yaml"), overlays


def _commit(directory: Path, document: dict[str, Any]) -> tuple[str, bool]:
    """The source commit and whether files differed from it: of the manifest, else as the run says it."""
    recorded = document["source"].get("commit", "")
    try:
        run, _ = parse_json(RUN, read_regular(directory / RUN, LARGEST))
        said: Any = run.get("commit") if isinstance(run, dict) else None
        identifier = recorded or str(said["identifier"])
        return identifier, bool(said["modified"])
    except (Irregular, JsonProblem, LookupError, TypeError):
        return recorded, bool(document["source"].get("modified"))


def _directory(released: Released) -> Path:
    if released.directory is None:
        raise UsageError.of(
            "TB9104",
            f"{released.path} is a release manifest that lies alone, expected the whole directory of a release",
            hint="name the directory that `twinbuild release` wrote",
            where=str(released.path),
        )
    return released.directory

"""Writing the stamp of a release or a build, once it is made: ``unchanged`` reads it.

Everything is looked at after it was made, and what was touched since shortly before it began must still have
the bytes that were used; where that can't be told, there is no stamp and the next run does its work again.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, replace
from pathlib import Path

from twinbuild.build.code import remembered_as
from twinbuild.codec.lock import encode_lock
from twinbuild.model.digest import Digest
from twinbuild.model.image import Image
from twinbuild.model.lock import Lock
from twinbuild.net.address import is_web
from twinbuild.oci.image import image_indexes
from twinbuild.pipeline.document.declared import schema_files
from twinbuild.pipeline.fresh.evidence import Evidence, evidence_key
from twinbuild.pipeline.fresh.identity import Identity, environment_digest, tool_identity
from twinbuild.pipeline.fresh.stamp import BUILD_STAMP, STAMP, Entry, Stamp, encode_stamp, stamp_key
from twinbuild.pipeline.fresh.stamps import unchanged_output
from twinbuild.pipeline.fresh.status import contents_digest, facts_of, settled, settles_at
from twinbuild.pipeline.fresh.summary import ReleasedImage, ReleasedIndex, Summary
from twinbuild.pipeline.keeping import image_blobs, locked_blobs
from twinbuild.pipeline.lock.locking import application_files
from twinbuild.pipeline.lock.sourced import sources_of
from twinbuild.pipeline.lock.stepfiles import changed_step_files, step_directories
from twinbuild.pipeline.machine import Machine
from twinbuild.pipeline.narrowing import narrowed
from twinbuild.pipeline.project import Project
from twinbuild.pipeline.release.releasing import Released, verification_facts
from twinbuild.pipeline.release.unchanged import output_entries
from twinbuild.pipeline.trial.files import TrialFile
from twinbuild.resolve.git import commit_marks
from twinbuild.resolve.local import tree_directories
from twinbuild.sources.artifact import is_in_wheel

__all__ = ["Beginning", "begin", "images_of", "indexes_of", "remember_build", "remember_release", "summary_of"]

_LONGEST_WAIT = 50_000_000  # ns: as long as it is worth to wait for the output to settle


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """What was so before the first file was read: which twinbuild runs, and when (ns since 1970)."""

    tool: Identity
    started: int


def begin() -> Beginning:
    """To be called before anything is read."""
    started = time.time_ns()
    return Beginning(tool=tool_identity(), started=started)


def summary_of(project: Project, released: Released) -> Summary:
    """A release in plain values."""
    layers = [layer for image in released.images for layer in image.layers]
    return Summary(
        name=project.spec.metadata.name,
        version=project.spec.metadata.version,
        release=str(released.digest),
        directory=str(released.directory.absolute()),
        images=images_of(released.images),
        indexes=indexes_of(released.images),
        variations=len(released.identical.variations),
        earlier=sum(layer.derivation in released.evidence.earlier for layer in layers),
        reused=released.evidence.reused,
        written=released.written,
        passed=released.trials.passed,
        untested=released.trials.untested,
        tested=released.trials.tested,
        previous=str(released.previous or ""),
        difference=released.difference,
    )


def images_of(images: tuple[Image, ...]) -> tuple[ReleasedImage, ...]:
    """Images in plain values."""
    return tuple(
        ReleasedImage(
            variant=image.variant,
            platform=str(image.platform),
            digest=str(image.manifest.digest),
            size=sum(layer.blob.size for layer in image.layers),
            layers=len(image.layers),
        )
        for image in images
    )


def indexes_of(images: tuple[Image, ...]) -> tuple[ReleasedIndex, ...]:
    """The indexes of variants with several platforms in plain values."""
    return tuple(
        ReleasedIndex(
            variant=index.variant,
            digest=str(index.descriptor.digest),
            platforms=tuple(str(platform) for platform in index.platforms),
        )
        for index in image_indexes(images)
    )


def remember_release(
    project: Project, lock: Lock, machine: Machine, released: Released, beginning: Beginning, *, output: Path | None
) -> bool:
    """Write the stamp of a release; whether it could be written."""
    summary = summary_of(project, released)
    _wait_for(tuple(output_entries(summary.directory)))
    stamp = _stamp(
        project,
        lock,
        machine,
        beginning,
        images=released.images,
        known=released.commit is not None,
        tested_with=released.trials.files,
        summary=replace(
            summary,
            earlier=sum(image.layers for image in summary.images),
            reused=True,
            written=False,
            tested=False,
            previous="",
        ),
    )
    if stamp is None:
        return False
    entries = tuple(output_entries(summary.directory))
    files = frozenset(entry.path for entry in entries)
    if not unchanged_output(released.directory, machine.store, expected=files):  # so since it was written
        return False
    stamp = replace(
        stamp,
        output=entries,
        evidence=evidence_key(released.images).hex,
        commit=json.dumps({"identifier": released.commit.identifier} if released.commit else None),
        verification=json.dumps(verification_facts(released.images, _reused(released), released.trials.remembered)),
        sources=json.dumps(sources_of(narrowed(project, lock), machine.store)),
    )
    where = str(output.absolute()) if output is not None else ""
    machine.store.put_record(STAMP, _key(project, where), encode_stamp(stamp))
    # A release is a build, too; what is more in its stamp makes that of the build fall earlier, never later.
    build = replace(
        stamp.summary,
        release="",
        directory="",
        variations=0,
        earlier=0,
        reused=False,
        passed=0,
        untested=(),
        difference="",
    )
    stamp = replace(stamp, output=(), evidence="", summary=build)
    machine.store.put_record(BUILD_STAMP, _key(project, ""), encode_stamp(stamp))
    return True


def remember_build(
    project: Project, lock: Lock, machine: Machine, images: tuple[Image, ...], beginning: Beginning
) -> bool:
    """Write the stamp of a build; whether it could be written."""
    metadata = project.spec.metadata
    summary = Summary(
        name=metadata.name,
        version=metadata.version,
        release="",
        directory="",
        images=images_of(images),
        indexes=indexes_of(images),
        variations=0,
        earlier=0,
        reused=False,
        written=False,
        passed=0,
        untested=(),
        tested=False,
    )
    known = True if metadata.date == "commit" else None
    stamp = _stamp(project, lock, machine, beginning, images=images, known=known, summary=summary)
    if stamp is not None:
        machine.store.put_record(BUILD_STAMP, _key(project, ""), encode_stamp(stamp))
    return stamp is not None


def _key(project: Project, output: str) -> Digest:
    return stamp_key(str(project.spec_path), tuple(map(str, project.overlays)), output, project.variants)


def _stamp(
    project: Project,
    lock: Lock,
    machine: Machine,
    beginning: Beginning,
    *,
    images: tuple[Image, ...],
    known: bool | None,
    summary: Summary,
    tested_with: tuple[TrialFile, ...] = (),
) -> Stamp | None:
    """A stamp without output and evidence, as things are now; None where it can't be told what was used.

    ``known``: whether git knew the commit; None where nothing depends on it.
    """
    seen = time.time_ns()
    inputs = _inputs(project, lock, machine, known=known, tested_with=tested_with)
    if inputs is None or beginning.tool.settles_at >= beginning.started or tool_identity() != beginning.tool:
        return None
    if not all(_used(entry, beginning.started) for entry in inputs):
        return None
    if application_files(project, machine) != lock.source or any(changed_step_files(project, lock, machine)):
        return None
    blobs = {*locked_blobs(narrowed(project, lock), machine), *image_blobs(images)}
    return Stamp(
        tool=beginning.tool.digest,
        environment=environment_digest(machine.environment),
        started=beginning.started,
        seen=seen,
        inputs=inputs,
        blobs=tuple((digest.hex, machine.store.size(digest)) for digest in sorted(blobs)),
        derivations=tuple(remembered_as(image.derivation).hex for image in images),
        output=(),
        evidence="",
        summary=summary,
        commit="null",
        verification="{}",
        sources="{}",
    )


def _inputs(
    project: Project, lock: Lock, machine: Machine, *, known: bool | None, tested_with: tuple[TrialFile, ...]
) -> tuple[Entry, ...] | None:
    """Everything that was read outside the store, as it is now; None where git can't be followed."""
    spec = project.spec
    application = project.directory / spec.source.directory
    digests: dict[Path, str] = {path: digest.hex for path, digest in zip(project.sources, project.digests, strict=True)}
    digests[project.lock_path] = Digest.of(encode_lock(lock)).hex
    digests[project.directory / "twinbuild.toml"] = ""
    for side, content in schema_files(project).items():
        path = getattr(spec.model.schemas, side)
        digests[project.directory / path] = Digest.of(content).hex
    if project.site is not None:
        digests[project.directory / project.site.name] = Digest.of(project.site.text.encode()).hex
    digests |= {application / file.path: file.sha256.hex for file in lock.source}
    for folder in tree_directories(str(project.directory), spec.source.directory, project.ignored):
        digests[application / folder] = ""
    for name, directory in step_directories(project).items():
        files = next((step.files for target in lock.targets for step in target.steps if step.name == name), ())
        digests |= {project.directory / directory / file.path: file.sha256.hex for file in files}
        for folder in tree_directories(str(project.directory), directory, ()):
            digests[project.directory / directory / folder] = ""
    for artifact in lock.artifacts:
        if not is_web(artifact.uri) and not is_in_wheel(artifact.uri):
            digests[project.directory / artifact.uri] = artifact.sha256.hex
    digests |= {project.directory / file.path: file.sha256.hex for file in tested_with}
    marks = commit_marks(project.directory, machine.runner, known=known) if known is not None else ()
    if marks is None:
        return None
    digests |= dict.fromkeys(marks, "")
    return tuple(Entry(path=str(path), facts=facts_of(str(path)), digest=digest) for path, digest in digests.items())


def _used(entry: Entry, started: int) -> bool:
    """Whether the path still has what was read: untouched since before the release began, or the same bytes.

    What was added to or taken from a directory meanwhile shows when the application is listed again.
    """
    if settled(entry.facts, started):
        return True
    return Path(entry.path).is_dir() or (bool(entry.digest) and contents_digest(entry.path) == entry.digest)


def _wait_for(output: tuple[Entry, ...]) -> None:
    """Let the clock of the file system tick once, so that the status of what was just written vouches for it."""
    left = max((settles_at(entry.facts) for entry in output), default=0) - time.time_ns()
    if 0 < left <= _LONGEST_WAIT:
        time.sleep(left / 1e9 + 0.001)


def _reused(released: Released) -> Evidence:
    """The evidence as a later run has it."""
    layers = [layer for image in released.images for layer in image.layers]
    return replace(released.evidence, reused=True, earlier=tuple(layer.derivation for layer in layers))

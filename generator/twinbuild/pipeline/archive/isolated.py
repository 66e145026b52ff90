"""The build from an archive, in the process that ``reproducing`` starts for it: shut off, with an empty store."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twinbuild.archive.directory import Archive
from twinbuild.archive.inputs import ArchivedInputs
from twinbuild.codec.canonical import canonical
from twinbuild.codec.jsontext import JsonProblem, parse_json
from twinbuild.codec.lock import decode_lock
from twinbuild.codec.manifest import decode_manifest
from twinbuild.errors import EnvironmentFault, IntegrityError, LockError
from twinbuild.model.archive import ArchivedRelease
from twinbuild.model.digest import Digest
from twinbuild.model.image import Image
from twinbuild.model.lock import Lock
from twinbuild.model.trial import REASONS, Outcome, Passed, Untested
from twinbuild.model.verification import Identical
from twinbuild.oci.layout import image_layout
from twinbuild.pipeline.build.building import build_images, plan_release
from twinbuild.pipeline.build.linking import refuse_missing_libraries
from twinbuild.pipeline.document.describing import describe
from twinbuild.pipeline.lock.locking import stale
from twinbuild.pipeline.machine import Machine, apart
from twinbuild.pipeline.narrowing import narrowed
from twinbuild.pipeline.observed import RUN
from twinbuild.pipeline.output import copy_blob, copy_checked, write_file
from twinbuild.pipeline.project import Project, open_project
from twinbuild.pipeline.trial.every import Trials, try_images
from twinbuild.pipeline.trial.files import TrialFile, read_trial_files
from twinbuild.pipeline.trial.parameters import parameter_findings
from twinbuild.resolve.git import Commit
from twinbuild.store.disk import DiskStore
from twinbuild.store.overlay import OverlayStore
from twinbuild.verify.conditions import VARIATIONS

__all__ = ["Rebuilt", "archived_trials", "rebuild_archived", "require_tried"]

_MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """What was built: the release digest, each image's derivation by its name, and what was seen of the tests."""

    digest: Digest
    derivations: tuple[tuple[str, Digest], ...]
    trials: Trials


def rebuild_archived(request: Mapping[str, Any]) -> Rebuilt:
    """Build and describe an archived release into ``request["output"]``, from ``request["archive"]`` alone.

    Raises IntegrityError TB9116 where the archived project is not the one that its lock was made of; BuildError where
    its tests fail, EnvironmentFault TB9121 where this machine cannot run them as the one did that released it.
    """
    scratch, output = Path(request["scratch"]), Path(request["output"])
    with (
        Archive(Path(request["archive"]), paranoid=True) as archive,
        DiskStore(scratch / "store", durable=False) as above,
    ):
        kept = archive.kept(Digest.parse(request["release"]))
        assert kept is not None, "it was chosen from this archive"
        release = archive.release(kept)
        below = ArchivedInputs(archive, release)
        store = OverlayStore(above=above, below=below)  # type: ignore[arg-type]  # it is only read
        machine = apart(store, scratch, paranoid=True)
        project = _project(archive, release, scratch / "project")
        document = _document(archive, release)
        whole = decode_lock(project.lock_path.read_bytes(), name=project.lock_path.name)
        lock = narrowed(project, whole)
        _require_fresh(project.whole, whole, machine)
        epoch = document["metadata"]["source_date_epoch"]
        plan = plan_release(project, whole, epoch=epoch)
        images = build_images(plan, machine)
        refuse_missing_libraries(project.spec, lock, plan, images, machine)
        if request["tests"]:
            known = tuple(parameter_findings(project, lock, machine))
            trials = try_images(project, plan, images, machine, again=True, known=known)
            require_tried(trials, document)
        else:
            trials = archived_trials(archive, release, images, read_trial_files(project).files)
        described = describe(
            project,
            whole,
            plan,
            images,
            machine=machine,
            epoch=epoch,
            commit=_commit(release, epoch),
            identical=Identical(variations=VARIATIONS, images=tuple(image.manifest.digest for image in images)),
            trials=trials,
        )
        _lay_out(output, project, images, dict(described.documents), store)
    return Rebuilt(
        digest=described.digest,
        derivations=tuple((f"{image.variant} {image.platform}", image.derivation) for image in images),
        trials=trials,
    )


def _project(archive: Archive, release: ArchivedRelease, directory: Path) -> Project:
    """The archived project as files. Paths are plain ones, and nothing else lies in the directory."""
    for file in release.project:
        path = directory / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        copy_checked(archive.blobs, file.sha256, path)
        path.chmod(0o755 if file.executable else 0o644)
    overlays = tuple(directory / path for path in release.overlays)
    return open_project(directory / release.spec, overlays).only(release.variants)


def _document(archive: Archive, release: ArchivedRelease) -> dict[str, Any]:
    return decode_manifest(archive.blobs.read(release.digest), name=_MANIFEST)


def _require_fresh(project: Project, lock: Lock, machine: Machine) -> None:
    try:
        findings = stale(project, lock, machine)
    except LockError as error:
        findings = error.findings
    if findings:
        raise IntegrityError.of(
            "TB9116",
            f"the archived project is not the one that its lock was made of: {findings[0].message}",
            hint="archive the release again, with the spec and the files that it was made of",
            where=str(project.spec_path.name),
        )


def require_tried(trials: Trials, document: dict[str, Any]) -> None:
    """Raise EnvironmentFault TB9121 where an image passed its tests when it was released, and cannot be tried here."""
    passed = {each["digest"] for each in document["tests"]["images"] if each["verdict"] == "passed"}
    for outcome in trials.outcomes:
        if isinstance(outcome, Untested) and str(outcome.image) in passed:
            raise EnvironmentFault.of(
                "TB9121",
                f"the image of {outcome.variant} {outcome.platform} passed its tests when it was released, and cannot "
                f"be tried here: {outcome.reason}; the release says so, and would be another one",
                hint="reproduce it on a machine that can run it: `twinbuild doctor` says what this one lacks",
            )


def archived_trials(
    archive: Archive, release: ArchivedRelease, images: tuple[Image, ...], files: tuple[TrialFile, ...]
) -> Trials:
    """What became of the images when they were released, as ``run.json`` has it: for a build that tries none.

    Nobody vouches for ``run.json``, and nobody has to: where it says something else, another release comes out.
    """
    facts: dict[str, Any] = {}
    for file in release.files:
        if file.path == RUN:
            with suppress(JsonProblem, LookupError, TypeError):
                facts = parse_json(RUN, archive.blobs.read(file.sha256))[0]["verification"]["tests"]  # type: ignore[index,call-overload,assignment]
    reasons = {text: reason for reason, text in REASONS.items()}
    outcomes: list[Outcome] = []
    for image in images:
        told = facts.get(f"{image.variant} {image.platform}") if isinstance(facts, dict) else None
        said = told if isinstance(told, dict) else {}
        about = {"variant": image.variant, "platform": image.platform, "image": image.manifest.digest}
        if said.get("verdict") == "passed":
            observed = {key: value for key, value in said.items() if key not in ("verdict", "reused")}
            outcomes.append(Passed(**about, observed=canonical(observed), reused=True))  # type: ignore[arg-type]
        else:
            reason = reasons.get(str(said.get("reason", "")), "none")
            outcomes.append(Untested(**about, reason=reason))  # type: ignore[arg-type]
    return Trials(outcomes=tuple(outcomes), files=files)


def _commit(release: ArchivedRelease, epoch: int) -> Commit | None:
    """The source commit as the archive has it: nothing here could ask git."""
    if not release.commit:
        return None
    differing = ("what differed when it was released",) if release.modified else ()
    return Commit(identifier=release.commit, date=epoch, differing=differing)


def _lay_out(
    target: Path, project: Project, images: tuple[Image, ...], documents: dict[str, bytes], store: OverlayStore
) -> None:
    spec = project.spec
    for path, content in documents.items():
        write_file(target / path, content)
    for file in image_layout(spec.metadata.name, spec.metadata.version, images, some=bool(project.variants)):
        place = target / "image" / file.path
        place.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(file.content, bytes):
            write_file(place, file.content)
        else:
            copy_blob(store, file.content, place)

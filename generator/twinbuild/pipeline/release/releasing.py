"""Release: lock → build → verify → describe → ``dist/NAME-VERSION/``, whole or not at all."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from twinbuild.codec.manifest import decode_manifest
from twinbuild.describe.statements import statement_fault
from twinbuild.describe.trials import STATEMENT
from twinbuild.describe.witnesses import BuildKitEvidence, builder_witnesses
from twinbuild.errors import PolicyRefused
from twinbuild.model.digest import Digest
from twinbuild.model.image import Image
from twinbuild.model.lock import Lock
from twinbuild.model.plan import Plan
from twinbuild.model.verification import Identical
from twinbuild.oci.layout import image_layout
from twinbuild.pipeline.alone import alone_if_there, alone_in
from twinbuild.pipeline.build.building import build_images, plan_release, source_epoch, verify_images
from twinbuild.pipeline.build.linking import refuse_missing_libraries
from twinbuild.pipeline.document.declared import refuse_undeclared
from twinbuild.pipeline.document.describing import Described, describe
from twinbuild.pipeline.fresh.evidence import Evidence
from twinbuild.pipeline.fresh.stamps import remember_output, unchanged_output
from twinbuild.pipeline.keeping import image_blobs, keep_built, keep_released
from twinbuild.pipeline.leaks.refusing import refuse_leaking_documents, refuse_leaks
from twinbuild.pipeline.lock.sourced import sources_of
from twinbuild.pipeline.machine import Machine
from twinbuild.pipeline.narrowing import narrowed
from twinbuild.pipeline.observed import APPROVALS, RUN, is_beside, run_document
from twinbuild.pipeline.output import Output, copy_blob, replace_directory, same_directory, same_file, write_file
from twinbuild.pipeline.project import Project
from twinbuild.pipeline.reading.attested import MAIN, payloads_of, read_envelope, signatures_of
from twinbuild.pipeline.reading.released import released_before
from twinbuild.pipeline.regular import LARGEST, Irregular, read_regular
from twinbuild.pipeline.release.committed import commit_of, difference
from twinbuild.pipeline.release.identical import require_identical
from twinbuild.pipeline.trial.every import Beside, Trials, try_images
from twinbuild.pipeline.trial.parameters import parameter_findings
from twinbuild.resolve.git import Commit

__all__ = ["Released", "release", "verification_facts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """What a release gave: where it lies, its digest and images, and whether anything had to be written.

    ``previous``: the other digest that its version had there before. ``difference``: which files differed from the
    commit, "" where none did.
    """

    directory: Path
    digest: Digest
    images: tuple[Image, ...]
    identical: Identical
    evidence: Evidence
    trials: Trials
    written: bool
    commit: Commit | None
    buildkit: BuildKitEvidence | None  # what Docker's BuildKit built, where it was asked
    previous: Digest | None = None
    difference: str = ""


def release(
    project: Project,
    lock: Lock,
    machine: Machine,
    *,
    output: Path | None = None,
    reverify: bool = False,
    retest: bool = False,
    docker: str | None = None,
    signing: bool = False,
    beside: Beside | None = None,
) -> Released:
    """Build, prove and describe a release from its lock, and lay it out in ``output`` (``dist/NAME-VERSION``).

    ``docker`` names a builder of buildx ("": its default), which must arrive at the same images, twice; None: no such.
    Where the project is about some of its variants alone, so is the release, and its manifest names them all.
    What it built is no part of the release, for not every machine has one: ``run.json`` says so.
    ``signing``: a key is about to sign what this makes. ``beside``: as ``try_images`` has it.
    Raises NotReproducible TB6010 with a finding for each difference, BuildError TB72xx for each test that fails,
    PolicyRefused TB8665 for each secret that would go out;
    nothing is released then.
    """
    refuse_undeclared(project)
    commit = commit_of(project, machine)
    started = time.time()
    durations: dict[str, float] = {}
    spec = project.spec
    whole, lock = lock, narrowed(project, lock)
    epoch = source_epoch(project, machine)
    clock = time.perf_counter()
    plan = plan_release(project, whole, epoch=epoch)
    images = build_images(plan, machine)
    refuse_missing_libraries(spec, lock, plan, images, machine)
    refuse_leaks(project, lock, plan, images, machine)
    durations["build"], clock = time.perf_counter() - clock, time.perf_counter()
    evidence = verify_images(project, images, machine, epoch=epoch, again=reverify)
    durations["verify"], clock = time.perf_counter() - clock, time.perf_counter()
    identical = require_identical(evidence.verification)
    buildkit: BuildKitEvidence | None = None
    if docker is not None:
        buildkit = _with_docker(project, lock, plan, images, machine, name=docker, again=reverify)
        durations["docker"], clock = time.perf_counter() - clock, time.perf_counter()
    trials = try_images(
        project,
        plan,
        images,
        machine,
        again=retest,
        known=tuple(parameter_findings(project, lock, machine)),
        beside=beside,
    )
    durations["test"], clock = time.perf_counter() - clock, time.perf_counter()
    described = describe(
        project, whole, plan, images, machine=machine, epoch=epoch, commit=commit, identical=identical, trials=trials
    )
    refuse_leaking_documents(spec, described.documents)
    digest = described.digest
    target = output or project.directory / "dist" / "-".join(
        (spec.metadata.name, spec.metadata.version, *project.variants)
    )
    previous = released_before(target, spec.metadata.name, spec.metadata.version)
    written = _lay_out(target, project, images, described, machine, signing=signing)
    durations["describe"] = time.perf_counter() - clock
    keep_built(project, images, machine)
    keep_released(target, whole, images, machine)
    run = run_document(
        started=started,
        seconds=durations,
        commit={"identifier": commit.identifier, "modified": commit.modified} if commit else None,
        verification=verification_facts(images, evidence, trials) | _witnessed(digest, images, buildkit),
        store=machine.settings.store,
        sources=sources_of(lock, machine.store),
    )
    with alone_in(target):  # who reads the release meanwhile knows what is being written
        write_file(target / RUN, run)
    return Released(
        directory=target,
        digest=digest,
        images=images,
        identical=identical,
        evidence=evidence,
        trials=trials,
        written=written,
        commit=commit,
        buildkit=buildkit,
        previous=previous if previous != digest else None,
        difference=difference(commit),
    )


def _with_docker(
    project: Project, lock: Lock, plan: Plan, images: tuple[Image, ...], machine: Machine, *, name: str, again: bool
) -> BuildKitEvidence:
    from twinbuild.pipeline.build.buildkit import verify_with_docker

    evidence = verify_with_docker(project, plan, images, lock, machine, buildx_builder=name, again=again)
    require_identical(evidence.verification, who="the embedded assembler and BuildKit")
    return evidence


def _witnessed(digest: Digest, images: tuple[Image, ...], buildkit: BuildKitEvidence | None) -> dict[str, object]:
    if buildkit is None:
        return {}
    return {"builders": builder_witnesses(digest, images, buildkit)}


def _signed_already(target: Path, project: Project, described: Described, *, signing: bool) -> Mapping[str, bytes]:
    """Approvals that lie there; and signatures, with the evidence of tests that they are of, if of what is described.

    () where another release lies there, or none.

    Approvals are of the release digest alone, whatever was signed besides.
    What was signed stays: figures of another run of the tests are in ``run.json``. Where a key is about to sign, only
    signatures of this run's own evidence stay: it goes on nothing that was there before.
    """
    about = project.spec.metadata
    if released_before(target, about.name, about.version) != described.digest:
        return {}
    documents = described.documents
    manifest = decode_manifest(documents["manifest.json"], name="manifest.json")
    kept: dict[str, bytes] = {}
    approvals: dict[str, bytes] = {}
    try:
        found = signatures_of(target)
        approvals = {path: content for path, content in found.items() if path.startswith(f"{APPROVALS}/")}
        evidence = read_regular(target / STATEMENT, LARGEST) if STATEMENT in documents and not signing else b""
        if evidence and not statement_fault(STATEMENT, evidence, manifest, described.digest):
            kept[STATEMENT] = evidence
        envelope = read_envelope(target, MAIN)
    except (Irregular, PolicyRefused):
        return approvals
    payload = payloads_of(manifest, described.digest, {**documents, **kept})[MAIN]
    return found | kept if envelope is not None and envelope.payload == payload else approvals


def _lay_out(
    target: Path,
    project: Project,
    images: tuple[Image, ...],
    described: Described,
    machine: Machine,
    *,
    signing: bool,
) -> bool:
    """Write the release unless it lies there already; whether anything was written. Signatures of it stay.

    Those are looked for again when nobody else can sign what lies there: a moment before it goes.
    """
    spec = project.spec
    kept = _signed_already(target, project, described, signing=signing)
    documents = {**described.documents, **{path: content for path, content in kept.items() if not is_beside(path)}}
    layout = image_layout(spec.metadata.name, spec.metadata.version, images, some=bool(project.variants))
    contents = {**documents, **{f"image/{file.path}": file.content for file in layout}}
    if machine.paranoid:
        for digest in image_blobs(images):
            machine.store.check(digest)
        untouched = same_directory(target, contents, besides=is_beside)
    else:
        untouched = unchanged_output(target, machine.store, expected=frozenset(contents))
    if untouched and all(same_file(target / path, content) for path, content in documents.items()):
        if machine.paranoid:
            remember_output(target, machine.store, contents=contents, copied={})
        return False
    copied: dict[str, os.stat_result] = {}
    with ExitStack() as until_replaced, replace_directory(target, Output.RELEASE) as fresh:
        for path, content in contents.items():
            if isinstance(content, bytes):
                write_file(fresh / path, content)
            else:
                (fresh / path).parent.mkdir(parents=True, exist_ok=True)
                copied[path] = copy_blob(machine.store, content, fresh / path)
        until_replaced.enter_context(alone_if_there(target))
        for path, content in _signed_already(target, project, described, signing=signing).items():
            write_file(fresh / path, content)
            contents |= {} if is_beside(path) else {path: content}
    remember_output(target, machine.store, contents=contents, copied=copied)
    return True


def verification_facts(images: tuple[Image, ...], evidence: Evidence, trials: Trials) -> dict[str, object]:
    """What ``run.json`` says of the second build and of the tests.

    How conditions were varied, when each layer was built twice, and what was seen of each image.
    """
    return {
        "tests": trials.facts,
        "reused": evidence.reused,
        "witnesses": dict(evidence.witnesses),
        "layers": [
            {
                "image": f"{image.variant} {image.platform}",
                "title": layer.title,
                "diff_id": str(layer.diff_id),
                "built_twice": "earlier" if layer.derivation in evidence.earlier else "now",
            }
            for image in images
            for layer in image.layers
        ],
    }

"""Release: lock → build → verify → describe → ``dist/NAME-VERSION/``, whole or not at all."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, assert_never

from twinbuild.codec.lock import encode_lock
from twinbuild.deploy.deployment import deployment_of
from twinbuild.deploy.files import deploy_files
from twinbuild.describe.manifest import release_manifest
from twinbuild.describe.page import PAGE, release_page
from twinbuild.describe.people import manifest_yaml
from twinbuild.describe.provenance import provenance_statement
from twinbuild.describe.sbom import release_sbom
from twinbuild.describe.trials import STATEMENT, statement_of_tests
from twinbuild.describe.witnesses import BuildKitEvidence, builder_witnesses
from twinbuild.errors import Finding, Location, NotReproducible, PolicyRefused
from twinbuild.model.digest import Digest
from twinbuild.model.image import Image
from twinbuild.model.lock import Lock
from twinbuild.model.plan import Plan
from twinbuild.model.verification import Difference, Different, Identical, Verification
from twinbuild.oci.image import image_indexes
from twinbuild.oci.layout import image_layout
from twinbuild.pipeline.building import build_images, plan_release, source_epoch, verify_images
from twinbuild.pipeline.declared import refuse_undeclared, schema_files
from twinbuild.pipeline.dockerfiles import dockerfiles
from twinbuild.pipeline.evidence import Evidence
from twinbuild.pipeline.keeping import image_blobs, keep_built, keep_released
from twinbuild.pipeline.linking import refuse_missing_libraries
from twinbuild.pipeline.machine import Machine
from twinbuild.pipeline.narrowing import narrowed, variants_of
from twinbuild.pipeline.observed import RUN, run_document
from twinbuild.pipeline.output import copy_blob, replace_directory, same_directory, same_file, write_file
from twinbuild.pipeline.project import Project
from twinbuild.pipeline.released import released_before
from twinbuild.pipeline.sourced import sources_of
from twinbuild.pipeline.stamps import remember_output, unchanged_output
from twinbuild.pipeline.trialparameters import parameter_findings
from twinbuild.pipeline.trials import Trials, try_images
from twinbuild.pipeline.writing import spec_arguments, written_in
from twinbuild.render.requirements import render_requirements
from twinbuild.resolve.git import Commit, require_commit, source_commit

__all__ = ["Released", "commit_of", "release", "require_identical", "verification_facts"]

_NAMED: Final = 5  # paths that a message lists


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """What a release gave: where it lies, its digest and images, and whether anything had to be written.

    ``previous``: the other digest that its version had there before. ``unstated``: which files differed from the commit
    where the spec does not say what is to become of that, "" where none did.
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
    unstated: str = ""


def release(
    project: Project,
    lock: Lock,
    machine: Machine,
    *,
    output: Path | None = None,
    reverify: bool = False,
    retest: bool = False,
    docker: str | None = None,
) -> Released:
    """Build, prove and describe a release from its lock, and lay it out in ``output`` (``dist/NAME-VERSION``).

    ``docker`` names a builder of buildx ("": its default), which must arrive at the same images, twice; None: no such.
    Where the project is about some of its variants alone, so is the release, and its manifest names them all.
    What it built is no part of the release, for not every machine has one: ``run.json`` says so.
    Raises NotReproducible TB6010 with a finding for each difference, BuildError TB72xx for each test that fails;
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
    durations["build"], clock = time.perf_counter() - clock, time.perf_counter()
    evidence = verify_images(project, images, machine, epoch=epoch, again=reverify)
    durations["verify"], clock = time.perf_counter() - clock, time.perf_counter()
    identical = require_identical(evidence.verification)
    buildkit: BuildKitEvidence | None = None
    if docker is not None:
        buildkit = _with_docker(project, lock, plan, images, machine, name=docker, again=reverify)
        durations["docker"], clock = time.perf_counter() - clock, time.perf_counter()
    trials = try_images(
        project, plan, images, machine, again=retest, known=tuple(parameter_findings(project, lock, machine))
    )
    durations["test"], clock = time.perf_counter() - clock, time.perf_counter()
    recorded = commit.identifier if commit is not None and spec.source.commit == "record" else ""
    documents = _documents(project, whole, lock, plan, images, machine=machine, epoch=epoch)
    describe = partial(
        release_manifest,
        spec,
        lock,
        images,
        identical,
        epoch=epoch,
        lock_digest=Digest.of(encode_lock(whole)),
        written=written_in(project),
        arguments=spec_arguments(project),
        commit=recorded,
        # Else no word of git is in the manifest: who neither records the commit nor says what may differ from it gets
        # the same digest from an archive of the sources. `run.json` and the provenance say it in any case.
        modified=commit is not None and commit.modified and bool(recorded or spec.governance.dirty_source),
        indexes=image_indexes(images),
        variants=variants_of(whole) if project.variants else (),
        outcomes=trials.outcomes,
        tested_with=tuple((file.path, file.sha256, file.size) for file in trials.files),
    )
    documents[PAGE] = release_page(json.loads(describe(documents=())))
    manifest = describe(
        documents=tuple((path, Digest.of(content), len(content)) for path, content in documents.items())
    )
    digest = Digest.of(manifest)
    documents |= {
        "manifest.json": manifest,
        "manifest.yaml": manifest_yaml(manifest),
        "release.digest": f"{digest}\n".encode(),
        "provenance.intoto.json": provenance_statement(
            spec,
            lock,
            images,
            epoch=epoch,
            commit=commit.identifier if commit else "",
            modified=commit is not None and commit.modified,
            digest=digest,
            indexes=image_indexes(images),
        ),
    }
    if (statement := statement_of_tests(spec, trials.outcomes)) is not None:
        documents[STATEMENT] = statement
    target = output or project.directory / "dist" / "-".join(
        (spec.metadata.name, spec.metadata.version, *project.variants)
    )
    previous = released_before(target, spec.metadata.name, spec.metadata.version)
    written = _lay_out(target, project, images, documents, machine)
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
        unstated=_unstated(project, commit),
    )


def _with_docker(
    project: Project, lock: Lock, plan: Plan, images: tuple[Image, ...], machine: Machine, *, name: str, again: bool
) -> BuildKitEvidence:
    from twinbuild.pipeline.buildkit import verify_with_docker

    evidence = verify_with_docker(project, plan, images, lock, machine, buildx_builder=name, again=again)
    require_identical(evidence.verification, who="the embedded assembler and BuildKit")
    return evidence


def _witnessed(digest: Digest, images: tuple[Image, ...], buildkit: BuildKitEvidence | None) -> dict[str, object]:
    if buildkit is None:
        return {}
    return {"builders": builder_witnesses(digest, images, buildkit)}


def require_identical(verification: Verification, *, who: str = "two builds") -> Identical:
    """The verification, where the builds are equal. Raises NotReproducible TB6010 with every difference."""
    match verification:
        case Identical():
            return verification
        case Different():
            findings = tuple(_finding(item, who) for item in verification.differences)
            raise NotReproducible((*findings, *_omitted(verification.omitted, who)))
    assert_never(verification)


def commit_of(project: Project, machine: Machine) -> Commit | None:
    """The source commit. Raises SpecError TB2320 where there must be one, PolicyRefused TB8601 where files differ."""
    recorded = project.spec.source.commit == "record"
    if recorded:
        commit: Commit | None = require_commit(project.directory, machine.runner, purpose="source.commit is `record`")
    else:
        commit = source_commit(project.directory, machine.runner)
    policy = project.spec.governance.dirty_source or ("refuse" if recorded else "allow")
    if policy == "refuse" and commit is not None and commit.modified:
        raise PolicyRefused.of(
            "TB8601",
            f"files of the project differ from its commit {commit.identifier[:12]}, or are not in it: "
            f"{_some(commit.differing)}",
            hint="run `twinbuild lock`, commit all of it with release.lock and lockfiles/, and release again; or set "
            "`governance.dirty_source: allow`: the release then says so",
            where=project.loaded.where(
                *(("governance", "dirty_source") if project.spec.governance.dirty_source else ("source", "commit"))
            ),
        )
    return commit


def _unstated(project: Project, commit: Commit | None) -> str:
    """Which files differ from the commit, where the spec neither records it nor says whether they may."""
    spec = project.spec
    if commit is None or not commit.modified or spec.source.commit == "record" or spec.governance.dirty_source:
        return ""
    return f"differed from {commit.identifier[:12]}, or not in it: {_some(commit.differing)}"


def _some(paths: tuple[str, ...]) -> str:
    """The first paths, and how many more there are."""
    named = [path[:200] if path.isprintable() else repr(path)[:200] for path in paths[:_NAMED]]
    more = [f"and {len(paths) - _NAMED} more"] if len(paths) > _NAMED else []
    return ", ".join((*named, *more))


def _documents(
    project: Project, whole: Lock, lock: Lock, plan: Plan, images: tuple[Image, ...], *, machine: Machine, epoch: int
) -> dict[str, bytes]:
    """The files that the manifest covers, by path in the release."""
    spec = project.spec
    documents = {"release.lock": encode_lock(whole), "sbom.cdx.json": b"", "sbom.cdx.xml": b""}
    documents["sbom.cdx.json"], documents["sbom.cdx.xml"] = release_sbom(
        spec, lock, images, epoch=epoch, lock_digest=Digest.of(documents["release.lock"])
    )
    for target in lock.targets:
        text = render_requirements(target, target.wheels, resolver=lock.resolver)
        documents[f"lockfiles/{spec.metadata.name}-{target.key}.txt"] = text.encode()
    documents |= {f"schemas/{side}.json": content for side, content in schema_files(project).items()}
    pip = lock.installer.version if lock.installer is not None else lock.resolver.pip
    deployment = deployment_of(spec, images, image_indexes(images), artifacts=lock.artifacts)
    documents |= {f"deploy/{path}": content for path, content in deploy_files(deployment).items()}
    return documents | dockerfiles(plan, images, machine, pip=pip, site=project.site)


def _lay_out(
    target: Path, project: Project, images: tuple[Image, ...], documents: dict[str, bytes], machine: Machine
) -> bool:
    """Write the release unless it lies there already; whether anything was written."""
    spec = project.spec
    layout = image_layout(spec.metadata.name, spec.metadata.version, images, some=bool(project.variants))
    contents = documents | {f"image/{file.path}": file.content for file in layout}
    expected = {*contents, RUN}
    if machine.paranoid:
        for digest in image_blobs(images):
            machine.store.check(digest)
        untouched = same_directory(target, contents, besides={RUN})
    else:
        untouched = unchanged_output(target, machine.store, exclude=RUN, expected=frozenset(expected))
    if untouched and all(same_file(target / path, content) for path, content in documents.items()):
        if machine.paranoid:
            remember_output(target, machine.store, exclude=RUN, contents=contents, copied={})
        return False
    copied: dict[str, os.stat_result] = {}
    with replace_directory(target) as fresh:
        for path, content in contents.items():
            if isinstance(content, bytes):
                write_file(fresh / path, content)
            else:
                (fresh / path).parent.mkdir(parents=True, exist_ok=True)
                copied[path] = copy_blob(machine.store, content, fresh / path)
    remember_output(target, machine.store, exclude=RUN, contents=contents, copied=copied)
    return True


def _omitted(count: int, who: str) -> tuple[Finding, ...]:
    if not count:
        return ()
    return (
        Finding(
            code="TB6010",
            message=f"{who} differ in {count} more files of layers that are listed above",
            hint="mend the causes above first; many differences often have one cause",
        ),
    )


def _finding(difference: Difference, who: str) -> Finding:
    where = f"{difference.image}, layer {difference.layer!r}"
    if difference.path:
        where += f", /{difference.path}"
    at = f" at byte {difference.offset}" if difference.offset >= 0 else ""
    return Finding(
        code="TB6010",
        message=(
            f"{who} differ{at}: {difference.first!r} and {difference.second!r}; "
            f"likely cause: {difference.cause}, {difference.explanation}"
        ),
        hint=difference.remedy,
        where=Location(subject=where),
    )


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

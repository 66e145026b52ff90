"""Describe: every document of a release but for ``run.json``; the digest of its manifest is that of the release."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType

from twinbuild.codec.lock import encode_lock
from twinbuild.deploy.deployment import deployment_of
from twinbuild.deploy.files import deploy_files
from twinbuild.describe.manifest import release_manifest
from twinbuild.describe.page import PAGE, release_page
from twinbuild.describe.people import manifest_yaml
from twinbuild.describe.provenance import provenance_statement
from twinbuild.describe.sbom import release_sbom
from twinbuild.describe.trials import STATEMENT, statement_of_tests
from twinbuild.model.digest import Digest
from twinbuild.model.image import Image
from twinbuild.model.lock import Lock
from twinbuild.model.plan import Plan
from twinbuild.model.verification import Identical
from twinbuild.oci.image import image_indexes
from twinbuild.pipeline.build.dockerfiles import dockerfiles
from twinbuild.pipeline.document.declared import schema_files
from twinbuild.pipeline.document.writing import spec_arguments, written_in
from twinbuild.pipeline.machine import Machine
from twinbuild.pipeline.materials.inspecting import inspect_bases, inspect_release
from twinbuild.pipeline.narrowing import narrowed, variants_of
from twinbuild.pipeline.project import Project
from twinbuild.pipeline.trial.every import Trials
from twinbuild.render.requirements import render_requirements
from twinbuild.resolve.git import Commit

__all__ = ["Described", "describe"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """Documents by their path in the release, and the digest of the release manifest among them."""

    digest: Digest
    documents: Mapping[str, bytes]


def describe(
    project: Project,
    whole: Lock,
    plan: Plan,
    images: tuple[Image, ...],
    *,
    machine: Machine,
    epoch: int,
    commit: Commit | None,
    identical: Identical,
    trials: Trials,
) -> Described:
    """The documents of a release. ``whole`` is the lock of all variants, whatever the project is about."""
    spec, lock = project.spec, narrowed(project, whole)
    recorded = commit.identifier if commit is not None and spec.source.commit == "record" else ""
    documents = _documents(project, whole, plan, images, machine=machine, epoch=epoch)
    manifest_with = partial(
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
        # Of clean sources no word of git is in it, unless the commit is recorded: an archive gives the same digest.
        modified=commit is not None and commit.modified,
        indexes=image_indexes(images),
        variants=variants_of(whole) if project.variants else (),
        outcomes=trials.outcomes,
        tested_with=tuple((file.path, file.sha256, file.size) for file in trials.files),
    )
    documents[PAGE] = release_page(json.loads(manifest_with(documents=())))
    manifest = manifest_with(
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
            verification=json.loads(manifest)["verification"],
            indexes=image_indexes(images),
        ),
    }
    if (statement := statement_of_tests(spec, trials.outcomes)) is not None:
        documents[STATEMENT] = statement
    return Described(digest=digest, documents=MappingProxyType(documents))


def _documents(
    project: Project, whole: Lock, plan: Plan, images: tuple[Image, ...], *, machine: Machine, epoch: int
) -> dict[str, bytes]:
    """The files that the manifest covers, by path in the release."""
    spec, lock = project.spec, narrowed(project, whole)
    schemas = schema_files(project)
    documents = {"release.lock": encode_lock(whole), "sbom.cdx.json": b"", "sbom.cdx.xml": b""}
    documents["sbom.cdx.json"], documents["sbom.cdx.xml"] = release_sbom(
        spec,
        lock,
        images,
        epoch=epoch,
        lock_digest=Digest.of(documents["release.lock"]),
        inspections=inspect_release(lock, machine),
        statements=inspect_bases(lock, machine),
        schemas={side: Digest.of(content) for side, content in schemas.items()},
    )
    for target in lock.targets:
        text = render_requirements(target, target.wheels, resolver=lock.resolver)
        documents[f"lockfiles/{spec.metadata.name}-{target.key}.txt"] = text.encode()
    documents |= {f"schemas/{side}.json": content for side, content in schemas.items()}
    pip = lock.installer.version if lock.installer is not None else lock.resolver.pip
    deployment = deployment_of(spec, images, image_indexes(images), artifacts=lock.artifacts)
    documents |= {f"deploy/{path}": content for path, content in deploy_files(deployment).items()}
    return documents | dockerfiles(plan, images, machine, pip=pip, site=project.site)

"""Artifacts of the model: local files and web addresses, and files that a locked wheel brings."""

from __future__ import annotations

from dataclasses import replace

from twinbuild.codec.amounts import counted
from twinbuild.errors import Finding, IntegrityError, Location, LockError
from twinbuild.model.digest import Digest
from twinbuild.model.lock import Lock, LockedArtifact, LockedWheel
from twinbuild.model.spec.artifacts import Artifact
from twinbuild.net.address import is_web
from twinbuild.net.opener import Opener
from twinbuild.pipeline.machine import Machine, moment
from twinbuild.pipeline.project import Project
from twinbuild.sources.artifact import is_in_wheel, local_digest, pin_artifact
from twinbuild.wheel.contents import open_wheel

__all__ = ["changed_artifacts", "extract_artifacts", "pin_artifacts", "refuse_other_bytes"]

_MEMBER = "wheel-member"


def pin_artifacts(project: Project, lock: Lock, machine: Machine) -> tuple[LockedArtifact, ...]:
    """Every artifact of the spec with size and digest, sorted by name; its bytes are in the store afterwards.

    Raises SpecError TB23xx, IntegrityError TB2306-TB2308, FetchError; LockError TB2257 for an unlocked wheel.
    """
    opener = Opener(machine.settings)
    found: list[LockedArtifact] = []
    for artifact in sorted(project.spec.model.artifacts, key=lambda item: item.name):
        if is_in_wheel(artifact.uri):
            found.append(_pin_member(artifact, lock, machine))
            continue
        found.append(
            pin_artifact(
                name=artifact.name,
                uri=artifact.uri,
                store=machine.store,
                opener=opener,
                project=str(project.directory),
                sha256=Digest(artifact.sha256) if artifact.sha256 else None,
                size=artifact.size,
                now=moment(machine),
            )
        )
    return tuple(replace(artifact, model=project.spec.model.version) for artifact in found)


def refuse_other_bytes(project: Project, previous: Lock | None, lock: Lock) -> None:
    """Refuse bytes that changed while their version did not: files of the model, data sets, schemas of feature views.

    Raises LockError TB7610 with a finding for each.
    """
    if previous is None:
        return
    known = {artifact.name: artifact for artifact in previous.artifacts}
    findings = []
    for artifact in lock.artifacts:
        before = known.get(artifact.name)
        if before is not None and before.model == artifact.model and before.sha256 != artifact.sha256:
            findings.append(
                Finding(
                    code="TB7610",
                    message=f"the artifact {artifact.name!r} of model {artifact.model} has digest {artifact.sha256}, "
                    f"and was locked for this version with {before.sha256}",
                    hint="raise model.version, or bring the older file back",
                    where=Location(file=artifact.uri),
                )
            )
    held = {(data.kind, data.name, data.version): data for data in previous.data}
    for data in lock.data:
        other = held.get((data.kind, data.name, data.version))
        if other is not None and other.sha256 != data.sha256:
            what = {"dataset": "data set", "feature": "schema of the feature view"}[data.kind]
            section = project.spec.model.datasets if data.kind == "dataset" else project.spec.model.features
            index = [each.name for each in section].index(data.name)
            key = "sha256" if data.kind == "dataset" else "schema_sha256"
            findings.append(
                Finding(
                    code="TB7610",
                    message=f"the {what} {data.name!r} of version {data.version} has digest {data.sha256}, and was "
                    f"locked for this version with {other.sha256}",
                    hint="raise its version, or state the digest that it had",
                    where=project.loaded.where("model", f"{data.kind}s", index, key),
                )
            )
    if findings:
        raise LockError(tuple(findings))


def changed_artifacts(project: Project, lock: Lock, machine: Machine) -> tuple[Finding, ...]:
    """Local artifacts that lie there with other bytes than are locked; one that is missing was locked from elsewhere.

    TB2222 for each. Raises SpecError TB2301-TB2303, IntegrityError TB2308.
    """
    findings = []
    now = moment(machine)
    for artifact in lock.artifacts:
        if is_web(artifact.uri) or is_in_wheel(artifact.uri):
            continue
        digest = local_digest(artifact.uri, machine.store, str(project.directory), now=now)
        if digest not in (None, artifact.sha256):
            findings.append(
                Finding(
                    code="TB2222",
                    message=f"the artifact {artifact.name!r} has digest {digest}, the lock says {artifact.sha256}",
                    hint="run `twinbuild lock` if you changed it; restore the file if not",
                    where=Location(file=artifact.uri),
                )
            )
    return tuple(findings)


def extract_artifacts(lock: Lock, machine: Machine) -> None:
    """Take the files that are artifacts out of their wheels, where the store lacks them."""
    for artifact in lock.artifacts:
        if is_in_wheel(artifact.uri) and not machine.store.has(artifact.sha256):
            _extract(artifact.name, artifact.uri, lock, machine, sha256=artifact.sha256)


def _pin_member(artifact: Artifact, lock: Lock, machine: Machine) -> LockedArtifact:
    expected = Digest(artifact.sha256) if artifact.sha256 else None
    digest, size = _extract(artifact.name, artifact.uri, lock, machine, sha256=expected)
    if artifact.size not in (None, size):
        raise IntegrityError.of(
            "TB2306",
            f"artifact {artifact.name!r} has {counted(size, 'byte')}, expected {artifact.size}",
            hint="correct its size in the spec, or name the right file",
            where=artifact.uri,
        )
    return LockedArtifact(name=artifact.name, uri=artifact.uri, size=size, sha256=digest)


def _extract(name: str, uri: str, lock: Lock, machine: Machine, *, sha256: Digest | None) -> tuple[Digest, int]:
    project, _, member = uri.removeprefix("wheel:").partition("/")
    wheel = _wheel(project, lock)
    if wheel is None:
        raise LockError(
            (
                Finding(
                    code="TB2257",
                    message=f"artifact {name!r} is a file of the wheel {project!r}, which is not in the lock",
                    hint=f"add {project} to dependencies.build or dependencies.runtime",
                    where=Location(subject=uri),
                ),
            )
        )
    key = Digest.of(f"{wheel.sha256}/{member}".encode())
    record = machine.store.record(_MEMBER, key)
    known = Digest.parse(record.decode("ascii")) if record is not None else None
    if known is not None and machine.store.has(known) and sha256 in (None, known):
        return known, machine.store.size(known)
    machine.store.check(wheel.sha256)
    with machine.store.path(wheel.sha256).open("rb") as file:
        opened = open_wheel(file, wheel.filename)
        found = next((entry for entry in opened.files if entry.path == member), None)
        if found is None:
            raise LockError.of(
                "TB2257",
                f"{wheel.filename} has no file {member!r}, which artifact {name!r} names",
                hint="correct the path in the artifact's uri; `unzip -l` lists a wheel's files",
                where=uri,
            )
        with machine.store.writer() as sink:
            with found.open() as stream:
                while chunk := stream.read(1 << 20):
                    sink.write(chunk)
            digest, size = sink.commit()
    if sha256 not in (None, digest):
        raise IntegrityError.of(
            "TB2307",
            f"artifact {name!r} has digest {digest} in {wheel.filename}, expected {sha256}",
            hint="correct its sha256 in the spec and lock again, or pin the release of the project that you mean",
            where=uri,
        )
    machine.store.put_record(_MEMBER, key, str(digest).encode())
    return digest, size


def _wheel(project: str, lock: Lock) -> LockedWheel | None:
    for target in lock.targets:
        for wheel in (*target.build, *target.wheels):
            if wheel.name == project:
                return wheel
    return None

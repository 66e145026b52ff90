"""The lock beside the spec: written for machines (``release.lock``) and for pip (``lockfiles/``), and kept fresh."""

from __future__ import annotations

from twinbuild.codec.inputs import check_freshness
from twinbuild.codec.lock import proven_text
from twinbuild.errors import LockError
from twinbuild.model.lock import Lock, LockedArtifact
from twinbuild.pipeline.keeping import keep_locked
from twinbuild.pipeline.lock.artifacts import changed_artifacts
from twinbuild.pipeline.lock.basing import bases_lacking
from twinbuild.pipeline.lock.fetching import lacking
from twinbuild.pipeline.lock.licensing import licences_missing, with_licences
from twinbuild.pipeline.lock.scripting import with_scripts
from twinbuild.pipeline.lock.stepfiles import changed_step_files
from twinbuild.pipeline.lock.unasked import refuse_unasked_code
from twinbuild.pipeline.machine import Machine
from twinbuild.pipeline.narrowing import narrowed
from twinbuild.pipeline.output import same_file, write_file
from twinbuild.pipeline.project import Project, read_lock, require_lock
from twinbuild.render.requirements import render_requirements
from twinbuild.sources.fetch import Item

__all__ = ["ensure_lock", "lockfile_texts", "write_lock"]

_GROUPS = ("build", "development", "test")


def lockfile_texts(project: Project, lock: Lock) -> dict[str, bytes]:
    """``NAME-VARIANT-PLATFORM.txt`` for each target, and one for each further group of requirements it has."""
    name = project.spec.metadata.name
    texts: dict[str, bytes] = {}
    for target in lock.targets:
        runtime = render_requirements(target, target.wheels, resolver=lock.resolver)
        texts[f"{name}-{target.key}.txt"] = runtime.encode()
        for group in _GROUPS:
            wheels = getattr(target, group)
            if wheels:
                text = render_requirements(target, wheels, resolver=lock.resolver)
                texts[f"{name}-{target.key}.{group}.txt"] = text.encode()
    return texts


def write_lock(project: Project, lock: Lock) -> bool:
    """Write both forms; whether the lock changed. The lock itself comes last: it vouches for the others.

    Raises InternalError TB9003 before anything is written where it would not be read back.
    """
    content = proven_text(lock)
    texts = lockfile_texts(project, lock)
    for name, text in texts.items():
        write_file(project.lockfiles / name, text)
    changed = not same_file(project.lock_path, content)
    write_file(project.lock_path, content)
    for path in sorted(project.lockfiles.glob(f"{project.spec.metadata.name}-*.txt")):
        if path.name not in texts:
            path.unlink()  # of a target that the spec no longer has
    _refresh_exports(project, lock)
    return changed


def _refresh_exports(project: Project, lock: Lock) -> None:
    """A pylock that somebody exported beside the lock files says what the lock says, or goes with its target."""
    exported = sorted(project.lockfiles.glob(f"pylock.{project.spec.metadata.name}-*.toml"))
    if not exported:
        return
    from twinbuild.pipeline.lock.pylocks import pylock_texts

    texts = pylock_texts(project, lock)
    for path in exported:
        if path.name in texts:
            write_file(path, texts[path.name])
        else:
            path.unlink()


def ensure_lock(project: Project, machine: Machine, *, locked: bool, discover: bool) -> Lock:
    """A lock that fits the spec and the application's files, with everything that the run needs in the store.

    That is what the lock names; where the project is about some of its variants alone, what it names for these.

    Files of the application and of build steps need no network to be locked anew, so every verb does it unless
    ``locked``; ``discover`` also allows to resolve. Raises LockError with every reason where the lock is stale, or
    lacks bytes that it names.
    """
    from twinbuild.pipeline.lock.binaries import refuse_foreign_binaries
    from twinbuild.pipeline.lock.locking import LockRequest, application_files, make_lock, refresh_source, stale

    part, project = project, project.whole
    lock = read_lock(project)
    if lock is None or check_freshness(lock, project.spec) or changed_artifacts(project, lock, machine):
        if locked or not discover:
            findings = stale(project, require_lock(lock, project), machine)
            raise LockError(findings)
        lock = make_lock(project, lock, machine, LockRequest(metadata_only=bool(part.variants)))
        write_lock(project, lock)
    current = application_files(project, machine)
    if current != lock.source or any(changed_step_files(project, lock, machine)):
        if locked:
            raise LockError(stale(project, lock, machine))
        lock = refresh_source(project, lock, machine)
        write_lock(project, lock)
    _require_bytes(project, narrowed(part, lock), machine, discover=discover)
    refuse_foreign_binaries(project.spec, narrowed(part, lock), machine)
    lock = _complete(part, lock, machine, locked=locked)
    keep_locked(project, lock, machine)
    return lock


def _complete(project: Project, lock: Lock, machine: Machine, *, locked: bool) -> Lock:
    """The lock with every licence, now that all bytes are there. Raises LockError TB2225 where it may not change."""
    missing = licences_missing(narrowed(project, lock))
    if not missing:
        return lock
    if locked:
        raise LockError(missing)
    refuse_unasked_code(project.spec, lock, machine)
    lock = with_licences(with_scripts(lock, machine, lock), machine, lock)
    write_lock(project.whole, lock)
    return lock


def _require_bytes(project: Project, lock: Lock, machine: Machine, *, discover: bool) -> None:
    """``release`` brings in what is missing; a build says so instead, for it may not use the network."""
    from twinbuild.pipeline.lock.fetching import fetch_lock

    missing = [(_name(item), item.sha256) for item in lacking(lock, machine)]
    for base in bases_lacking(lock, machine):
        missing += [(base.name, blob.digest) for blob in base.blobs if not machine.store.has(blob.digest)]
    if not missing:
        return
    if discover:
        fetch_lock(project, lock, machine)
        return
    raise LockError.of(
        "TB2258",
        f"the store lacks files that the lock names: {len(missing)}",
        hint="run `twinbuild fetch`",
        where=", ".join(f"{name} {digest}" for name, digest in missing[:3]),
    )


def _name(item: Item) -> str:
    return item.name if isinstance(item, LockedArtifact) else item.filename

"""A base image: name and tag → manifest, configuration and layers for a platform, in the store, with what they hold."""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Final, Protocol

from twinbuild.codec.amounts import counted
from twinbuild.debian.packages import Package
from twinbuild.errors import FetchError, IntegrityError, LockError
from twinbuild.model.digest import Digest
from twinbuild.model.image import Descriptor
from twinbuild.model.lock import LockedBase, LockedLayer, PythonEnvironment
from twinbuild.model.platform import Platform
from twinbuild.model.reference import ImageReference
from twinbuild.oci.foreign import INDEXES, base_layer, choose_platform, parse_config, parse_manifest
from twinbuild.oci.places import require_free
from twinbuild.oci.stack import read_stack
from twinbuild.ports import Progress, Store, silent
from twinbuild.resolve.base_apt import SystemArchive
from twinbuild.resolve.base_facts import find_facts

__all__ = ["BaseName", "BaseSource", "FoundBase", "fetch_base", "parse_base", "resolve_base"]

_DOCUMENT: Final = 4 << 20
_SIDE_BY_SIDE: Final = 4
_LAYOUT: Final = "oci-layout:"
_REACHES_ALL: Final = frozenset(
    {"LD_AUDIT", "LD_PRELOAD", "PYTHONHOME", "PYTHONPATH", "PYTHONPLATLIBDIR", "PYTHONSTARTUP", "PYTHONUSERBASE"}
)


class BaseSource(Protocol):
    """Where the manifests and blobs of one repository come from. Bytes are checked by whoever asks."""

    def manifest(self, reference: str) -> tuple[str, bytes]:
        """Media type and exact bytes of what a tag or a digest names. Raises FetchError where there is none."""

    def fetch(self, blob: Descriptor, store: Store, progress: Progress) -> None:
        """Put a blob into the store. Raises FetchError, IntegrityError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseName:
    """A base as the spec declares it. ``tag`` or ``digest`` may be missing, not both; an OCI layout needs neither."""

    name: str
    tag: str
    digest: Digest | None

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        return f"{self.name}{tag}" + (f"@{self.digest}" if self.digest is not None else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundBase:
    """A base as the lock has it, and what else was found in it."""

    locked: LockedBase
    python: PythonEnvironment  # its version is "" where added packages are to bring the interpreter
    installed: tuple[Package, ...] = ()  # what added packages find there
    archive: SystemArchive | None = None  # whence they come, where the base's system isn't Debian itself


def parse_base(text: str) -> BaseName:
    """The parts of an image name that the spec has checked; ``python:3`` is ``docker.io/library/python:3``."""
    if text.startswith(_LAYOUT):
        name, _, digest = text.partition("@")
        return BaseName(name=name, tag="", digest=Digest.parse(digest) if digest else None)
    reference = ImageReference.parse(text)
    return BaseName(name=reference.name, tag=reference.tag, digest=reference.digest)


def resolve_base(
    base: BaseName,
    platform: Platform,
    *,
    python: str,
    source: BaseSource,
    store: Store,
    places: Collection[str] = (),
    home: str = "",
    suite: str = "",
    progress: Progress = silent,
) -> FoundBase:
    """The base for a platform with all its bytes in the store, and the Python that it has.

    ``places`` are paths below the root that the base must leave free, ``home`` that of the service's account; ``suite``
    is the one that packages may be added from. Raises LockError TB2270 to TB2276 and TB2280, BuildError TB2275,
    FetchError, IntegrityError.
    """
    subject = f"{base} ({platform})"
    index, manifest, content = _manifest(base, platform, source, subject)
    store.put(content)
    parts = parse_manifest(content, manifest.media_type, subject)
    _fetch((parts.config, *parts.layers), source, store, progress)
    for blob in (parts.config, *parts.layers):
        if store.size(blob.digest) != blob.size:
            raise _other_size(blob, store.size(blob.digest))
        store.check(blob.digest)
    config = parse_config(store.read(parts.config.digest), subject, platform, len(parts.layers))
    if config.triggers:
        raise LockError.of(
            "TB2276",
            f"the base has ONBUILD triggers, which a build on it would run: {config.triggers[0][:120]!r}",
            hint="name the image without them (of Python's images, one whose tag has no `onbuild`)",
            where=subject,
        )
    if forbidden := sorted(_REACHES_ALL.intersection(name for name, _ in config.environment)):
        raise LockError.of(
            "TB2279",
            f"the base sets {', '.join(forbidden)}, which would bring unlocked code into every Python of the image",
            hint="name a base without it, or build one from it with the variable left out",
            where=subject,
        )
    locked = tuple(
        LockedLayer(
            media_type=layer.media_type,
            digest=layer.digest,
            size=layer.size,
            diff_id=diff_id,
            uncompressed_size=0,
        )
        for layer, diff_id in zip(parts.layers, config.diff_ids, strict=True)
    )
    progress(f"reading the base {base.name} for {platform}", 0, 0)
    stack, sizes = read_stack(tuple(map(base_layer, locked)), store.open)
    require_free(stack, places, beside=[home.strip("/")] if home.strip("/") else (), subject=subject)
    locked = tuple(replace(layer, uncompressed_size=size) for layer, size in zip(locked, sizes, strict=True))
    facts = find_facts(
        stack,
        tuple(map(base_layer, locked)),
        store.open,
        python=python,
        platform=platform,
        path=dict(config.environment).get("PATH", ""),
        subject=subject,
        suite=suite,
    )
    found = LockedBase(
        name=base.name,
        tag=base.tag,
        index=index,
        manifest=manifest,
        config=parts.config,
        layers=locked,
        system=facts.system,
        system_version=facts.system_version,
        executable=facts.executable,
        interpreter=facts.interpreter,
        author=config.author,
        environment=config.environment,
        labels=config.labels,
        exposed_ports=config.exposed_ports,
        inherited=config.inherited,
        history=config.history,
        packages=facts.packages,
    )
    python_found = PythonEnvironment(version=facts.python, implementation="cp", glibc=facts.glibc)
    return FoundBase(locked=found, python=python_found, installed=facts.installed, archive=facts.archive)


def _manifest(
    base: BaseName, platform: Platform, source: BaseSource, subject: str
) -> tuple[Digest | None, Descriptor, bytes]:
    """The index's digest where there is an index, the manifest's descriptor and bytes."""
    media_type, content = source.manifest(base.tag if base.digest is None else str(base.digest))
    digest = _checked(content, base.digest, subject)
    if base.digest is not None and base.tag:
        _, tagged = source.manifest(base.tag)
        if Digest.of(tagged) != base.digest:
            raise LockError.of(
                "TB2274",
                f"{base.name}:{base.tag} is {Digest.of(tagged)} today, but the spec says {base.digest}",
                hint="take the tag out, or write the digest that you want",
                where="environment.base.image",
            )
    if media_type not in INDEXES:
        return None, Descriptor(media_type=media_type, digest=digest, size=len(content)), content
    chosen = choose_platform(content, platform, subject)
    inner, manifest = source.manifest(str(chosen.digest))
    _checked(manifest, chosen.digest, subject)
    if len(manifest) != chosen.size:
        raise _other_size(chosen, len(manifest))
    if inner != chosen.media_type:
        raise IntegrityError.of(
            "TB4333",
            f"the index says {chosen.media_type!r:.100}, but the manifest is a {inner!r:.100}",
            hint="do not use the image; report it to whoever made it",
            where=subject,
        )
    return digest, chosen, manifest


def _checked(content: bytes, expected: Digest | None, subject: str) -> Digest:
    found = Digest.of(content)
    if (expected is not None and found != expected) or len(content) > _DOCUMENT:
        raise IntegrityError.of(
            "TB4332",
            f"the manifest has digest {found}, expected {expected}",
            hint="ask another registry; this one, or something on the way, gives other bytes than were named",
            where=subject,
        )
    return found


def _other_size(blob: Descriptor, size: int) -> IntegrityError:
    return IntegrityError.of(
        "TB4332",
        f"the blob has {counted(size, 'byte')}, but its descriptor says {blob.size}",
        hint="do not use the image; report it to whoever made it",
        where=str(blob.digest),
    )


def fetch_base(base: LockedBase, source: BaseSource, store: Store, progress: Progress = silent) -> int:
    """Bring what the store lacks of a locked base, by digest; how many blobs. Raises FetchError, IntegrityError."""
    count = 0
    if not store.has(base.manifest.digest):
        _, content = source.manifest(str(base.manifest.digest))
        _checked(content, base.manifest.digest, str(base.manifest.digest))
        store.put(content)
        count = 1
    return count + _fetch((base.config, *(blob for blob in base.blobs[2:])), source, store, progress)


def _fetch(blobs: Sequence[Descriptor], source: BaseSource, store: Store, progress: Progress) -> int:
    """Bring what is missing, several at a time; how many."""
    missing = {blob.digest: blob for blob in blobs if not store.has(blob.digest)}
    whole = sum(blob.size for blob in missing.values())
    received: dict[Digest, int] = {}
    stopped = threading.Event()

    def fetch(blob: Descriptor) -> None:
        def advance(activity: str, done: int, total: int) -> None:  # noqa: ARG001  of one blob
            if stopped.is_set():
                raise FetchError.of("TB3029", "the download was stopped", hint="run the command again")
            received[blob.digest] = done
            progress("fetching the base", sum(tuple(received.values())), whole)

        source.fetch(blob, store, advance)

    with ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
        try:
            for future in [pool.submit(fetch, blob) for blob in missing.values()]:
                future.result()
        except BaseException:
            stopped.set()
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    return len(missing)

"""The lock: every byte that may enter an image, by name, size and SHA-256. No address stands in it.

Where an index or a mirror is, is a setting of the machine; an entry names an *index* (``default``, or a name that
the spec gives) and a file, so that a mirror, a proxy or an island changes neither a digest nor the lock.
"""

from __future__ import annotations

from dataclasses import dataclass

from twinbuild.model.digest import Digest
from twinbuild.model.image import BaseHistory, Descriptor
from twinbuild.model.platform import Platform

__all__ = [
    "AptIndex",
    "InstalledPackage",
    "Licensing",
    "Lock",
    "LockedArtifact",
    "LockedBase",
    "LockedDeb",
    "LockedLayer",
    "LockedScript",
    "LockedSdist",
    "LockedSourceFile",
    "LockedStep",
    "LockedWheel",
    "PythonEnvironment",
    "ResolverPin",
    "Target",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolverPin:
    """The programs that resolved: their versions are inputs, for another version may choose otherwise."""

    pip: str
    pip_tools: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AptIndex:
    """One signed suite of a Debian archive as it was read at lock time.

    ``date`` is the Release file's own Date (RFC 3339, UTC); ``snapshot`` queries use it. ``release`` is the digest of
    the signed InRelease file, ``packages`` the digest of the uncompressed Packages file of ``component``.
    """

    archive: str  # "debian", or "debian-security": which repository of the mirror
    suite: str
    component: str
    architecture: str
    date: str
    release: Digest
    packages: Digest
    signed_by: str  # fingerprint of the primary key, upper-case hex


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedScript:
    """A maintainer script whose effects are not known, so that building runs it: ``kind`` is preinst or postinst."""

    kind: str
    sha256: Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedDeb:
    """One Debian package file."""

    name: str
    version: str
    architecture: str  # of the package: "amd64", "all"
    archive: str  # as in AptIndex
    suite: str
    component: str
    path: str  # below the archive's root: pool/main/…
    size: int
    sha256: Digest
    source: str  # source package
    source_version: str
    depends: tuple[str, ...]  # names of the packages of this closure that satisfy its (Pre-)Depends, sorted
    pre_depends: tuple[str, ...]  # the part of them that must be unpacked and configured first
    essential: bool
    requested: bool  # named by the spec (or essential to it), not only pulled in
    runs: tuple[LockedScript, ...] = ()  # scripts that run in the sandbox, sorted; absent if there are none

    @property
    def filename(self) -> str:
        """The file's base name in the pool."""
        return self.path.rpartition("/")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedWheel:
    """One wheel file: exactly the artifact that is installed."""

    index: str  # "default", or the name that the spec gives
    name: str  # PEP 503 normalised
    version: str
    filename: str
    size: int
    sha256: Digest
    requires: tuple[str, ...]  # normalised names of the locked projects that it requires on this target, sorted
    requested: bool  # named by the spec, not only pulled in
    extras: tuple[str, ...] = ()  # extras that were asked for, sorted


@dataclass(frozen=True, slots=True, kw_only=True)
class PythonEnvironment:
    """The Python for which wheels were chosen (PEP 425, 508, 600)."""

    version: str  # full version, such as 3.11.2: that of the image's interpreter
    implementation: str  # "cp"
    glibc: str  # such as 2.36: newest manylinux_2_N that may be chosen

    @property
    def minor(self) -> str:
        """``3.11`` of ``3.11.2``."""
        major, minor = self.version.split(".")[:2]
        return f"{major}.{minor}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedLayer:
    """A layer of a base image, with the media type that its manifest gives. Sizes are bytes."""

    media_type: str
    digest: Digest
    size: int
    diff_id: Digest
    uncompressed_size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalledPackage:
    """A package that the dpkg status of a base image calls installed."""

    name: str
    version: str
    architecture: str
    source: str
    source_version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedBase:
    """The image that a target stands on, for its platform, and what was found in its layers.

    ``name`` and ``tag`` are as the spec declares them (normalised), whatever mirror served them. ``executable`` is the
    interpreter below the root. Of the configuration stands here what an image on top keeps of it: names and values of
    variables in their order, of labels sorted, ports, and as canonical JSON what else ``FROM`` hands down.
    Where added packages bring the interpreter, ``interpreter`` names the layers with the libraries that it needs.
    """

    name: str  # registry.example/team/python
    tag: str  # "" where the spec gives a digest alone
    index: Digest | None  # None where the name leads to a manifest at once
    manifest: Descriptor
    config: Descriptor
    layers: tuple[LockedLayer, ...]  # lowest first
    system: str  # ID of os-release, such as debian; "" where there is none
    system_version: str  # VERSION_ID, such as 12
    executable: str  # usr/local/bin/python3.12
    interpreter: tuple[int, ...]  # numbers of the layers (from 0) that hold what Python needs to compile, sorted
    author: str  # of the image; an image on top keeps it
    environment: tuple[tuple[str, str], ...]
    labels: tuple[tuple[str, str], ...]
    exposed_ports: tuple[str, ...]  # sorted
    inherited: tuple[tuple[str, str], ...]  # such as Volumes and Healthcheck, sorted by name
    history: tuple[BaseHistory, ...]
    packages: tuple[InstalledPackage, ...]  # sorted by name and architecture; none where there is no dpkg status

    @property
    def reference(self) -> str:
        """Name and tag as one text."""
        return f"{self.name}:{self.tag}" if self.tag else self.name

    @property
    def blobs(self) -> tuple[Descriptor, ...]:
        """Manifest, configuration and layers."""
        return (
            self.manifest,
            self.config,
            *(Descriptor(media_type=each.media_type, digest=each.digest, size=each.size) for each in self.layers),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedSdist:
    """One source distribution that a step reads."""

    index: str  # "default", or the name that the spec gives
    name: str  # PEP 503 normalised
    version: str
    filename: str
    size: int
    sha256: Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedSourceFile:
    """One file of the application directory; ``path`` is relative to it, with forward slashes."""

    path: str
    size: int
    sha256: Digest
    executable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedStep:
    """What a build step needs beside the image: packages and wheels that no image gets, its own files.

    Its packages are the target's with ``debs`` in the place of those of the same name, and so its wheels. ``inputs`` is
    the digest of the part of the spec that they were chosen by.
    """

    name: str
    inputs: Digest
    debs: tuple[LockedDeb, ...] = ()  # sorted by name
    wheels: tuple[LockedWheel, ...] = ()  # sorted by name
    sdists: tuple[LockedSdist, ...] = ()  # sorted by file name
    files: tuple[LockedSourceFile, ...] = ()  # of its own directory, sorted by path

    @property
    def fetched(self) -> tuple[LockedDeb | LockedWheel | LockedSdist, ...]:
        """What comes from mirrors and indexes."""
        return (*self.debs, *self.wheels, *self.sdists)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One variant on one platform: its Python, its wheels, and below them a base image, Debian packages, or both.

    With both, ``debs`` are what is added to the base; what it has already is in ``base.packages``.
    """

    variant: str
    platform: Platform
    python: PythonEnvironment
    debs: tuple[LockedDeb, ...]  # sorted by name
    wheels: tuple[LockedWheel, ...]  # runtime, sorted by name
    development: tuple[LockedWheel, ...] = ()  # locked beside them, never in an image
    test: tuple[LockedWheel, ...] = ()
    build: tuple[LockedWheel, ...] = ()
    base: LockedBase | None = None  # None: ``debs`` are the whole system
    steps: tuple[LockedStep, ...] = ()  # in the order of the spec; absent if there are none

    @property
    def key(self) -> str:
        """``cpu-linux-amd64``: names the target in file names and messages."""
        return f"{self.variant}-{self.platform.file_part}"

    @property
    def contents(self) -> tuple[LockedDeb | LockedWheel, ...]:
        """The packages and wheels that its image has."""
        return (*self.debs, *self.wheels)


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedArtifact:
    """One file of the model. ``uri`` is as the spec states it: a relative path, http(s), or ``wheel:PROJECT/PATH``."""

    name: str
    uri: str
    size: int
    sha256: Digest
    model: str = ""  # version of the model that these bytes were locked for; absent in the lock of an older twinbuild


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedData:
    """Data that the model came from or reads, which is never fetched: the digest that the spec states for a version.

    ``kind`` is ``dataset`` or ``feature``. The version of a data set that has none is the model's; that of a feature
    view is its snapshot, and its digest is that of its schema.
    """

    kind: str
    name: str
    version: str
    sha256: Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Licensing:
    """What a wheel or a Debian package says of its licence and of its makers, read from its own bytes.

    All ``expressions`` and all ``names`` apply together. A name is the package's own word for a licence that no
    expression says for certain. Neither is there where the package only has a text, which ``files`` names.
    """

    filename: str
    sha256: Digest  # of that file
    expressions: tuple[str, ...] = ()  # SPDX, normalised, sorted
    names: tuple[str, ...] = ()  # sorted
    files: tuple[str, ...] = ()  # licence texts, sorted: below dist-info, or the copyright file below the root
    notice: Digest | None = None  # of a Debian package's copyright file
    same_as: str = ""  # the Debian package whose copyright file is also this one's (Policy, 12.5)
    authors: tuple[str, ...] = ()  # of a wheel; the maintainer of a Debian package


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """Everything that a release may use.

    ``inputs`` is the digest of the part of the spec that a resolution depends on: a lock whose ``inputs`` differ from
    the spec's is stale. Parts carry digests of their own, so that a message can say which part is stale.
    ``licensing`` has an entry for each wheel and package of an image as soon as its bytes were at hand.
    """

    python_inputs: Digest
    debian_inputs: Digest
    artifact_inputs: Digest
    source_inputs: Digest
    resolver: ResolverPin
    indexes: tuple[AptIndex, ...]
    targets: tuple[Target, ...]  # sorted by key
    artifacts: tuple[LockedArtifact, ...]  # sorted by name
    source: tuple[LockedSourceFile, ...]  # sorted by path
    licensing: tuple[Licensing, ...] = ()  # sorted by file name and digest
    data: tuple[LockedData, ...] = ()  # sorted by kind and name; what has no digest is not there
    installer: LockedWheel | None = None  # pip, which installs the wheels where a Dockerfile does; in no image

    def packages(self) -> tuple[LockedDeb | LockedWheel, ...]:
        """Every wheel and Debian package that is part of an image, once, sorted by file name and digest."""
        found = {(item.filename, item.sha256): item for target in self.targets for item in target.contents}
        return tuple(found[key] for key in sorted(found))

    def target(self, variant: str, platform: Platform) -> Target | None:
        """The target of that variant and platform, where the lock has it."""
        for target in self.targets:
            if target.variant == variant and target.platform == platform:
                return target
        return None

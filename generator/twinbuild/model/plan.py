"""Derivations: everything that can change a byte of an image, and nothing else.

The digest of a derivation's canonical JSON keys the layer cache. Addresses, host paths, users and times stay out.
Two equal derivations must give equal bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from twinbuild.model.digest import Digest
from twinbuild.model.image import BaseHistory
from twinbuild.model.platform import Platform

__all__ = [
    "AccountRecipe",
    "ApplicationRecipe",
    "ArtifactRecipe",
    "BaseInput",
    "BaseLayer",
    "Compression",
    "Compressor",
    "DebInput",
    "DebianRecipe",
    "Derivation",
    "Document",
    "FileInput",
    "ImageConfig",
    "Interpreter",
    "InterpreterBuild",
    "LayerDerivation",
    "LayerRecipe",
    "MetadataRecipe",
    "Plan",
    "ScriptInput",
    "ScriptedDebianRecipe",
    "SkeletonRecipe",
    "StepOutput",
    "StepRecipe",
    "User",
    "WheelInput",
    "WheelsRecipe",
]


class Compression(StrEnum):
    """How layers are stored; the ``diff_id`` is the same under each."""

    ZSTD = "zstd"
    GZIP = "gzip"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compressor:
    """A compressor, completely determined: its bytes depend on name, version, level and mode."""

    kind: Compression
    implementation: str  # such as "libzstd/1.5.7" or "zlib-deflate/1"
    level: int
    mode: str  # such as "streaming,workers>=1,content-size"


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """The account that the service runs as; it gets passwd, group and home entries."""

    name: str
    uid: int
    gid: int
    home: str  # absolute


@dataclass(frozen=True, slots=True, kw_only=True)
class DebInput:
    """A Debian package as an input of a layer."""

    name: str
    version: str
    architecture: str
    sha256: Digest
    size: int
    depends: tuple[str, ...]
    pre_depends: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WheelInput:
    """A wheel as an input of a layer."""

    filename: str
    sha256: Digest
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FileInput:
    """One file that is copied: its path in the image, content and mode."""

    path: str  # absolute in the image, without the leading slash
    sha256: Digest
    size: int
    mode: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseLayer:
    """A layer of a base image, byte for byte as it was pinned. ``media_type`` is OCI's name of what it is."""

    media_type: str
    digest: Digest
    size: int
    diff_id: Digest
    uncompressed_size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseInput:
    """The image that another stands on. What its configuration hands down beside this is in the ``ImageConfig``."""

    reference: str  # registry.example/team/python:3.12: stands in labels and in the Dockerfile
    manifest: Digest
    config: Digest
    layers: tuple[BaseLayer, ...]  # lowest first
    history: tuple[BaseHistory, ...]
    author: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InterpreterBuild:
    """A Python for one platform: packages, layers of a base image, or both, whose files are needed to run it."""

    platform: Platform
    debs: tuple[DebInput, ...] = ()  # sorted by name
    base: tuple[BaseLayer, ...] = ()  # those that hold its files, lowest first


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpreter:
    """The image's own Python, which compiles byte code, in the builds of it that the lock has.

    Byte code depends on the version of a Python, not on its architecture: whichever build the machine can run serves.
    """

    version: str  # 3.11.2
    executable: str  # below the root: usr/bin/python3.11
    program: Digest  # of the text of the compiling program
    builds: tuple[InterpreterBuild, ...]  # of one version, sorted by platform

    @property
    def minor(self) -> str:
        """``3.11`` of ``3.11.2``."""
        return ".".join(self.version.split(".")[:2])


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptInput:
    """A maintainer script that runs in the sandbox, for its effects are not known."""

    package: str
    script: str  # "preinst" or "postinst"
    sha256: Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class DebianRecipe:
    """The operating system from Debian packages, with the effects of their maintainer scripts as data."""

    debs: tuple[DebInput, ...]  # all packages of the layer, sorted by name
    effects: Digest  # of the catalogue of known scripts that applies
    user: User


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptedDebianRecipe(DebianRecipe):
    """One with maintainer scripts that are not known, and so run in a sandbox; all others must be known."""

    scripts: tuple[ScriptInput, ...]  # sorted by package and script; at least one
    runner: str  # "run/1": what a script sees, and what becomes of its changes


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRecipe:
    """The service's account on a base image: its lines in the base's own account files, and its home.

    ``places`` are the paths that the layers above write to: the base must have nothing there that they would hide.
    """

    base: tuple[BaseLayer, ...]
    user: User
    places: tuple[str, ...]  # below the root, sorted
    version: str  # "accounts/1": what is written


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedPackagesRecipe:
    """Debian packages that are added to a base image, and the service's account: what the base's tree has not.

    ``scripts`` are those that are not known, and so run in a sandbox on the base with the packages; ``places`` as in
    ``AccountRecipe``.
    """

    base: tuple[BaseLayer, ...]
    debs: tuple[DebInput, ...]  # sorted by name, at least one
    effects: Digest
    user: User
    places: tuple[str, ...]
    scripts: tuple[ScriptInput, ...]  # sorted by package and script
    runner: str  # as in ScriptedDebianRecipe
    version: str  # "added/1": how they are added


@dataclass(frozen=True, slots=True, kw_only=True)
class SkeletonRecipe:
    """The virtual environment without packages (PEP 405): pyvenv.cfg, bin/python, activate-free."""

    prefix: str  # "opt/venv"
    python: str  # "3.11"
    version: str  # "3.11.2"
    executable: str  # "usr/bin/python3.11"


@dataclass(frozen=True, slots=True, kw_only=True)
class WheelsRecipe:
    """Wheels unpacked into a virtual environment; a big one has a layer of its own."""

    prefix: str
    python: str  # "3.11"
    wheels: tuple[WheelInput, ...]  # sorted by file name
    bytecode: Interpreter | None  # None: no byte code


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactRecipe:
    """One file of the model."""

    file: FileInput


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationRecipe:
    """The application's files, with byte code where asked."""

    files: tuple[FileInput, ...]  # sorted by path
    bytecode: Interpreter | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MetadataRecipe:
    """``etc/twinbuild/``: documents about the contents, made from locked facts."""

    files: tuple[FileInput, ...]  # sorted by path


@dataclass(frozen=True, slots=True, kw_only=True)
class StepOutput:
    """What a step must leave below ``/outputs``, and may leave: a path without the leading slash."""

    path: str
    directory: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRecipe:
    """A command of the spec, and its outputs as a layer.

    The contract for whoever runs it, in whatever sandbox:

    - *Root*: the layers of ``base`` and on them those of ``root`` (packages or account, the environment's skeleton,
      wheels: as layers of an image), read-only as far as the sandbox can. Nothing of it reaches the layer.
    - *Inputs*, read-only at ``/inputs``: ``files`` by their paths below it (``application/…``, ``artifacts/NAME/…``,
      ``directory/…``, ``sdists/…``; mode 0644 or 0755), and each earlier step's outputs at ``steps/NAME/…``.
    - *Writable*: ``/outputs``, where the directories that outputs lie in and outputs that are directories are there;
      ``/work``; ``/tmp``.
    - *Process*: ``command`` without a shell in ``directory``, as ``uid:gid``, umask 0022, exactly ``environment``, no
      network, no standard input, host name ``localhost``; ended after ``timeout`` seconds, at ``memory`` bytes of all
      its processes, ``space`` bytes on disk, or more than ``processes`` processes. With ``fixed_clock`` the C library
      gives ``SOURCE_DATE_EPOCH`` as the time.
    - *Result*, where its status is 0: what lies at ``outputs`` below ``/outputs``. A missing one and any other file
      there is an error. Files and links keep bytes and targets; a mode becomes 0755 where its owner may execute it or
      it is a directory, else 0644; owner and group become 0, times SOURCE_DATE_EPOCH. No path may be one of the root's.
    """

    step: str  # its name
    runner: str  # "step/2": changes with whatever a step can observe, and with what becomes of its outputs
    base: tuple[BaseLayer, ...]  # of a base image, lowest first
    root: tuple[LayerDerivation, ...]  # above the base, lowest first
    files: tuple[FileInput, ...]  # paths below /inputs, sorted
    steps: tuple[LayerDerivation, ...]  # earlier steps that it sees, sorted by name
    command: tuple[str, ...]
    environment: tuple[tuple[str, str], ...]  # all of it, sorted
    directory: str  # absolute
    uid: int
    gid: int
    outputs: tuple[StepOutput, ...]  # sorted by path
    timeout: int  # seconds
    memory: int  # bytes
    space: int  # bytes
    processes: int
    fixed_clock: bool


LayerRecipe = (
    DebianRecipe
    | AccountRecipe
    | AddedPackagesRecipe
    | SkeletonRecipe
    | WheelsRecipe
    | ArtifactRecipe
    | ApplicationRecipe
    | StepRecipe
    | MetadataRecipe
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerDerivation:
    """One layer, completely determined. ``title`` is for people and for the image's history."""

    title: str
    platform: Platform
    recipe: LayerRecipe
    writer: str  # the tar writer's algorithm and version: "twinbuild-layer/2"
    compressor: Compressor
    source_date_epoch: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageConfig:
    """The runtime part of the image configuration (OCI image-spec, config.md)."""

    user: str  # "uid:gid"
    command: tuple[str, ...]  # Cmd
    entrypoint: tuple[str, ...]
    working_directory: str
    environment: tuple[tuple[str, str], ...]  # in order
    exposed_ports: tuple[str, ...]  # "8000/tcp", sorted
    labels: tuple[tuple[str, str], ...]  # sorted by key
    stop_signal: str
    inherited: tuple[tuple[str, str], ...] = ()  # further fields that a base hands down, as canonical JSON, sorted


@dataclass(frozen=True, slots=True, kw_only=True)
class Derivation:
    """One image for one variant and platform, completely determined."""

    name: str
    version: str
    variant: str
    platform: Platform
    builder: str  # "embedded/1": the algorithm's name and version are an input
    layers: tuple[LayerDerivation, ...]  # lowest first, above the base's; order is meaning
    config: ImageConfig
    source_date_epoch: int
    base: BaseInput | None = None  # None: the lowest layer is made of packages


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A text that the plan itself made and that a recipe names by digest; it must be put into the store."""

    digest: Digest
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All images of a release, and the documents that their recipes name (other inputs are blobs of the store)."""

    derivations: tuple[Derivation, ...]  # sorted by variant, platform
    documents: tuple[Document, ...]

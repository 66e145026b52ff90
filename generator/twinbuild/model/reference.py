"""References to images, as Docker and the OCI distribution specification ("Pulling manifests") write them.

``python:3.12-slim`` means ``docker.io/library/python:3.12-slim``: a first part without a dot, a colon or the name
localhost is no registry, and Docker Hub's own images lie below ``library/``. A reference with tag *and* digest means
the digest; the tag is what people call it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final, Self

from twinbuild.errors import TwinbuildError, UsageError
from twinbuild.model.digest import Digest

__all__ = ["HOST", "HUB", "LONGEST_REPOSITORY", "PATH", "REPOSITORY", "TAG", "ImageReference", "PinnedReference"]

HUB: Final = "docker.io"
COMPONENT: Final = r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*"
PATH: Final = rf"{COMPONENT}(/{COMPONENT})*"
HOST: Final = r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?"
REPOSITORY: Final = re.compile(rf"((?P<host>{HOST})/)?(?P<path>{PATH})", re.ASCII)
TAG: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}", re.ASCII)
LONGEST_REPOSITORY: Final = 255

_PATH: Final = re.compile(PATH, re.ASCII)
_REGISTRY: Final = re.compile(rf"{HOST}|\[[0-9a-f:.]{{2,45}}\](:[0-9]{{1,5}})?", re.ASCII)
_ALIASES: Final = frozenset({"index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"})


@dataclass(frozen=True, slots=True, order=True, kw_only=True)
class ImageReference:
    """An image by name: registry (``host[:port]``), repository, and a tag or a digest or neither.

    ``parse(str(value)) == value``. Neither tag nor digest means the whole repository; whoever needs one asks ``named``.
    """

    registry: str
    repository: str
    tag: str = ""
    digest: Digest | None = None

    def __post_init__(self) -> None:
        if not _REGISTRY.fullmatch(self.registry) or len(self.registry) > LONGEST_REPOSITORY:
            raise _refused(str(self.registry), "has no acceptable registry")
        port = self.registry.rpartition(":")[2] if not self.registry.endswith("]") and ":" in self.registry else "1"
        if not 0 < int(port) < 1 << 16:
            raise _refused(self.registry, "has a port outside of 1 to 65535")
        if not _PATH.fullmatch(self.repository) or len(self.repository) > LONGEST_REPOSITORY:
            raise _refused(self.repository, "is no repository; it is in lower case, such as team/model")
        if self.tag and not TAG.fullmatch(self.tag):
            raise _refused(self.tag, "is no tag")

    @classmethod
    def parse(cls, text: str) -> Self:
        """The value of ``[HOST[:PORT]/]NAME[:TAG][@sha256:…]``. Raises UsageError TB3201."""
        name, at, digest = text.partition("@")
        try:
            pinned = Digest.parse(digest) if at else None
        except TwinbuildError:
            raise _refused(text, "has no digest of sha256: and 64 lower-case hexadecimal digits after @") from None
        head, slash, last = name.rpartition("/")
        last, colon, tag = last.partition(":")
        if colon and not tag:
            raise _refused(text, "has an empty tag")
        registry, repository = _split(f"{head}{slash}{last}")
        return cls(registry=registry, repository=repository, tag=tag, digest=pinned)

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        return f"{self.name}{tag}" + (f"@{self.digest}" if self.digest else "")

    @property
    def name(self) -> str:
        """Registry and repository: ``docker.io/library/python``."""
        return f"{self.registry}/{self.repository}"

    @property
    def named(self) -> str:
        """What a registry is asked for: the digest, else the tag, else ``latest`` (as Docker has it)."""
        return str(self.digest) if self.digest else self.tag or "latest"

    def pinned(self, digest: Digest) -> PinnedReference:
        """The same image by digest; the tag is kept as its name."""
        return PinnedReference(registry=self.registry, repository=self.repository, tag=self.tag, digest=digest)

    def tagged(self, tag: str) -> ImageReference:
        """Another tag of the repository."""
        return ImageReference(registry=self.registry, repository=self.repository, tag=tag)


@dataclass(frozen=True, slots=True, order=True, kw_only=True)
class PinnedReference:
    """An image by digest: what it names can never change. ``tag`` says what it was called when it was pinned."""

    registry: str
    repository: str
    tag: str = ""
    digest: Digest

    def __post_init__(self) -> None:
        self.unpinned()

    @classmethod
    def parse(cls, text: str) -> Self:
        """The value of ``HOST/NAME[:TAG]@sha256:…``. Raises UsageError TB3201."""
        reference = ImageReference.parse(text)
        if reference.digest is None:
            raise _refused(text, "has no digest")
        return cls(
            registry=reference.registry,
            repository=reference.repository,
            tag=reference.tag,
            digest=reference.digest,
        )

    def __str__(self) -> str:
        return str(self.unpinned())

    def unpinned(self) -> ImageReference:
        """The same as a reference that may have a digest."""
        return ImageReference(registry=self.registry, repository=self.repository, tag=self.tag, digest=self.digest)

    def member(self, digest: Digest) -> PinnedReference:
        """Another manifest of the same repository, such as one of an index."""
        return replace(self, digest=digest)


def _split(name: str) -> tuple[str, str]:
    """Registry and repository of a name, as Docker's clients read it."""
    first, slash, rest = name.partition("/")
    if not slash or not ("." in first or ":" in first or first == "localhost"):
        first, rest = HUB, name
    registry = first.lower()
    registry = HUB if registry in _ALIASES else registry
    if registry == HUB and "/" not in rest:
        rest = f"library/{rest}"
    return registry, rest


def _refused(text: str, reason: str) -> UsageError:
    shown = "".join(character if character.isprintable() else "?" for character in text[:120])
    shown = re.sub(r"^[^/@]*:[^/@]*@(?!sha256:)", "***@", shown)  # a password that somebody wrote before a host
    return UsageError.of(
        "TB3201",
        f"the image reference {shown!r} {reason}",
        hint="write [HOST[:PORT]/]NAME[:TAG] or [HOST[:PORT]/]NAME@sha256:…, such as registry.example/team/model:1.0.0",
    )

"""A release as the pages are given it: what lies in its directory, or in whatever else keeps releases."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from twinbuild.codec.auditentry import Entry
from twinbuild.describe.site.contents import Contents
from twinbuild.model.bom import Bom
from twinbuild.model.digest import Digest

__all__ = ["Builder", "Published", "Rebuilder", "Signer"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """A key that signed, by its id. ``texts`` are the names of what it signed, such as ``release.dsse.json``.

    ``is_verified``: its signature of the release was held against the key's public half, and is its.
    """

    keyid: str
    texts: tuple[str, ...]
    is_verified: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Builder:
    """Who made the images: for people, with versions in one line, and its identity in statements (a URI)."""

    title: str
    versions: str
    identity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilder:
    """Who built the images anew, by the key that signed the statement: each image, its digest, whether it is the same.

    ``is_verified``: the signature was held against the key's public half, and is its.
    """

    keyid: str
    versions: str
    images: tuple[tuple[str, str, bool], ...]
    is_verified: bool = False

    @property
    def agrees(self) -> bool:
        """Whether every image that it speaks of is the release's."""
        return all(same for *_, same in self.images)


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """``manifest`` is the text of a release manifest that keeps its format; its digest is the release's.

    ``bom`` is its bill of materials, ``tests`` the text of its test statement (empty where nothing was tested),
    ``builders`` those that vouch for having made the same bytes, ``rebuilders`` others who built
    it and what they got. ``entries`` are those of an audit log about this release, each with its index; ``log`` is the
    log's name, empty where none was given. ``contents`` are those of the layers that were read.
    """

    digest: Digest
    name: str
    version: str
    time: int  # time stamp of its files, in seconds since 1970
    manifest: bytes
    bom: Bom | None = None
    tests: bytes = b""
    builders: tuple[Builder, ...] = ()
    signers: tuple[Signer, ...] = ()
    rebuilders: tuple[Rebuilder, ...] = ()
    contents: tuple[Contents, ...] = ()
    log: str = ""
    entries: tuple[tuple[int, Entry], ...] = ()

    @property
    def document(self) -> dict[str, Any]:
        """The release manifest, read anew."""
        document: dict[str, Any] = json.loads(self.manifest)
        return document

    @property
    def slug(self) -> str:
        """What its page is called: a name that no other release has, of letters, digits, dots and hyphens."""
        kept = "".join(
            each if each.isascii() and (each.isalnum() or each in ".-") else "-"
            for each in f"{self.name}-{self.version}"
        )
        return f"{kept}-{self.digest.hex[:16]}"

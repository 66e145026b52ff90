"""Maintainer scripts that run when a package is installed, and what is known about them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from twinbuild.codec.canonical import digest_of
from twinbuild.debian.archive import Deb
from twinbuild.debian.effects import Effect
from twinbuild.debian.effects.catalogue import KNOWN
from twinbuild.debian.snippets import understood
from twinbuild.model.digest import Digest
from twinbuild.model.platform import SUPPORTED, Platform

__all__ = ["KnownScript", "Script", "UnknownScript", "effects_digest", "fingerprint", "judge", "scripts_of"]

_INSTALLING: Final = ("preinst", "postinst")
_ALGORITHM: Final = "twinbuild-effects/2"  # raised whenever the same packages would give other effects
_DEBHELPER: Final = re.compile(r"^(# Automatically added by dh_\w+)/[0-9][0-9A-Za-z.~+-]*$", re.MULTILINE)
_PLATFORMS: Final = tuple(Platform.parse(text) for text in SUPPORTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """One maintainer script: ``kind`` is preinst or postinst, ``sha256`` that of its text as shipped."""

    package: str
    version: str
    kind: str
    sha256: Digest
    fingerprint: Digest
    text: str

    def __str__(self) -> str:
        return f"{self.package}={self.version} {self.kind}"


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownScript:
    """A script whose effects on a fresh tree are known."""

    script: Script
    effects: tuple[Effect, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownScript:
    """A script that nobody has read yet: it must run in a sandbox, or its package is refused by name."""

    package: str
    script: str  # preinst or postinst
    sha256: Digest


def fingerprint(text: str, *, version: str) -> Digest:
    """The digest of a script without what differs between builds of the same script.

    Left out are the package's own version, the platform's names and debhelper's version in its marking comments;
    every other byte counts.
    """
    text = _DEBHELPER.sub(r"\1", text)
    for platform in _PLATFORMS:
        text = text.replace(platform.triplet, "{triplet}")
        text = re.sub(rf":{platform.debian}\b", ":{architecture}", text)
    if len(version) > 3:
        text = re.sub(rf"(?<![\w.+~-]){re.escape(version)}(?![\w.+~-])", "{version}", text)
    return Digest.of(text.encode("utf-8", "surrogateescape"))


def scripts_of(deb: Deb) -> tuple[Script, ...]:
    """The scripts that run when the package is installed, preinst first."""
    found = []
    for kind in _INSTALLING:
        content = deb.member(kind)
        if content is None:
            continue
        text = content.decode("utf-8", "surrogateescape")
        found.append(
            Script(
                package=deb.name,
                version=deb.version,
                kind=kind,
                sha256=Digest.of(content),
                fingerprint=fingerprint(text, version=deb.version),
                text=text,
            )
        )
    return tuple(found)


def judge(script: Script) -> KnownScript | UnknownScript:
    """What a script does: by its fingerprint in the catalogue, else line by line if all lines are known ones."""
    effects = KNOWN.get((script.package, script.kind, script.fingerprint.hex))
    if effects is None:
        effects = understood(script.text)
    if effects is None:
        return UnknownScript(package=script.package, script=script.kind, sha256=script.sha256)
    return KnownScript(script=script, effects=effects)


def effects_digest(packages: Iterable[str]) -> Digest:
    """The digest of everything in the catalogue that concerns packages of those names, and of the algorithm.

    It needs no package file, so that a plan can be made from a lock alone.
    """
    names = frozenset(packages)
    entries = [
        {"package": name, "script": kind, "fingerprint": digest, "effects": effects}
        for (name, kind, digest), effects in sorted(KNOWN.items(), key=lambda item: item[0])
        if name in names
    ]
    return digest_of({"algorithm": _ALGORITHM, "scripts": entries})

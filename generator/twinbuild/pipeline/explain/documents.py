"""Rendered documents of two releases: whether more differs in them than what every new version changes.

Each release's version and image digests stand in nearly all of its documents, so that by their digests alone all of
them differ. Here they are read, without that; what is left is what a cluster is told otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from twinbuild.deploy.parity.difference import ABSENT, LEVELS, Difference, object_at, text_of
from twinbuild.deploy.parity.manifests import entries_of
from twinbuild.model.digest import Digest
from twinbuild.pipeline.reading.released import Released
from twinbuild.pipeline.regular import LARGEST, Irregular, read_regular

__all__ = ["looked_into"]

_ALONE: Final = "it follows from the rest, and nothing of the rest differs"
_REASON: Final = "only the version, image digests, and names that follow from contents differ in it"
# What a manifest states may be anything: a number of pods for a digest would hide other ones.
_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
_PLAIN: Final = re.compile(r"[a-z0-9][\w.+-]*", re.ASCII | re.IGNORECASE)
_NEVER: Final = b"\0\0"  # stands in no text
_CONFIGURATION: Final = re.compile(rb"(dev\.twinbuild/configuration-digest: sha256:)[0-9a-f]{64}")
# Where a version stands: right behind each of these, and before what ends it. A number of pods may be the same digits.
_VERSIONS: Final = (
    (rb"version: ", rb"(?=\s)"),
    (rb'version="', rb'(?=")'),
    (rb'"version":"', rb'(?=")'),
    (rb"key: service\.version\n      value: ", rb"(?=\s)"),
)


def looked_into(sides: tuple[Released, Released], differences: Iterable[Difference]) -> tuple[Difference, ...]:
    """The differences, the riskiest first; of documents that say the same the risk is low.

    A document that follows from the rest is no small thing where it alone differs: then it does not follow. One that
    cannot be read, or is not the one that its release manifest names, keeps its risk.
    """
    differences = tuple(differences)
    if all(each.path[:1] == ("documents",) for each in differences):
        differences = tuple(
            replace(each, risk="medium", reason=_ALONE) if each.risk == "low" else each for each in differences
        )
    found = tuple(_looked_into(tuple(map(_Documents, sides)), differences))
    return tuple(sorted(found, key=lambda each: LEVELS.index(each.risk)))


def _looked_into(sides: tuple[_Documents, ...], differences: Iterable[Difference]) -> Iterator[Difference]:
    for each in differences:
        if each.path[:1] == ("documents",) and each.risk != "low" and ABSENT not in (each.first, each.second):
            one, other = (side.said(each.path[1]) for side in sides)
            if one is not None and one == other:
                yield replace(each, risk="low", reason=_REASON)
                continue
        yield each


class _Documents:
    """The documents of a release, without what stands in them because of which release it is."""

    def __init__(self, release: Released) -> None:
        document = release.document
        metadata = object_at(document, "metadata")
        self._directory = release.directory
        self._named = {
            text_of(each.get("path")): text_of(each.get("sha256")) for each in entries_of(document.get("documents"))
        }
        # One image's digest in the place of another's is a difference.
        self._images = {
            text_of(each.get("digest")).encode(): f"{each.get('variant')} {each.get('platform')}".encode()
            for each in entries_of(object_at(document, "environment").get("images"))
            if _DIGEST.fullmatch(text_of(each.get("digest")))
        }
        texts = (text_of(metadata.get(key)) for key in ("name", "version"))
        name, version = (re.escape(text.encode()) if _PLAIN.fullmatch(text) else _NEVER for text in texts)
        self._own = re.compile(
            b"|".join(
                (
                    *map(re.escape, self._images),
                    *(rb"(?<=%b)%b%b" % (before, version, behind) for before, behind in _VERSIONS),
                    rb"(?<=\b%b )%b(?![\w.+-])" % (name, version),
                    rb"(?<=\b%b-live-)[0-9a-f]{10}\b" % name,
                    rb"(?<=\b%b-configuration-)[0-9a-f]{10}\b" % name,
                )
            )
        )

    def said(self, path: str) -> bytes | None:
        """What a document says; None where its bytes are not those that the release manifest names."""
        if self._directory is None or ".." in Path(path).parts or Path(path).is_absolute():
            return None
        try:
            content = read_regular(self._directory / path, LARGEST)
        except (Irregular, ValueError):  # a name with a NUL
            return None
        if Digest.of(content).hex != self._named.get(path) or b"\0" in content:  # it marks what is masked
            return None
        masked = self._own.sub(lambda match: b"\0" + self._images.get(match[0], b""), content)
        return _CONFIGURATION.sub(rb"\1", masked)

"""What changed from release to release, for pages: the differences, sections and risks of `twinbuild diff`.

A catalogue keeps of each release what is compared, as facts that all releases share in memory. A page that compares any
two in the browser is given those facts with all that was decided about them here: section, risk, reason, and which of
two versions is the higher one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cmp_to_key
from typing import Any, Final

from twinbuild.deploy.parity.difference import ABSENT, LEVELS, Facts, unlike
from twinbuild.deploy.parity.manifests import manifest_facts
from twinbuild.deploy.parity.risks import risk_of
from twinbuild.describe.site.catalogue import Entry, deltas
from twinbuild.describe.site.difference import Change, Comparison, Section, Shared
from twinbuild.describe.site.published import Published
from twinbuild.model.digest import Digest
from twinbuild.pipeline.explain.diff import (
    HEADINGS,
    OTHER_BYTES,
    UNANNOUNCED,
    direct_packages,
    heading,
    moved,
    sections_of,
)
from twinbuild.pipeline.explain.diff import Change as Found

__all__ = ["Stated", "Statements", "any_two", "compared"]

_LONGEST: Final = 199  # characters of a value that are shown, as parity has it
_DIGEST: Final = re.compile(r"\b([0-9a-f]{12})[0-9a-f]{52}\b")
_PACKAGES: Final = ("wheels", "os_packages")
Path = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """What is compared of a release. ``layers`` are digests and sizes in bytes of each image's layers."""

    stated: tuple[tuple[Path, str], ...]
    direct: frozenset[str]
    targets: int
    layers: tuple[tuple[str, tuple[tuple[str, int], ...]], ...]

    @property
    def facts(self) -> Facts:
        """The facts by their paths, made anew."""
        return dict(self.stated)


class Statements:
    """Makes ``Stated`` values; what several releases state alike is kept once."""

    def __init__(self) -> None:
        self._facts: dict[tuple[Path, str], tuple[Path, str]] = {}
        self._texts: dict[str, str] = {}

    def of(self, release: Published) -> Stated:
        """What is compared of a release."""
        document = release.document
        environment = document["environment"]
        return Stated(
            stated=tuple(self._fact(path, text) for path, text in manifest_facts(document).items()),
            direct=frozenset(self._kept(each) for each in direct_packages(document)),
            targets=len(environment["targets"]),
            layers=tuple(
                (
                    f"{image['variant']} {image['platform']}",
                    tuple((self._kept(layer["digest"]), layer["size"]) for layer in image["layers"]),
                )
                for image in environment["images"]
            ),
        )

    def _fact(self, path: Path, text: str) -> tuple[Path, str]:
        """A fact whose text is told from every other; of a long one the end is its digest, which is not shown."""
        if len(text) > _LONGEST + 1:
            text = f"{text[:_LONGEST]}…{Digest.of(text.encode('utf-8', 'surrogatepass'))}"
        return self._facts.setdefault((path, text), (path, text))

    def _kept(self, text: str) -> str:
        return self._texts.setdefault(text, text)


def compared(older: Stated, newer: Stated) -> Comparison:
    """The differences of two releases as `twinbuild diff` has them, and what their images share."""
    found = sections_of(
        unlike(older.facts, newer.facts), older.direct | newer.direct, many=max(older.targets, newer.targets) > 1
    )
    return Comparison(
        sections=tuple(Section(title=section.name, changes=tuple(map(_shown, section.changes))) for section in found),
        shared=tuple(_shared(older, newer)),
    )


def _shown(found: Found) -> Change:
    item = found.difference
    versions = bool(found.scope) and found.word != OTHER_BYTES
    before, after = (
        "" if side == ABSENT else _brief(side.partition(" ")[0] if versions else side)
        for side in (item.first, item.second)
    )
    return Change(
        word=found.word,
        scope=found.scope,
        what=found.what,
        before=before,
        after=after,
        risk=item.risk,
        reason=item.reason,
    )


def _brief(value: str) -> str:
    """A value for people: as much of it as parity shows, digests by their beginning."""
    short = value if len(value) <= _LONGEST + 1 else f"{value[:_LONGEST]}…"
    return _DIGEST.sub(r"\1…", short) or "(empty)"


def _shared(older: Stated, newer: Stated) -> list[Shared]:
    before = dict(older.layers)
    found = []
    for image, layers in newer.layers:
        held = {digest for digest, _ in before.get(image, ())}
        kept = sum(digest in held for digest, _ in layers)
        pulled = sum(size for digest, size in layers if digest not in held)
        found.append(Shared(image=image, kept=kept, count=len(layers), pulled=pulled))
    return found


def any_two(releases: Sequence[tuple[Entry, Stated]]) -> dict[str, Any]:
    """What a page needs to compare any two releases of a name as ``compared`` does, in the order that they are given.

    ``facts`` are lists of section, text, risk, reason, target of a package, its number (-1 for what is no package), and
    ranks of its values: pairs of value and rank, none of versions that cannot be ordered. They are in the order in
    which differences are told. ``nobody`` is what is said of
    other bytes under one version. ``blobs`` are sizes of layers, which releases name by position.
    """
    paths = sorted({path for _, stated in releases for path, _ in stated.stated}, key=_order)
    document = deltas([(one, stated.facts) for one, stated in releases], paths)
    values: list[str] = document["values"]
    packages: dict[str, int] = {}
    blobs: dict[tuple[str, int], int] = {}
    seen: dict[Path, set[str]] = {}
    for _, stated in releases:
        for path, text in stated.stated:
            if _is_package(path):
                seen.setdefault(path, set()).add(text)
    number = {value: position for position, value in enumerate(values)}
    more = []
    for _, stated in releases:
        direct = sorted(packages.setdefault(name, len(packages)) for name in sorted(stated.direct))
        layers = [[image, [blobs.setdefault(each, len(blobs)) for each in named]] for image, named in stated.layers]
        more.append([direct, stated.targets, layers])
    return {
        **document,
        "sections": list(HEADINGS),
        "nobody": UNANNOUNCED,
        "facts": [_fact(path, packages, seen.get(path, ()), number) for path in paths],
        "values": list(map(_brief, values)),
        "more": more,
        "blobs": [size for _, size in blobs],
    }


def _order(path: Path) -> tuple[int, str, str, Path]:
    """As ``unlike`` orders differences."""
    return (LEVELS.index(risk_of(path)[0]), path[0], " ".join(path[1:]) or path[0], path)


def _is_package(path: Path) -> bool:
    return path[:2] == ("environment", "targets") and len(path) == 5 and path[3] in _PACKAGES


def _fact(path: Path, packages: Mapping[str, int], seen: Any, number: Mapping[str, int]) -> list[Any]:
    risk, reason = risk_of(path)
    section = HEADINGS.index(heading(path))
    if not _is_package(path):
        return [section, " ".join(path[1:]) or path[0], risk, reason, "", -1, []]
    ranks = [[number[text], rank] for text, rank in _ranked(path[3], sorted(seen))]
    return [section, path[4], risk, reason, path[2], packages.get(f"{path[3]} {path[4]}", len(packages)), ranks]


def _ranked(kind: str, values: Sequence[str]) -> list[tuple[str, int]]:
    """Values of a package with a rank by version, without those whose version is none."""
    versions = {value: value.partition(" ")[0] for value in values}

    def compare(one: str, other: str) -> int:
        return {OTHER_BYTES: 0, "bumped": -1}.get(moved(kind, one, other), 1)

    known = {version for version in versions.values() if moved(kind, version, "0.dev0") != "changed"}
    ordered = sorted(sorted(known), key=cmp_to_key(compare))
    return [(value, ordered.index(version)) for value, version in versions.items() if version in known]

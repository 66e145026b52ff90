"""Two releases for people: parity's differences by what they are about, and what the images share.

What is a difference, and how risky it is, is decided by parity; but of rendered documents, which lie beside the release
manifests, those that say the same are told from the others.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from twinbuild.codec.canonical import Json
from twinbuild.debian.version import compare
from twinbuild.deploy.parity.difference import ABSENT, LEVELS, Difference, object_at, text_of
from twinbuild.deploy.parity.manifests import entries_of
from twinbuild.errors import UsageError
from twinbuild.pipeline.explain.documents import looked_into
from twinbuild.pipeline.explain.layerdiff import ImageDiff, image_diff
from twinbuild.pipeline.explain.layers import images_of, layout_in
from twinbuild.pipeline.parity import parity
from twinbuild.pipeline.reading.layouts import LayoutBlobs
from twinbuild.pipeline.reading.released import Released, read_release

__all__ = [
    "HEADINGS",
    "OTHER_BYTES",
    "UNANNOUNCED",
    "Change",
    "ReleaseDiff",
    "Section",
    "direct_packages",
    "heading",
    "moved",
    "release_diff",
    "sections_of",
]

_TARGETS: Final = ("environment", "targets")
# Headings in their order, each with the beginnings of the paths that stand below it; * is any step.
_HEADINGS: Final = (
    ("Python packages", (("environment", "targets", "*", "wheels"),)),
    ("Debian packages", (("environment", "targets", "*", "os_packages"),)),
    (
        "base and Python",
        (
            ("environment", "targets", "*", "base"),
            ("environment", "targets", "*", "python"),
            ("environment", "base"),
            ("environment", "python"),
            ("environment", "suites"),
        ),
    ),
    ("model and weights", (("model",),)),
    ("application", (("source",),)),
    ("knobs", (("configuration",),)),
    ("serving", (("serving",),)),
    ("services and secrets", (("services",), ("secrets",))),
    ("rollout", (("rollout",),)),
    ("observability", (("observability",),)),
    ("tests", (("tests",),)),
    ("governance", (("governance",), ("publish",), ("licences",))),
    ("variants and resources", (("environment", "variants"), ("environment", "resources"), ("environment", "steps"))),
    ("images", (("environment", "images"), ("environment", "indexes"))),
    ("what was asked for", (("dependencies",), ("environment", "packages"))),
    ("documents", (("documents",),)),
)
_REST: Final = "other"
OTHER_BYTES: Final = "other bytes"
UNANNOUNCED: Final = "other bytes under the same version, which nobody announces"
HEADINGS: Final = (*(name for name, _ in _HEADINGS), _REST)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One difference. ``word`` is added, removed, bumped, lowered, other bytes or changed.

    ``scope`` is direct or transitive for a package, "" for other things.
    """

    word: str
    scope: str
    what: str
    difference: Difference


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """The changes of one subject, the riskiest first."""

    name: str
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseDiff:
    """What two releases do not share; ``notes`` say what could not be compared."""

    names: tuple[str, str]
    sections: tuple[Section, ...]
    images: tuple[ImageDiff, ...]
    notes: tuple[str, ...]

    @property
    def same(self) -> bool:
        """Whether there is no difference."""
        return not self.sections and not any(not each.shared for image in self.images for each in image.layers)


def release_diff(first: Path, second: Path, *, files: bool = True) -> ReleaseDiff:
    """Compare two releases (directories, release manifests, specs whose last release is meant).

    ``files``: read the layers that differ, where both layouts are there. Raises what ``read_release`` and
    ``image_diff`` raise.
    """
    sides = read_release(first), read_release(second)
    found = parity(*sides)
    direct = {name for side in sides for name in direct_packages(side.document)}
    many = any(len(_targets(side.document)) > 1 for side in sides)
    notes = list(found.notes)
    return ReleaseDiff(
        names=found.names,
        sections=sections_of(looked_into(sides, found.differences), direct, many=many),
        images=_images(sides, notes) if files else (),
        notes=tuple(notes),
    )


def sections_of(differences: Iterable[Difference], direct: Collection[str], *, many: bool) -> tuple[Section, ...]:
    """Differences by what they are about. ``direct`` are those of both sides' ``direct_packages``.

    ``many``: a side has several targets, so that a package is named with its own.
    """
    found: dict[str, list[Change]] = {}
    for item in differences:
        found.setdefault(heading(item.path), []).append(_change(item, direct, many=many))
    for changes in found.values():
        changes.sort(key=lambda each: LEVELS.index(each.difference.risk))
    return tuple(Section(name=name, changes=tuple(found[name])) for name in HEADINGS if name in found)


def _targets(document: dict[str, Json]) -> list[dict[str, Json]]:
    return entries_of(object_at(document, "environment").get("targets"))


def direct_packages(document: dict[str, Json]) -> set[str]:
    """Packages that the spec of a release manifest asks for by name, by kind and name (``wheels numpy``)."""
    return {
        f"{kind} {text_of(package.get('name'))}"
        for target in _targets(document)
        for kind in ("wheels", "os_packages")
        for package in entries_of(target.get(kind))
        if package.get("requested") is True
    }


def heading(path: tuple[str, ...]) -> str:
    """What a fact is about, one of ``HEADINGS``."""
    for name, beginnings in _HEADINGS:
        for beginning in beginnings:
            if len(path) >= len(beginning) and all(
                want in ("*", step) for want, step in zip(beginning, path, strict=False)
            ):
                return name
    return _REST


def _change(item: Difference, direct: Collection[str], *, many: bool) -> Change:
    path = item.path
    package = path[:2] == _TARGETS and len(path) == 5 and path[3] in ("wheels", "os_packages")
    word = "added" if item.first == ABSENT else "removed" if item.second == ABSENT else "changed"
    if not package:
        return Change(word=word, scope="", what=item.what, difference=item)
    if word == "changed":
        word = moved(path[3], item.first.partition(" ")[0], item.second.partition(" ")[0])
        if word == OTHER_BYTES:
            item = replace(item, risk="high", reason=UNANNOUNCED)
    scope = "direct" if f"{path[3]} {path[4]}" in direct else "transitive"
    return Change(word=word, scope=scope, what=f"{path[4]} ({path[2]})" if many else path[4], difference=item)


def moved(kind: str, before: str, after: str) -> str:
    """Whether a package's version went up or down; the same one has other bytes, which nobody announces.

    ``kind`` is wheels or os_packages; the answer is bumped, lowered, other bytes, or changed where none can say.
    """
    if before == after:
        return OTHER_BYTES
    if kind == "os_packages":
        return "bumped" if compare(before, after) < 0 else "lowered"
    from packaging.version import InvalidVersion, Version

    try:
        return "bumped" if Version(before) < Version(after) else "lowered"
    except InvalidVersion:
        return "changed"


def _images(sides: tuple[Released, Released], notes: list[str]) -> tuple[ImageDiff, ...]:
    layouts = [layout_in(side.directory) if side.directory is not None else None for side in sides]
    if layouts[0] is None or layouts[1] is None:
        notes.append("layers and files of the images: a release manifest lies alone, without its images")
        return ()
    blobs = LayoutBlobs(layouts[0]), LayoutBlobs(layouts[1])
    try:
        images = images_of(blobs[0]), images_of(blobs[1])
    except UsageError as error:
        notes.append(f"layers and files of the images: {error.findings[0].message}")
        return ()
    one, other = ({image.name: image for image in side} for side in images)
    notes += [f"layers of {name}, which only one release has" for name in sorted(one.keys() ^ other.keys())]
    return tuple(image_diff((one[name], image), blobs) for name, image in other.items() if name in one)

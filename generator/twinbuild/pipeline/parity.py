"""Parity of two releases, of a release and a captured environment, or of two captures."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

from twinbuild.codec.canonical import Json
from twinbuild.codec.capture import decode_capture, is_capture
from twinbuild.codec.lock import decode_lock
from twinbuild.deploy.parity.captures import capture_facts, expected_facts, target_of
from twinbuild.deploy.parity.difference import Difference, object_at, text_of, unlike
from twinbuild.deploy.parity.manifests import entries_of, manifest_facts
from twinbuild.deploy.parity.staged import staged, stages_of
from twinbuild.deploy.parity.variables import declared_variables
from twinbuild.errors import UsageError
from twinbuild.pipeline.reading.records import image_variables, records_of
from twinbuild.pipeline.reading.released import Released, read_release

__all__ = ["Capture", "Draft", "Parity", "Side", "parity", "read_draft", "read_side"]

_LARGEST = 64 << 20  # bytes of a capture
_UNSEEN = "the image's digest, which is not seen from inside: capture with --image DIGEST"


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """A captured environment on disk."""

    path: Path
    content: bytes

    @property
    def document(self) -> dict[str, Json]:
        """The capture, which was checked when it was read."""
        return decode_capture(self.content, name=str(self.path))


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A spec with its lock, of which nothing need be built."""

    path: Path
    content: str

    @property
    def document(self) -> dict[str, Json]:
        """What its release manifest would decide."""
        found: dict[str, Json] = json.loads(self.content)
        return found


Side = Released | Capture | Draft


@dataclass(frozen=True, slots=True, kw_only=True)
class Parity:
    """What two sides do not share; ``sections`` are all that were compared, ``notes`` what could not be."""

    names: tuple[str, str]
    differences: tuple[Difference, ...]
    sections: tuple[str, ...]
    notes: tuple[str, ...]


def read_draft(where: Path) -> Draft:
    """A spec and its lock as a side. Raises as ``draft_manifest`` does."""
    from twinbuild.pipeline.document.drafting import draft_manifest  # late: a release needs no spec

    return Draft(path=where, content=json.dumps(draft_manifest(where)))


def read_side(where: Path) -> Side:
    """A release (its directory, its manifest.json, or a spec whose last one is meant) or a capture.

    Raises what ``read_release`` raises, and TB7601, TB7602 for a capture that is none or is newer.
    """
    if where.is_file() and where.suffix not in (".yaml", ".yml"):
        with where.open("rb") as file:
            content = file.read(_LARGEST)
        if is_capture(content):
            decode_capture(content, name=str(where))
            return Capture(path=where, content=content)
    return read_release(where)


def parity(first: Side, second: Side, *, variant: str = "", stages: tuple[str, str] = ("", "")) -> Parity:
    """Compare two sides. ``variant`` says which one a capture is of, where it does not say so itself.

    ``stages``: the stage that each side is meant in; "" for the release as such. Of a capture it says nothing.
    Raises UsageError TB7603 where it is not clear which of a release's targets a capture is to be compared with,
    TB7605 for a stage that a release does not know.
    """
    notes: list[str] = []
    match first, second:
        case ((Released() | Draft()), (Released() | Draft())):
            one = manifest_facts(_in_stage(first, stages[0]))
            other = manifest_facts(_in_stage(second, stages[1]))
            if isinstance(first, Draft) or isinstance(second, Draft):
                notes.append("images, of which nothing was built")
        case Released(), Capture():
            one, other = _seen(first, second, variant, stages[0], notes)
        case Capture(), Released():
            other, one = _seen(second, first, variant, stages[1], notes)
        case _:
            one, other = capture_facts(first.document), capture_facts(second.document)
            if not (first.document.get("image") and second.document.get("image")):
                notes.append(_UNSEEN)
    return Parity(
        names=(_name(first, stages[0]), _name(second, stages[1])),
        differences=unlike(one, other),
        sections=tuple(sorted({path[0] for path in (*one, *other)})),
        notes=tuple(notes),
    )


def _seen(
    release: Released, capture: Capture, variant: str, stage: str, notes: list[str]
) -> tuple[dict[tuple[str, ...], str], dict[tuple[str, ...], str]]:
    """The facts of a release that its environment shows, and those that were seen."""
    document, seen = _in_stage(release, stage), capture.document
    within = object_at(seen, "release")
    inside = bool(within)
    chosen = variant or text_of(within.get("variant") or "")
    target = target_of(document, chosen, text_of(within.get("platform") or ""))
    if target is None:
        targets = entries_of(object_at(document, "environment").get("targets"))
        known = ", ".join(f"{each.get('variant')} ({each.get('platform')})" for each in targets)
        was = f"{within.get('variant')} on {within.get('platform')}" if inside else "no image of twinbuild"
        raise UsageError.of(
            "TB7603",
            f"got a capture of {chosen or was}, expected one of {known}",
            hint="name the variant with --variant, or capture an environment of this release",
            where=str(capture.path),
        )
    if not inside:
        notes.append("application, model, system packages and variables: it was captured outside of an image")
    below = _below(release, target, notes) if inside else {}
    records = records_of(release.directory, document, target) if release.directory is not None and inside else None
    if inside and records is None:
        notes.append("RECORD files, variables that the image sets: the release manifest lies alone, without its images")
    if inside and not seen.get("image"):
        notes.append(_UNSEEN)
    variables = declared_variables(document)
    if release.directory is not None and inside:
        own = image_variables(release.directory, document, target)
        variables = replace(variables, where_set={**own, **variables.where_set})
    expected = expected_facts(document, target, seen, variables=variables, below=below or {}, records=records)
    found = capture_facts(seen, variables=variables, inside=inside, records=records is not None)
    for path in [path for path in (*expected, *found) if path[:2] == ("packages", "record")]:
        installed = ("packages", "installed", path[2])
        if expected.get(installed) != found.get(installed):  # that says it already
            expected.pop(path, None)
            found.pop(path, None)
    if below is None:  # what the base has is not known
        found = {path: text for path, text in found.items() if path[0] != "os_packages" or path in expected}
    return expected, found


def _below(release: Released, target: dict[str, Json], notes: list[str]) -> dict[str, str] | None:
    """Packages of the base image with their versions; None where they are not known."""
    if not target.get("base"):
        return {}
    path = release.directory / "release.lock" if release.directory is not None else None
    if path is None or not path.is_file():
        notes.append("packages of the base image: release.lock does not lie beside the release manifest")
        return None
    lock = decode_lock(path.read_bytes(), name=str(path))
    for locked in lock.targets:
        if (locked.variant, str(locked.platform)) == (target.get("variant"), target.get("platform")):
            return {package.name: package.version for package in locked.base.packages} if locked.base else {}
    return {}


def _in_stage(side: Released | Draft, stage: str) -> dict[str, Json]:
    """The manifest of a side as the stage has it."""
    document = side.document
    if not stage:
        return document
    known = stages_of(document)
    if stage not in known:
        raise UsageError.of(
            "TB7605",
            f"got the stage {stage[:80]!r}, expected one of {', '.join(known) or 'none: the release has no stages'}",
            hint="name a stage of configuration.stages or publish.repositories",
            where=str(side.path),
        )
    return staged(document, stage)


def _name(side: Side, stage: str = "") -> str:
    document = side.document
    if not isinstance(side, Capture):
        metadata = object_at(document, "metadata")
        which = str(side.digest)[:19] if isinstance(side, Released) else "its spec and lock"
        return f"{metadata.get('name')} {metadata.get('version')} ({which}){f' in {stage}' * bool(stage)}"
    within = object_at(document, "release")
    return f"{within['name']} {within.get('version')}, captured" if within.get("name") else "a captured environment"

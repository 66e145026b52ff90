"""A release manifest as facts, of whichever version it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from twinbuild.codec.canonical import Json
from twinbuild.deploy.parity.difference import Facts, facts_of, object_at, text_of

__all__ = ["digest_facts", "entries_of", "manifest_facts"]

_REQUIREMENTS: Final = ("runtime", "build", "development", "test", "constraints")
_NAME: Final = re.compile(r"[\w.+-]*\w", re.ASCII)
# Sections that say nothing of their own: the first two follow from the rest, the third names what wrote it.
_SKIPPED: Final = frozenset({"provenance", "reproduce", "generator", "kind"})


def manifest_facts(document: dict[str, Json]) -> Facts:
    """Everything that a release manifest decides; files, packages and layers are one fact each."""
    facts: Facts = {}
    for section, value in document.items():
        if section in _SKIPPED:
            continue
        if not isinstance(value, dict):
            facts |= dict(_folded_list(section, value))
            continue
        kept = dict(value)
        if section == "source":
            facts |= digest_facts(kept.pop("files", None), "source", "files")
            kept.pop("digest", None)  # of the list of files
        elif section == "environment":
            facts |= _requirements(kept.pop("packages", None), section, "packages")
            facts |= dict(_images(kept.pop("images", None)))
            facts |= dict(_targets(kept.pop("targets", None)))
        elif section == "dependencies":
            kept.pop("lock", None)  # covers what is listed apart, and nothing else that decides a byte
            kept.pop("beside", None)
            for purpose in _REQUIREMENTS:
                facts |= _requirements(kept.pop(purpose, None), section, purpose)
            for entry in entries_of(value.get("beside")):
                where = ("dependencies", "beside", f"{entry.get('variant')} {entry.get('platform')}")
                for purpose in ("build", "development", "test"):
                    facts |= _packages(entry.get(purpose), *where, purpose)
        facts |= dict(facts_of(kept, (section,)))
    return facts


def entries_of(value: Json) -> list[dict[str, Json]]:
    """The objects of a list."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def digest_facts(value: Json, *where: str) -> Facts:
    """Files, each by its path: digest, and whether it may be executed."""
    return {
        (
            *where,
            str(item.get("path")),
        ): f"sha256:{item.get('sha256')}{' executable' * (item.get('executable') is True)}"
        for item in entries_of(value)
    }


def _requirements(value: Json, *where: str) -> Facts:
    """Requirements as they were asked for, each by its name: their order says nothing."""
    found: dict[str, list[str]] = {}
    for item in value if isinstance(value, list) else ():
        text = text_of(item)
        match = _NAME.match(text)
        found.setdefault(match[0].lower() if match else text, []).append(text)
    return {(*where, name): ", ".join(texts) for name, texts in found.items()}


def _folded_list(section: str, value: Json) -> Iterator[tuple[tuple[str, ...], str]]:
    if section == "documents":
        yield from digest_facts(value, section).items()
    else:
        yield from facts_of(value, (section,))


def _images(value: Json) -> Iterator[tuple[tuple[str, ...], str]]:
    for image in entries_of(value):
        where = ("environment", "images", f"{image.get('variant')} {image.get('platform')}")
        yield (*where, "digest"), text_of(image.get("digest"))
        for layer in entries_of(image.get("layers")):
            yield (*where, "layers", text_of(layer.get("title"))), text_of(layer.get("diff_id"))


def _targets(value: Json) -> Iterator[tuple[tuple[str, ...], str]]:
    for target in entries_of(value):
        where = ("environment", "targets", f"{target.get('variant')} {target.get('platform')}")
        yield from facts_of(object_at(target, "python"), (*where, "python"))
        base = object_at(target, "base")
        if base:
            yield (*where, "base"), f"{base.get('reference')}@{base.get('digest')}"
        yield from _packages(target.get("os_packages"), *where, "os_packages").items()
        yield from _packages(target.get("wheels"), *where, "wheels").items()
        for step in entries_of(target.get("steps")):
            inside = (*where, "steps", text_of(step.get("name")))
            for kind in ("os_packages", "wheels", "sdists"):
                yield from _packages(step.get(kind), *inside, kind).items()
            yield from digest_facts(step.get("files"), *inside, "files").items()


def _packages(value: Json, *where: str) -> Facts:
    """Packages, each by its name: version, and the digest of its file."""
    return {
        (*where, str(item.get("name"))): f"{item.get('version')} sha256:{item.get('sha256')}"
        for item in entries_of(value)
    }

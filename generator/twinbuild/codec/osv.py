"""The bounded reader of records of OSV's schema (ossf.github.io/osv-schema, 1.7): what a comparison of versions needs.

A record that breaks the schema where it matters is refused, since what it means to say would be guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from twinbuild.errors import IntegrityError, Location
from twinbuild.model.vulnerability import Advisory, AdvisoryPackage, Event, Level, Range

__all__ = ["LARGEST_RECORD", "advisory_of", "modified_of"]

LARGEST_RECORD: Final = 16 << 20  # bytes
_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:+/-]{1,127}", re.ASCII)
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z", re.ASCII)
_EVENTS: Final = ("introduced", "fixed", "last_affected", "limit")
_LEVELS: Final[dict[str, Level]] = {  # words of GitHub's and Debian's own fields
    "unimportant": "none",
    "negligible": "none",
    "low": "low",
    "moderate": "medium",
    "medium": "medium",
    "high": "high",
    "critical": "critical",
}


class _Wrong(Exception):
    """A value is not what the schema says; the text begins with its place."""


def modified_of(value: Any, *, name: str) -> tuple[str, str]:
    """Identifier and time of the last change (RFC 3339, UTC) of a record. Raises IntegrityError TB8732."""
    try:
        record = _object(value, "the record")
        return _identifier(record), _modified(record)
    except _Wrong as error:
        raise _refused(name, str(error)) from None


def advisory_of(value: Any, *, name: str) -> Advisory:
    """The value of a decoded record; ``name`` says in errors which one. Raises IntegrityError TB8732."""
    try:
        record = _object(value, "the record")
        return Advisory(
            id=_identifier(record),
            modified=_modified(record),
            withdrawn=_text(record, "withdrawn"),
            aliases=tuple(_texts(record, "aliases")),
            upstream=tuple(_texts(record, "upstream")),
            summary=_text(record, "summary")[:500],
            vectors=tuple(_vectors(record)),
            level=_level(record),
            affected=tuple(_package(_object(each, "affected")) for each in _list(record, "affected")),
        )
    except _Wrong as error:
        raise _refused(name, str(error)) from None


def _identifier(record: dict[str, Any]) -> str:
    text = _text(record, "id")
    if not _ID.fullmatch(text):
        raise _Wrong(f"id is {text[:60]!r}, expected a name such as CVE-2026-1234")
    return text


def _modified(record: dict[str, Any]) -> str:
    text = _text(record, "modified")
    if not _TIME.fullmatch(text) or not _is_time(text):
        raise _Wrong(f"modified is {text[:60]!r}, expected a time such as 2026-11-01T00:00:00Z")
    return text


def _is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _package(affected: dict[str, Any]) -> AdvisoryPackage:
    package = _object(affected.get("package", {}), "affected.package")
    return AdvisoryPackage(
        ecosystem=_text(package, "ecosystem"),
        name=_text(package, "name"),
        ranges=tuple(_ranges(affected)),
        versions=tuple(_texts(affected, "versions")),
        vectors=tuple(_vectors(affected)),
        level=_level(affected),
    )


def _ranges(affected: dict[str, Any]) -> Iterator[Range]:
    for each in _list(affected, "ranges"):
        stated = _object(each, "affected.ranges")
        kind = _text(stated, "type")
        if kind == "GIT":
            continue
        if kind not in ("ECOSYSTEM", "SEMVER"):
            raise _Wrong(f"affected.ranges.type is {kind[:40]!r}, expected ECOSYSTEM, SEMVER or GIT")
        yield Range(type=kind, events=tuple(_events(stated)))


def _events(stated: dict[str, Any]) -> Iterator[Event]:
    for each in _list(stated, "events"):
        event = _object(each, "affected.ranges.events")
        if len(event) != 1 or next(iter(event)) not in _EVENTS:
            raise _Wrong(f"an event has {', '.join(map(str, event))[:80]}, expected one of {', '.join(_EVENTS)}")
        kind = next(iter(event))
        yield Event(kind=kind, version=_text(event, kind))


def _vectors(record: dict[str, Any]) -> Iterator[str]:
    for each in _list(record, "severity"):
        stated = _object(each, "severity")
        if _text(stated, "type").startswith("CVSS_V"):
            yield _text(stated, "score")


def _level(record: dict[str, Any]) -> Level:
    for key, field in (("ecosystem_specific", "urgency"), ("database_specific", "severity")):
        specific = record.get(key)
        word = specific.get(field) if isinstance(specific, dict) else None
        if isinstance(word, str) and word.lower() in _LEVELS:
            return _LEVELS[word.lower()]
    for stated in _list(record, "severity"):  # Ubuntu's own priority, as its records have it
        word = stated.get("score") if isinstance(stated, dict) and stated.get("type") == "Ubuntu" else None
        if isinstance(word, str) and word.lower() in _LEVELS:
            return _LEVELS[word.lower()]
    return "unknown"


def _object(value: Any, place: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _Wrong(f"{place} is no object")
    return value


def _list(record: dict[str, Any], key: str) -> list[Any]:
    value = record.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        raise _Wrong(f"{key} is no list")
    return value


def _text(record: dict[str, Any], key: str) -> str:
    value = record.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _Wrong(f"{key} is no text")
    return value


def _texts(record: dict[str, Any], key: str) -> Iterator[str]:
    for each in _list(record, key):
        if not isinstance(each, str):
            raise _Wrong(f"{key} has what is no text")
        yield each


def _refused(name: str, why: str) -> IntegrityError:
    return IntegrityError.of(
        "TB8732",
        f"{name} is no record of OSV's schema: {why}",
        hint="take the database from where it is published again",
        where=Location(file=name),
    )

"""Which documents of a trust root this user has seen: an older one is not taken again, whatever lies in a directory.

``trust.json`` lies in the user's state directory (XDG Base Directory), outside of everything that is judged. A trust
root is known by the digest of its first document. By place it is remembered, too: another trust root where one lay
before is somebody's act, and is asked about.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from twinbuild.codec.canonical import canonical
from twinbuild.codec.jsontext import JsonProblem, parse_json
from twinbuild.errors import EnvironmentFault, Location, PolicyRefused
from twinbuild.pipeline.alone import alone_with
from twinbuild.pipeline.output import write_file
from twinbuild.pipeline.regular import Irregular, Missing, read_regular

__all__ = ["LOCK", "at_most", "remember", "state_place"]

_FILE: Final = "trust.json"
LOCK: Final = "trust.lock"
"""In a state directory: who holds it is alone at changing what is kept there."""
_LARGEST: Final = 4 << 20  # bytes
_MOST: Final = 2000  # places


def state_place(environment: Mapping[str, str], home: str) -> Path:
    """Where what was seen is kept: ``twinbuild`` in the user's state directory (XDG Base Directory)."""
    stated = environment.get("XDG_STATE_HOME", "")
    return Path(stated if stated.startswith("/") else f"{home}/.local/state") / "twinbuild"


def remember(state: Path, *, place: Path, documents: Sequence[str]) -> bool:
    """Compare a trust root with what was seen of it, and note it; False where nothing can be noted on this machine.

    What was noted there counts though nothing more can be: on a disk that is full, or may not be written.

    ``documents`` are the digests (hexadecimal) of all of its documents, version 1 first. Raises PolicyRefused TB8804
    for fewer than were seen, TB8805 for one that does not go on from the document that was seen last, or another trust
    root at the same place; EnvironmentFault TB8810 where the file is damaged.
    """

    def compared() -> tuple[dict[str, dict[str, Any]], bool]:
        seen = _read(state / _FILE)
        new = _compared(seen, place=str(place), documents=documents)
        return new, new != seen

    try:
        state.mkdir(parents=True, exist_ok=True, mode=0o700)
        with alone_with(state / LOCK):
            new, changed = compared()
            if changed:
                write_file(state / _FILE, canonical(new))
    except OSError:  # a machine that keeps nothing, such as a container that is thrown away
        if os.access(state / _FILE, os.R_OK):
            compared()
        return False
    return True


def _compared(seen: dict[str, dict[str, Any]], *, place: str, documents: Sequence[str]) -> dict[str, dict[str, Any]]:
    """What is known afterwards.

    Keys that a later document revoked can sign another one in its place, and further ones after that: a higher number
    is no proof, the document that was seen must be among those before.
    """
    roots, places = dict(seen["roots"]), dict(seen["places"])
    identity, version = documents[0], len(documents)
    if places.get(place, identity) != identity:
        raise _refused(
            "TB8805",
            f"in {place} lies another trust root than before: it began with sha256:{identity[:16]}…, expected "
            f"sha256:{places[place][:16]}…",
            place,
        )
    older = roots.get(identity, {"version": 1, "sha256": identity})
    if version < older["version"]:
        message = f"{place} has version {version} of its trust root; version {older['version']} was seen before"
        raise _refused("TB8804", message, place)
    if documents[older["version"] - 1] != older["sha256"]:
        message = f"version {older['version']} in {place} is another document than the one of that version seen before"
        raise _refused("TB8805", message, place)
    roots[identity] = {"version": version, "sha256": documents[-1]}
    places.pop(place, None)
    places[place] = identity
    return {"roots": roots, "places": at_most(_MOST, places)}


def at_most(count: int, places: dict[str, str]) -> dict[str, str]:
    """So many of what is known by its place: what is not there any more is forgotten first.

    A file of canonical JSON does not say what was noted last. Scratch directories would take the place of what is used.
    """
    if len(places) <= count:
        return places
    return dict(sorted(places.items(), key=lambda each: os.access(each[0], os.F_OK))[-count:])


def _read(path: Path) -> dict[str, dict[str, Any]]:
    try:
        value: Any = parse_json(str(path), read_regular(path, _LARGEST))[0]
        roots = {
            _text(key): {"version": _version(each["version"]), "sha256": _text(each["sha256"])}
            for key, each in value["roots"].items()
        }
        return {"roots": roots, "places": {_text(key): _text(each) for key, each in value["places"].items()}}
    except Missing:
        return {"roots": {}, "places": {}}
    except (Irregular, JsonProblem, LookupError, TypeError, ValueError, AttributeError):
        raise EnvironmentFault.of(
            "TB8810",
            f"{path} does not say which trust roots were seen: it was damaged",
            hint="take it from a copy; without one remove it, and give --trust-version with the newest you know",
            where=Location(file=str(path)),
        ) from None


def _version(value: object) -> int:
    if type(value) is not int or value < 1:
        raise ValueError
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _refused(code: str, message: str, place: str) -> PolicyRefused:
    return PolicyRefused.of(
        code,
        message,
        hint="get the newest trust root from whom you trust; what was seen is in trust.json of your state directory",
        where=Location(file=place),
    )

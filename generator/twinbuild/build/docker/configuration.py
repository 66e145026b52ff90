"""The configuration that BuildKit wrote, compared field by field with the planned one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Final

from twinbuild.errors import Finding, Location, NotReproducible

__all__ = ["require_planned"]

# What describes the way and not the image, and has its own check: layers by ``partition``; history is ours. On a base
# image BuildKit 0.13 leaves the base's ``created`` standing, though its history has the time that it was given.
_ELSEWHERE: Final = frozenset({"history", "rootfs"})
_OF_THE_BASE: Final = frozenset({"created"})
# BuildKit sets it for every exec form; the specification keeps it for Windows (config.md, "ArgsEscaped", deprecated).
_IGNORED: Final = {"ArgsEscaped": True}
_ABSENT: Final[tuple[object, ...]] = (None, "", [], {})


def require_planned(planned: bytes, exported: Mapping[str, object], *, on_image: bool = False) -> None:
    """Raise NotReproducible TB5226, with a finding for each field that differs from the planned configuration."""
    elsewhere = _ELSEWHERE | {"config"} | (_OF_THE_BASE if on_image else frozenset())
    wanted = json.loads(planned)
    mine = exported.get("config")
    if not isinstance(mine, dict):
        mine = {}
    mine = {key: value for key, value in mine.items() if _IGNORED.get(key) != value}
    findings = [
        *_differences("", _without(wanted, elsewhere), _without(exported, elsewhere)),
        *_differences("config/", wanted["config"], mine),
    ]
    if findings:
        raise NotReproducible(tuple(findings))


def _without(document: Mapping[str, object], keys: frozenset[str]) -> dict[str, object]:
    return {name: value for name, value in document.items() if name not in keys}


def _differences(prefix: str, wanted: Mapping[str, object], got: Mapping[str, object]) -> Iterator[Finding]:
    for key in sorted(wanted.keys() | got.keys()):
        one, other = wanted.get(key), got.get(key)
        if one == other or (one in _ABSENT and other in _ABSENT):
            continue
        yield Finding(
            code="TB5226",
            message=f"the configuration's {prefix}{key} is {_shown(other)}, expected {_shown(one)}",
            hint="look at the instruction of the Dockerfile that sets it",
            where=Location(subject=f"config#/{prefix}{key}"),
        )


def _shown(value: object) -> str:
    return "absent" if value is None else json.dumps(value, ensure_ascii=False)[:300]

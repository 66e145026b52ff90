"""The configuration that BuildKit wrote, compared field by field with the planned one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Final

from twinbuild.errors import Finding, Location, NotReproducible

__all__ = ["require_planned"]

# What describes the way and not the image, and has its own check: layers by ``partition``; history is ours.
_ELSEWHERE: Final = frozenset({"history", "rootfs"})
# BuildKit sets it for every exec form; the specification keeps it for Windows (config.md, "ArgsEscaped", deprecated).
_IGNORED: Final = {"ArgsEscaped": True}
_ABSENT: Final[tuple[object, ...]] = (None, "", [], {})


def require_planned(planned: bytes, exported: Mapping[str, object], *, base: bytes) -> None:
    """Raise NotReproducible TB5226, with a finding for each field that differs from the planned configuration.

    ``base`` is the base's configuration: BuildKit 0.13 takes the time of an image from there.
    """
    wanted = json.loads(planned)
    if exported.get("created") == json.loads(base).get("created", ""):
        exported = {**exported, "created": wanted["created"]}
    mine = exported.get("config")
    if not isinstance(mine, dict):
        mine = {}
    mine = {key: value for key, value in mine.items() if _IGNORED.get(key) != value}
    findings = [
        *_differences("", _without(wanted, "config"), _without(exported, "config")),
        *_differences("config/", wanted["config"], mine),
    ]
    if findings:
        raise NotReproducible(tuple(findings))


def _without(document: Mapping[str, object], key: str) -> dict[str, object]:
    return {name: value for name, value in document.items() if name != key and name not in _ELSEWHERE}


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

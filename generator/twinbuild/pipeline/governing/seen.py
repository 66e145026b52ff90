"""Which step of a record this user has seen last: a record that was cut off since then is not gone on from.

``records.json`` lies beside ``trust.json`` in the user's state directory. A record is known by its place. It is what a
machine knows that promotes again and again; one that is thrown away after each run knows nothing, and has the log.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any, Final

from twinbuild.codec.amounts import counted
from twinbuild.codec.canonical import canonical
from twinbuild.codec.jsontext import JsonProblem, parse_json
from twinbuild.errors import EnvironmentFault, Location, PolicyRefused
from twinbuild.model.acts import Promotion
from twinbuild.pipeline.alone import alone_with
from twinbuild.pipeline.governing.record import link_to
from twinbuild.pipeline.governing.remembered import LOCK, at_most
from twinbuild.pipeline.output import write_file
from twinbuild.pipeline.regular import Irregular, Missing, read_regular

__all__ = ["see_record"]

_FILE: Final = "records.json"
_LARGEST: Final = 4 << 20  # bytes
_MOST: Final = 2000  # places
_SEEN: Final = re.compile(r"([1-9][0-9]{0,6})@sha256:([0-9a-f]{64})", re.ASCII)


def see_record(state: Path, place: Path, steps: tuple[Promotion, ...], *, unlike: bool = False) -> None:
    """Compare a record with what was seen of it, and note its last step; nothing where nothing can be noted here.

    ``unlike``: it may be another one. Raises PolicyRefused TB8843 for one without the step that was seen, and
    EnvironmentFault TB8810 where the file is damaged.
    """
    try:
        state.mkdir(parents=True, exist_ok=True, mode=0o700)
        with alone_with(state / LOCK):
            seen = _read(state / _FILE)
            if not unlike:
                _compare(seen.get(str(place), ""), place, steps)
            new = {key: value for key, value in seen.items() if key != str(place)}
            if steps:
                new[str(place)] = f"{len(steps)}@sha256:{link_to(steps)}"
            if new != seen:
                write_file(state / _FILE, canonical({**at_most(_MOST, new)}))
    except OSError:  # a machine that keeps nothing; what was noted there counts though nothing more can be
        if not unlike and os.access(state / _FILE, os.R_OK):
            _compare(_read(state / _FILE).get(str(place), ""), place, steps)


def _compare(seen: str, place: Path, steps: tuple[Promotion, ...]) -> None:
    known = _SEEN.fullmatch(seen)
    if known is None:
        return
    number = int(known[1])
    if number <= len(steps) and link_to(steps[:number]) == known[2]:
        return
    why = "its step is another one now"
    if number > len(steps):
        why = f"it has {counted(len(steps), 'step')} now: it was cut off"
    raise PolicyRefused.of(
        "TB8843",
        f"this machine has seen step {number} of the record {place}, and {why}",
        hint="take the record from a copy that is whole; if it was begun anew, say so: --accept-record",
        where=Location(file=str(place)),
    )


def _read(path: Path) -> dict[str, str]:
    try:
        value: Any = parse_json(str(path), read_regular(path, _LARGEST))[0]
    except Missing:
        return {}
    except (Irregular, JsonProblem):
        value = None
    if not isinstance(value, dict) or not all(_SEEN.fullmatch(str(each)) for each in value.values()):
        raise EnvironmentFault.of(
            "TB8810",
            f"{path} does not say which records were seen: it was damaged",
            hint="take it from a copy; without one remove it, and hold the record against the audit log",
            where=Location(file=str(path)),
        )
    return value

"""Faults by another route: real programs (tar, gzip, zip, sqlite, Python, …) really run twice in unlike surroundings.

Each script makes ``out`` in its own directory; ``change`` is what is unlike the second time: variables of the
environment, a umask, a script that runs before. Nothing is put into the bytes by hand but where damage is the fault.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fakes.faults import Pair

__all__ = ["RERUNS", "rerun_pairs"]


@dataclass(frozen=True, kw_only=True)
class Rerun:
    """``script`` is run by a shell twice; ``second`` replaces it the second time where it is given."""

    causes: tuple[str, ...]
    script: str
    second: str = ""
    first_environment: tuple[tuple[str, str], ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    needs: tuple[str, ...] = ()


def _read() -> dict[str, Rerun]:
    known = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
    return {
        name: Rerun(
            causes=tuple(each["causes"]),
            script=each["script"],
            second=each.get("second", ""),
            first_environment=tuple(each.get("first_environment", {}).items()),
            environment=tuple(each.get("environment", {}).items()),
            needs=tuple(each.get("needs", ())),
        )
        for name, each in known.items()
    }


RERUNS: dict[str, Rerun] = _read()


def rerun_pairs(directory: Path, *, count: int = 30) -> Iterator[Pair]:
    """The first ``count`` faults whose programs are installed, each made by running its script twice."""
    made = 0
    for name, each in RERUNS.items():
        if made == count or any(shutil.which(program) is None for program in each.needs):
            continue
        sides = []
        for side, script, environment in (
            ("a", each.script, each.first_environment),
            ("b-second", each.second or each.script, each.environment),
        ):
            place = directory / f"{made:02}" / side
            place.mkdir(parents=True)
            variables = {"PATH": os.environ["PATH"], "PYTHON": sys.executable, "LC_ALL": "C", **dict(environment)}
            subprocess.run(("sh", "-euc", script), cwd=place, env=variables, check=True)
            sides.append(place / "out")
        made += 1
        yield Pair(name=name, causes=each.causes, first=sides[0], second=sides[1])

"""How often the right cause comes first: faults put into real archives, faults of real programs, and clean pairs.

The figures are printed (``pytest -s``) and kept among the properties of the test's record (``--junitxml``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from fakes.faults import FAULTS, ZIPPED, Pair, clean_pairs, faulty_pairs
from fakes.reruns import rerun_pairs
from twinbuild.pipeline.explain.mismatch import mismatch

Record = Callable[[str, object], None]


def wrong(pairs: Iterable[Pair]) -> tuple[int, list[str]]:
    """How many pairs there were, and those whose first cause is not theirs."""
    count, missed = 0, []
    for pair in pairs:
        count += 1
        found = [reason.cause.name for reason in mismatch(pair.first, pair.second).reasons]
        if (found[0] not in pair.causes) if found and pair.causes else bool(found) != bool(pair.causes):
            missed.append(f"{pair.name}: expected {' or '.join(pair.causes) or 'none'}, got {found[:3]}")
    return count, missed


@pytest.mark.parametrize("seed", [20261101])
def test_injected(seed: int, tmp_path: Path, record_property: Record, capsys: pytest.CaptureFixture[str]) -> None:
    """Of more than 60 kinds of fault all but three at most have their cause named first, and no clean pair has one."""
    kinds = len({**FAULTS, **ZIPPED})
    faults, missed = wrong(faulty_pairs(tmp_path, seed=seed, count=kinds))
    (tmp_path / "clean").mkdir()
    clean, alarms = wrong(clean_pairs(tmp_path / "clean", seed=seed))
    figure = f"causes named: {faults - len(missed)} of {faults}, false alarms: {len(alarms)} of {clean}"
    record_property("causes named", figure)
    with capsys.disabled():
        print(f"\n{figure}")  # noqa: T201  the figure is what this is for
    assert faults == kinds > 60
    assert clean == 60
    assert len(missed) <= 3, missed
    assert not alarms


def test_real_programs(tmp_path: Path, record_property: Record, capsys: pytest.CaptureFixture[str]) -> None:
    """At least 27 of 30 faults that real programs make in other surroundings have their cause named first."""
    faults, missed = wrong(rerun_pairs(tmp_path))
    figure = f"causes named, real programs: {faults - len(missed)} of {faults}"
    record_property("causes named, real programs", figure)
    with capsys.disabled():
        print(f"\n{figure}")  # noqa: T201  the figure is what this is for
    assert faults == 30
    assert len(missed) <= 3, missed

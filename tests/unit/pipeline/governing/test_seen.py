"""``pipeline.governing.seen``: a record is never shorter than it was seen to be, but where somebody says so."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from fakes.governed import FIRST_STEP
from twinbuild.errors import EnvironmentFault, PolicyRefused
from twinbuild.pipeline.governing import seen
from twinbuild.pipeline.governing.record import link_to
from twinbuild.pipeline.governing.seen import see_record

_STEPS: Final = (FIRST_STEP, replace(FIRST_STEP, number=2, previous=link_to((FIRST_STEP,))))
_PLACE: Final = Path("/record/production/tiny")


def test_never_shorter(tmp_path: Path) -> None:
    """As long, or longer; another place is another record; who says that it was begun anew begins there."""
    for count in (0, 1, 2, 2):
        see_record(tmp_path / "new" / "state", _PLACE, _STEPS[:count])
    state = tmp_path / "new" / "state"
    for count, said in ((1, "1 step now: it was cut off"), (0, "0 steps now")):
        with pytest.raises(PolicyRefused, match=f"TB8843.*step 2 of the record.*{said}"):
            see_record(state, _PLACE, _STEPS[:count])
    with pytest.raises(PolicyRefused, match=r"TB8843.*another one now"):
        see_record(state, _PLACE, (FIRST_STEP, replace(_STEPS[1], reason="x")))
    see_record(state, _PLACE.parent / "other", _STEPS[:1])
    see_record(state, _PLACE, _STEPS[:1], unlike=True)
    see_record(state, _PLACE, _STEPS)
    see_record(state, _PLACE, (), unlike=True)
    see_record(state, _PLACE, _STEPS[:1])


def test_too_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What lies there is remembered, and not what is gone, whatever their names."""
    monkeypatch.setattr(seen, "_MOST", 3)
    kept = tmp_path / "a"
    kept.mkdir()
    for place in (kept, *(tmp_path / f"{name}-gone" for name in "bcde")):
        see_record(tmp_path, place, _STEPS)
    with pytest.raises(PolicyRefused, match="TB8843"):
        see_record(tmp_path, kept, _STEPS[:1])


def test_damaged(tmp_path: Path) -> None:
    """What cannot be read is no reason to forget; a machine that keeps nothing is none to stop."""
    for content in ("", "[]", '{"/a":"0@x"}', '{"/a":1}'):
        (tmp_path / "records.json").write_text(content)
        with pytest.raises(EnvironmentFault, match="TB8810"):
            see_record(tmp_path, _PLACE, _STEPS)
    see_record(tmp_path / "records.json", _PLACE, _STEPS)


def test_a_disk_that_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was noted counts, though nothing more can be."""
    see_record(tmp_path, _PLACE, _STEPS)

    def full(*_: object) -> None:
        raise OSError

    monkeypatch.setattr(seen, "alone_with", full)
    see_record(tmp_path, _PLACE, _STEPS)
    with pytest.raises(PolicyRefused, match="TB8843"):
        see_record(tmp_path, _PLACE, _STEPS[:1])
    see_record(tmp_path, _PLACE, _STEPS[:1], unlike=True)

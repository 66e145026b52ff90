"""``pipeline.governing.recorded``: the record is the one that was logged, as long and step by step."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from fakes.governed import FIRST_STEP, NOW, Organisation, organisation
from twinbuild.codec.acts import encode_promotion
from twinbuild.codec.auditentry import Entry
from twinbuild.errors import PolicyRefused
from twinbuild.govern.acting import signed_act
from twinbuild.model.acts import Promotion
from twinbuild.pipeline.governing.logged import Logged
from twinbuild.pipeline.governing.record import append_step, link_to, next_path, step_path
from twinbuild.pipeline.governing.recorded import recorded_steps, require_logged

_SECOND: Final = replace(FIRST_STEP, release=f"sha256:{'2' * 64}", number=2, previous=link_to((FIRST_STEP,)))


def _logged(*steps: Promotion, numbered: bool = True) -> Logged:
    entries = tuple(
        Entry(
            action=step.action,
            by="x",
            time=NOW,
            release=step.release,
            name=step.name,
            version=step.version,
            details=f"stage={step.stage} policy=sha256:{'c' * 64}"
            + f" step={step.number}@sha256:{link_to((step,))} step=9 said" * numbered,
        )
        for step in steps
    )
    return Logged(entries=entries, given=True)


def _write(record: Path, ours: Organisation, *steps: Promotion) -> None:
    for step in steps:
        with append_step(record, step, signed_act(encode_promotion(step), ours.signer("linus"))):
            pass


def _read(record: Path, ours: Organisation, logged: Logged, **more: Any) -> int:
    return len(recorded_steps(record, "production", "tiny", ours.open(), now=NOW, logged=logged, **more))


def test_held_against_the_log(tmp_path: Path) -> None:
    """A record without the last step of the log is refused, however long; of what has no number nothing is said."""
    ours, record = organisation(tmp_path), tmp_path / "record"
    _write(record, ours, FIRST_STEP, _SECOND)
    both = _logged(FIRST_STEP, _SECOND)
    other = replace(_SECOND, reason="another")
    assert _read(record, ours, both) == _read(record, ours, _logged(FIRST_STEP)) == 2
    assert _read(record, ours, _logged(FIRST_STEP, other, _SECOND)) == 2  # it was taken again
    with pytest.raises(PolicyRefused, match=r"TB8842.*its step 2 is another one"):
        _read(record, ours, _logged(FIRST_STEP, _SECOND, other))
    assert _read(record, ours, _logged(other), unlike=True) == 2
    step_path(record, "production", "tiny", 2).unlink()
    with pytest.raises(PolicyRefused, match=r"TB8842.*1 step of tiny in production.*step 2: it was cut off"):
        _read(record, ours, both)
    others = (replace(_SECOND, name="x"), replace(_SECOND, stage="staging"))
    for logged in (Logged(), _logged(FIRST_STEP), _logged(_SECOND, numbered=False), _logged(*others)):
        assert _read(record, ours, logged) == 1
    assert _read(record, ours, both, unlike=True) == 1


def test_killed_after_it_was_logged(tmp_path: Path) -> None:
    """The step that was about to be taken is put in its place if the log has it, and no other one."""
    ours, record = organisation(tmp_path), tmp_path / "record"
    _write(record, ours, FIRST_STEP)
    envelope = signed_act(encode_promotion(_SECOND), ours.signer("linus"))
    with pytest.raises(ZeroDivisionError), append_step(record, _SECOND, envelope):
        raise ZeroDivisionError
    assert _read(record, ours, _logged(FIRST_STEP)) == 1
    with pytest.raises(PolicyRefused, match="TB8842"):
        _read(record, ours, _logged(FIRST_STEP, replace(_SECOND, release=FIRST_STEP.release)))
    with pytest.raises(PolicyRefused, match=r"TB8842.*no log is given"):  # it would be lost, though a log has it
        _read(record, ours, Logged())
    assert _read(record, ours, Logged(), unlike=True) == 1
    assert next_path(record, "production", "tiny").exists()
    assert _read(record, ours, _logged(FIRST_STEP, _SECOND)) == 2
    assert not next_path(record, "production", "tiny").exists()


def test_a_clock_that_is_behind(tmp_path: Path) -> None:
    """The log proves that it is later: what ended since does not count again. Minutes are none."""
    ours, record = organisation(tmp_path), tmp_path / "record"
    late = replace(_logged(FIRST_STEP).entries[0], action="note", time=NOW + 600)
    _write(record, ours, FIRST_STEP)
    assert _read(record, ours, Logged(entries=(late,), given=True)) == 1
    later = Logged(entries=(late, replace(late, time=NOW + 601)), given=True)
    with pytest.raises(PolicyRefused, match=r"TB8844.*it is 2027-01-15T08"):
        _read(record, ours, later)
    assert _read(record, ours, later, unlike=True) == 1


def test_what_a_stage_goes_back_to(tmp_path: Path) -> None:
    """A step that no log has is none, though its release was in the stage at another time."""
    again = replace(FIRST_STEP, number=3)
    require_logged(FIRST_STEP, _logged(FIRST_STEP, _SECOND), tmp_path)
    for logged in (
        Logged(),
        _logged(replace(FIRST_STEP, stage="staging")),
        _logged(FIRST_STEP, numbered=False),
        _logged(again),
    ):
        require_logged(again, logged, tmp_path)
    with pytest.raises(PolicyRefused, match="TB8898"):
        require_logged(again, _logged(FIRST_STEP, _SECOND), tmp_path)
    with pytest.raises(PolicyRefused, match="TB8898"):
        require_logged(again, _logged(_SECOND, numbered=False), tmp_path)
    mixed = Logged(entries=(*_logged(FIRST_STEP, numbered=False).entries, *_logged(_SECOND).entries))
    require_logged(FIRST_STEP, mixed, tmp_path)

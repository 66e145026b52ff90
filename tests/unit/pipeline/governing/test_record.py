"""``pipeline.governing.record``: steps in their order, signed by who may; the last good one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.governed import FIRST_STEP, NOW, Organisation, organisation
from twinbuild.codec.acts import encode_promotion
from twinbuild.errors import PolicyRefused, UsageError
from twinbuild.govern.acting import signed_act
from twinbuild.govern.keys import new_key
from twinbuild.govern.rootedits import with_role, with_rotated, without_key
from twinbuild.model.acts import Promotion
from twinbuild.model.digest import Digest
from twinbuild.pipeline.governing.record import alone, append_step, last_good, link_to, names_in, read_steps, step_path


def _after(steps: list[Promotion], release: str, action: str = "promoted") -> list[Promotion]:
    new = replace(
        FIRST_STEP, release=f"sha256:{release * 64}", number=len(steps) + 1, action=action, previous=link_to(steps)
    )
    return [*steps, new]


def _history(text: str) -> tuple[Promotion, ...]:
    """``12<1``: release 1, release 2, back to 1."""
    steps: list[Promotion] = []
    for sign, before in zip(text, f" {text}", strict=False):
        if sign != "<":
            steps = _after(steps, sign, "rolled-back" if before == "<" else "promoted")
    return tuple(steps)


@pytest.mark.parametrize(
    ("history", "target"),
    [
        ("1", None),
        ("12", "1"),
        ("11", None),
        ("123", "2"),
        ("123<2", "1"),
        ("12<1", None),
        ("12<12", "1"),
        ("12<13", "1"),
        ("123<2<1", None),
        ("121", "2"),
    ],
)
def test_last_good(history: str, target: str | None) -> None:
    """The latest other one that nobody went back from since."""
    found = last_good(_history(history))
    assert (found.release[7] if found is not None else None) == target


def _write(record: Path, ours: Organisation, steps: list[Promotion], by: str = "linus") -> None:
    for step in steps:
        with append_step(record, step, signed_act(encode_promotion(step), ours.signer(by))):
            pass


def _read(record: Path, ours: Organisation) -> int:
    return len(read_steps(record, "production", "tiny", ours.open(), now=NOW))


def test_read(tmp_path: Path) -> None:
    """In their order; a name that was never there has none."""
    ours = organisation(tmp_path)
    assert (_read(tmp_path / "record", ours), names_in(tmp_path / "record", "production")) == (0, ())
    _write(tmp_path / "record", ours, _after([FIRST_STEP], "2"))
    assert (_read(tmp_path / "record", ours), names_in(tmp_path / "record", "production")) == (2, ("tiny",))


def test_names(tmp_path: Path) -> None:
    """What was refused has a directory, and was never there."""
    with alone(tmp_path, "production", "tiny"):
        pass
    assert names_in(tmp_path, "production") == ()


def test_a_time_to_come(tmp_path: Path) -> None:
    """Whoever deploys lets nobody after them bear the time of a century: clocks may differ by minutes, and no more."""
    ours = organisation(tmp_path)
    _write(tmp_path / "a", ours, [replace(FIRST_STEP, time=NOW + 600)])
    assert _read(tmp_path / "a", ours) == 1
    _write(tmp_path / "b", ours, [replace(FIRST_STEP, time=NOW + 601)])
    with pytest.raises(PolicyRefused, match=r"TB8860.*a time to come"):
        _read(tmp_path / "b", ours)


def _path(record: Path, number: int) -> Path:
    return step_path(record, "production", "tiny", number)


@pytest.mark.parametrize(
    "change",
    [
        lambda record: _path(record, 2).unlink(),
        lambda record: _path(record, 3).write_bytes(_path(record, 2).read_bytes()),
        lambda record: _path(record, 1).write_bytes(_path(record, 2).read_bytes()),
        lambda record: _path(record, 2).write_bytes(b"{}"),
        lambda record: _path(record, 3).symlink_to(_path(record, 3).rename(record / "x")),
    ],
)
def test_tampered(tmp_path: Path, change: Callable[[Path], object]) -> None:
    """A step taken out, copied, put elsewhere, linked."""
    ours, record = organisation(tmp_path), tmp_path / "record"
    _write(record, ours, _after(_after([FIRST_STEP], "2"), "3"))
    assert _read(record, ours) == 3
    change(record)
    with pytest.raises(PolicyRefused):
        _read(record, ours)


def test_who(tmp_path: Path) -> None:
    """By who may deploy; a key that was rotated did, one that was revoked before did not."""
    ours = organisation(tmp_path)
    _write(tmp_path / "others", ours, [FIRST_STEP], by="grace")
    with pytest.raises(PolicyRefused):
        _read(tmp_path / "others", ours)
    _write(tmp_path / "record", ours, [FIRST_STEP])
    keyid = ours.keyid("linus")
    ours.change(lambda root: with_rotated(root, keyid, new_key("ed25519").public, now=NOW, until=NOW))
    assert _read(tmp_path / "record", ours) == 1
    ours.change(lambda root: without_key(root, keyid, at=NOW - 20, reason="lost"))
    with pytest.raises(PolicyRefused) as raised:
        _read(tmp_path / "record", ours)
    assert "was revoked (lost) then" in str(raised.value)


def test_who_left_the_role(tmp_path: Path) -> None:
    """What linus brought there while he might stays on record when grace takes his role; a step of later does not."""
    ours, record = organisation(tmp_path), tmp_path / "record"
    then = ours.open()
    first = replace(FIRST_STEP, trust=str(then.digest), policy=Digest.of(then.policy).hex)
    _write(record, ours, [first])
    ours.change(lambda root: with_role(root, "deployer", ("grace",), 1), now=NOW)
    assert _read(record, ours) == 1
    late = replace(first, number=2, previous=link_to([first]), time=NOW + 1)
    _write(record, ours, [late])
    with pytest.raises(PolicyRefused, match="who may not deploy"):
        _read(record, ours)
    for other in (replace(first, trust=FIRST_STEP.trust), replace(first, policy="d" * 64), replace(first, time=5)):
        _path(record, 2).unlink(missing_ok=True)
        _write(record, ours, [other])
        with pytest.raises(PolicyRefused, match="TB8860"):
            _read(record, ours)


def test_a_role_that_takes_several(tmp_path: Path) -> None:
    """A step has one signature: nobody takes one alone in a role of two, unless it took one then."""
    ours, record = organisation(tmp_path), tmp_path / "record"
    then = ours.open()
    ours.change(lambda root: with_role(root, "deployer", ("grace", "linus"), 2), now=NOW)
    _write(record, ours, [FIRST_STEP])
    with pytest.raises(PolicyRefused, match="who may not deploy"):
        _read(record, ours)
    _path(record, 1).unlink()
    _write(record, ours, [replace(FIRST_STEP, trust=str(then.digest), policy=Digest.of(then.policy).hex)])
    assert _read(record, ours) == 1


def test_another_place(tmp_path: Path) -> None:
    """Steps of another name or stage are none of this one; times do not go back."""
    ours = organisation(tmp_path)
    content = signed_act(encode_promotion(replace(FIRST_STEP, name="other")), ours.signer("linus"))
    with append_step(tmp_path / "a", FIRST_STEP, content):
        pass
    _write(tmp_path / "b", ours, [FIRST_STEP, replace(_after([FIRST_STEP], "2")[1], time=FIRST_STEP.time - 1)])
    for record in ("a", "b"):
        with pytest.raises(PolicyRefused) as raised:
            _read(tmp_path / record, ours)
        assert raised.value.findings[0].code == "TB8860"


def test_a_step_that_the_log_refuses(tmp_path: Path) -> None:
    """It does not wait for anybody: no later run has to ask a log for it."""
    ours = organisation(tmp_path)
    content = signed_act(encode_promotion(FIRST_STEP), ours.signer("linus"))
    with pytest.raises(PolicyRefused), append_step(tmp_path / "record", FIRST_STEP, content):
        raise PolicyRefused.of("TB8634", "another key", hint="x", where="log")
    assert not list((tmp_path / "record").rglob("*.json"))


def test_no_links(tmp_path: Path) -> None:
    """A record is no link, and holds none."""
    (tmp_path / "link").symlink_to(tmp_path)
    (tmp_path / "record").mkdir()
    (tmp_path / "record" / "production").symlink_to(tmp_path)
    for record in ("link", "record"):
        with pytest.raises(UsageError), alone(tmp_path / record, "production", "tiny"):
            pass

"""The record of promotions: per stage and name, numbered signed steps, each of which names the one before it.

``DIR/STAGE/NAME/000001.dsse.json``, … It says what is in a stage, and what was there before. Cut
off at its end it is a shorter record that holds: the audit log knows better.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Final

from twinbuild.codec.acts import decode_promotion, encode_promotion
from twinbuild.codec.dsse import decode_envelope
from twinbuild.codec.moments import moment_text
from twinbuild.errors import Location, PolicyRefused, TwinbuildError, UsageError
from twinbuild.govern.acting import opened_act
from twinbuild.govern.judging.people import allowed
from twinbuild.model.acts import Promotion
from twinbuild.model.digest import Digest
from twinbuild.model.policy import OrganisationPolicy
from twinbuild.model.trust import TrustRoot
from twinbuild.pipeline.alone import LONG, alone_in
from twinbuild.pipeline.governing.checking import policy_of, standing_then
from twinbuild.pipeline.governing.trustdir import Trusted
from twinbuild.pipeline.output import write_file
from twinbuild.pipeline.regular import Irregular, Missing, read_regular

__all__ = [
    "AHEAD",
    "alone",
    "append_step",
    "finish_step",
    "last_good",
    "link_to",
    "names_in",
    "next_path",
    "read_steps",
    "step_path",
    "write_step",
]

_LARGEST: Final = 64 << 10  # bytes of a step
_MOST: Final = 1_000_000  # steps
AHEAD: Final = 600
"""Seconds by which the clocks of two machines may differ."""
_COPY: Final = "take the record from a copy that is whole, and hold it against the audit log"


def step_path(record: Path, stage: str, name: str, number: int) -> Path:
    """Where a step lies."""
    return record / stage / name / f"{number:06}.dsse.json"


def next_path(record: Path, stage: str, name: str) -> Path:
    """Where the step lies that is about to be taken, until the log has it."""
    return record / stage / name / ".next.dsse.json"


def names_in(record: Path, stage: str) -> tuple[str, ...]:
    """Names of releases that were in a stage."""
    place = record / stage
    found = sorted(path.name for path in place.iterdir()) if place.is_dir() else []
    return tuple(name for name in found if step_path(record, stage, name, 1).is_file())


def read_steps(record: Path, stage: str, name: str, trusted: Trusted, *, now: int) -> tuple[Promotion, ...]:
    """The steps of a release in a stage, oldest first; () for one that was never there.

    Each is signed by somebody whose roles may deploy, or might when the step was taken, with a key that counted at the
    time that the step states; times do not go back. Raises PolicyRefused TB8860, TB8850, TB8617, and as ``policy_of``.
    """
    policy = policy_of(trusted).value
    found: list[Promotion] = []
    while len(found) < _MOST:
        path = step_path(record, stage, name, len(found) + 1)
        try:
            content = read_regular(path, _LARGEST)
        except Missing:
            break
        except Irregular as error:
            raise _refused(path, f"{path.name} {error}") from None
        found.append(_step(path, content, found, trusted, policy, now=now))
        if (found[-1].stage, found[-1].name) != (stage, name):
            raise _refused(path, f"it is about {found[-1].name} in {found[-1].stage}, not {name} in {stage}")
    _refuse_gap(record / stage / name, len(found))
    return tuple(found)


def _step(
    path: Path, content: bytes, before: list[Promotion], trusted: Trusted, policy: OrganisationPolicy, *, now: int
) -> Promotion:
    payload, judged = opened_act(content, trusted.root, now, name=str(path))
    act = decode_promotion(payload, name=str(path))
    if (act.number, act.previous) != (len(before) + 1, link_to(before)) or act.time < (
        before[-1].time if before else 0
    ):
        raise _refused(path, "it is not the step after the one before it")
    if act.time > now + AHEAD:  # each step after it would have to bear this time, when no key may count
        raise _refused(path, f"it states a time to come, {moment_text(act.time)}")
    if judged is None:
        raise _refused(path, "it is signed by nobody of the trust root")
    if not _might(act, judged.key.keyid, trusted.root, policy):
        then = standing_then(trusted, act)  # who left the role brought there what runs today all the same
        if then is None or not _might(act, judged.key.keyid, *then):
            raise _refused(path, f"it is signed by {judged.key.who}, who may not deploy")
    if why := judged.key.objection(act.time):
        raise _refused(path, f"the key {judged.key.keyid[:16]}… of {judged.key.who} {why} then")
    return act


def _might(act: Promotion, keyid: str, root: TrustRoot, policy: OrganisationPolicy) -> bool:
    roles = {role for _, rule in allowed(policy, "deploy", act.name, act.stage) for role in rule.roles}
    alone = {role.name for role in root.roles if role.threshold == 1}  # a step has one signature
    return bool(roles & alone & set(root.roles_of(keyid)))


def link_to(steps: list[Promotion] | tuple[Promotion, ...]) -> str:
    """What the next step names: the SHA-256 of the last one's text, "" for the first step."""
    return Digest.of(encode_promotion(steps[-1])).hex if steps else ""


def _refuse_gap(place: Path, count: int) -> None:
    if place.is_dir():
        beyond = sorted(path.name for path in place.iterdir() if path.name[0] != "." and path.name > f"{count:06}.z")
        if beyond:
            raise _refused(place, f"step {count + 1} is missing, and {beyond[0]} is there")


@contextmanager
def append_step(record: Path, act: Promotion, envelope: bytes) -> Iterator[None]:
    """Write the next step; what has to happen before it counts is done within the context. The caller is ``alone``.

    It lies in the place of the next step meanwhile, so that who was killed after it was logged is told from who cut it
    off: ``finish_step``. Where the log refuses it, it goes.
    """
    waiting = next_path(record, act.stage, act.name)
    write_file(waiting, envelope)
    try:
        yield
    except TwinbuildError:  # said before anything is signed; of any other error nobody knows when it came
        waiting.unlink(missing_ok=True)
        raise
    waiting.replace(step_path(record, act.stage, act.name, act.number))


def write_step(record: Path, act: Promotion, envelope: bytes) -> None:
    """Write the next step where no log is kept. One that a killed run was about to take is given up by it."""
    write_file(step_path(record, act.stage, act.name, act.number), envelope)
    next_path(record, act.stage, act.name).unlink(missing_ok=True)


def finish_step(record: Path, stage: str, name: str, number: int, sha256: str) -> bool:
    """Put the step that was about to be taken in its place if this one was logged; whether it was."""
    waiting = next_path(record, stage, name)
    try:
        payload = decode_envelope(read_regular(waiting, _LARGEST), name=str(waiting)).payload
    except (Irregular, PolicyRefused):
        return False
    if Digest.of(payload).hex != sha256:
        return False
    waiting.replace(step_path(record, stage, name, number))
    return True


def last_good(steps: tuple[Promotion, ...]) -> Promotion | None:
    """The step to go back to: the latest other release that nobody went back from since it was promoted last."""
    bad: set[str] = set()
    for before, step in pairwise(steps):
        if step.action == "rolled-back":
            bad.add(before.release)
        else:
            bad.discard(step.release)
    for step in reversed(steps):
        if step.release != steps[-1].release and step.release not in bad:
            return step
    return None


@contextmanager
def alone(record: Path, stage: str, name: str) -> Iterator[None]:
    """While the context lasts, nobody else takes a step with this release in this stage."""
    place = record / stage / name
    if any(each.is_symlink() for each in (record, record / stage, place)):
        hint = "name the directory itself"
        raise UsageError.of("TB8001", f"{record} is or holds a link", hint=hint, where=Location(file=str(record)))
    place.mkdir(parents=True, exist_ok=True)
    with alone_in(place, wait=LONG):
        yield


def _refused(path: Path, why: str) -> PolicyRefused:
    return PolicyRefused.of(
        "TB8860", f"the record does not hold at {path.name}: {why}", hint=_COPY, where=Location(file=str(path))
    )

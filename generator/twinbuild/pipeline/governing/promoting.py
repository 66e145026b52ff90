"""Bring a release to a stage, or a stage back to an earlier one: judged, written, recorded, logged.

What is applied appears at once, after the step is in the log and in the record: whoever is killed in between has a step
on record that nobody applied, and never one that was applied without a record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from twinbuild.codec.acts import encode_promotion, reason_fault
from twinbuild.codec.trustroot import is_name
from twinbuild.deploy.promoted import annotated, place_of
from twinbuild.errors import IntegrityError, Location, PolicyRefused, TwinbuildError, UsageError
from twinbuild.govern.acting import signed_act
from twinbuild.govern.signer import Signer
from twinbuild.model.acts import Promotion
from twinbuild.model.digest import Digest
from twinbuild.model.settings import OCI_SCHEME, Settings
from twinbuild.model.spec.values import check_stage
from twinbuild.pipeline.governing.checking import Checked, check_policy, refuse
from twinbuild.pipeline.governing.encrypted import Holds
from twinbuild.pipeline.governing.entries import append_act, entry_of
from twinbuild.pipeline.governing.knowing import Question, sound
from twinbuild.pipeline.governing.logged import Logged
from twinbuild.pipeline.governing.record import alone, append_step, last_good, link_to, step_path, write_step
from twinbuild.pipeline.governing.recorded import recorded_steps, require_logged
from twinbuild.pipeline.governing.schemas import schemas_of
from twinbuild.pipeline.governing.seen import see_record
from twinbuild.pipeline.governing.trustdir import Trusted
from twinbuild.pipeline.output import Output, replace_directory, write_file
from twinbuild.pipeline.reading.attested import directory_of
from twinbuild.pipeline.reading.released import Released, read_release
from twinbuild.pipeline.regular import LARGEST, Irregular, read_regular

__all__ = ["PROMOTION", "Log", "Order", "Promoted", "find_release", "promote", "roll_back"]

PROMOTION: Final = "promotion.dsse.json"
_MOST: Final = 100_000  # directories that are looked into


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """An audit log, and what signs its checkpoints."""

    directory: Path
    signer: Signer


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Who brings something to a stage, when and why; where it is recorded, logged, and written to.

    ``unlike``: the record may be another one than was logged or seen. ``state`` keeps what this machine saw.

    ``anew`` gives the time, the trust root and the log once nobody else takes a step: what others did while they were
    waited for counts. Without it they are those that were given.
    """

    stage: str
    signer: Signer
    now: int
    record: Path
    output: Path
    reason: str = ""
    besides: tuple[Path, ...] = ()
    archive: str | None = None
    holds: Holds | None = None
    log: Log | None = None
    logged: Logged = field(default_factory=Logged)
    unlike: bool = False
    state: Path | None = None
    anew: Callable[[], tuple[int, Trusted, Logged]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Promoted:
    """What was judged, the step that was taken, and how many files are to be applied."""

    checked: Checked
    step: Promotion
    files: int


def promote(release: Released, trusted: Trusted, order: Order, settings: Settings) -> Promoted:
    """Bring a release to a stage. Raises PolicyRefused with each rule that refuses (which is logged, too).

    PolicyRefused TB8842 and TB8843 for a record that is not the one that was logged or seen; UsageError TB8864 for a
    release without files for the stage, TB8020 where the output is something else than what was promoted.
    """
    name = _name(release)
    _require_stage(order.stage)
    _require_place(order, release, trusted)
    with _alone(order, name, trusted) as (newest, due):
        with _telling(due, release, newest):
            steps = _steps(due, name, newest)
        return _go(release, newest, due, settings, steps, action="promoted")


def roll_back(
    name: str,
    trusted: Trusted,
    order: Order,
    settings: Settings,
    *,
    find: Callable[[str], Released],
    accept_schemas: bool = False,
) -> Promoted:
    """Bring a stage back to the last good release of a name; ``find`` brings the one of a release digest.

    Raises as ``promote``, and PolicyRefused TB8861 where there is none, TB8862 where its schemas are others, TB8898 for
    one of which the log does not know that it was there, and what ``find`` raises where it is not at hand.
    """
    _require_stage(order.stage)
    if not is_name(name):
        hint = "name the release"
        raise UsageError.of("TB8001", f"{name[:80]!r} is no name of a release", hint=hint, where="NAME")
    with _alone(order, name, trusted) as (newest, due):
        steps = _steps(due, name, newest)
        target = last_good(steps)
        if target is None:
            raise PolicyRefused.of(
                "TB8861",
                f"no release of {name} was in {due.stage} before the one that is there now, and is still good",
                hint="promote another release: `twinbuild promote`",
                where=str(due.record),
            )
        release = find(target.release)
        if str(release.digest) != target.release:  # whatever was named so where releases lie
            raise _elsewhere(target.release, f"what was found instead is {release.digest}")
        _require_place(due, release, newest)
        with _telling(due, release, newest):
            require_logged(target, due.logged, due.record)
            changed = [
                what
                for what, old, new in zip(("requests", "answers"), schemas_of(release), steps[-1].schemas, strict=True)
                if old != new
            ]
            if changed and not accept_schemas:
                raise PolicyRefused.of(
                    "TB8862",
                    f"{name} {target.version} has other schemas than {steps[-1].version}, which runs: "
                    f"{', '.join(changed)}",
                    hint="look at both: `twinbuild parity`; --accept-schemas rolls back all the same",
                    where=str(release.path),
                )
        return _go(release, newest, due, settings, steps, action="rolled-back")


@contextmanager
def _alone(order: Order, name: str, trusted: Trusted) -> Iterator[tuple[Trusted, Order]]:
    """While nobody else takes a step: the trust root and the order as they are now.

    Another one may have been killed, or was in time, between the log and the record; a key may have been revoked.
    """
    with alone(order.record, order.stage, name):
        if order.anew is None:
            yield trusted, order
            return
        now, trusted, logged = order.anew()
        yield trusted, replace(order, now=now, logged=logged)


def _steps(order: Order, name: str, trusted: Trusted) -> tuple[Promotion, ...]:
    steps = recorded_steps(
        order.record,
        order.stage,
        name,
        trusted,
        now=order.now,
        logged=order.logged,
        unlike=order.unlike,
    )
    _see(order, name, steps)
    return steps


def _see(order: Order, name: str, steps: tuple[Promotion, ...]) -> None:
    if order.state is not None:
        place = step_path(order.record, order.stage, name, 1).parent.resolve()
        see_record(order.state, place, steps, unlike=order.unlike)


def _go(
    release: Released,
    trusted: Trusted,
    order: Order,
    settings: Settings,
    steps: tuple[Promotion, ...],
    *,
    action: str,
) -> Promoted:
    if fault := reason_fault(order.reason):
        raise UsageError.of("TB8001", fault, hint="say it in one line", where="--reason")
    digest, name = str(release.digest), _name(release)
    keyid = order.signer.public.keyid
    question = Question(
        stage=order.stage,
        at=order.now,
        action="rollback" if action == "rolled-back" else "promote",
        deployer=keyid,
        modifies=any(step.release != digest for step in steps),
        back=action == "rolled-back",
        besides=order.besides,
        archive=order.archive,
        holds=order.holds,
        logged=order.logged,
    )
    with _telling(order, release, trusted):
        checked = check_policy(release, trusted, question, settings)
        refuse(checked)
    files = _files(release, order.stage)
    metadata: Any = release.document["metadata"]
    step = Promotion(
        release=digest,
        name=name,
        version=metadata["version"],
        stage=order.stage,
        action=action,
        number=len(steps) + 1,
        previous=link_to(steps),
        time=max(order.now, steps[-1].time if steps else 0),
        trust=str(trusted.digest),
        policy=Digest.of(trusted.policy).hex,
        schemas=schemas_of(release),
        reason=order.reason,
    )
    envelope = signed_act(encode_promotion(step), order.signer)
    with replace_directory(order.output, Output.PROMOTION) as fresh:
        for path, content in files.items():
            write_file(fresh / path, content)
        write_file(fresh / PROMOTION, envelope)
        if order.log is None:
            write_step(order.record, step, envelope)
        else:
            with append_step(order.record, step, envelope):
                about = f"{step.number}@sha256:{link_to((step,))}"
                _log(order, release, trusted, action, order.reason, step=about)
    _see(order, name, (*steps, step))
    return Promoted(checked=checked, step=step, files=len(files))


@contextmanager
def _telling(order: Order, release: Released, trusted: Trusted) -> Iterator[None]:
    """Log a refusal, whatever it is for: a rule, a forged signature, an approval of another release, other bytes."""
    try:
        yield
    except (PolicyRefused, IntegrityError) as error:
        _log(order, release, trusted, "refused", ", ".join(dict.fromkeys(each.code for each in error.findings)))
        raise


def _log(order: Order, release: Released, trusted: Trusted, action: str, said: str, *, step: str = "") -> None:
    if order.log is not None:
        entry = entry_of(
            release,
            action=action,
            by=order.signer.public.keyid,
            stage=order.stage,
            now=order.now,
            said=said,
            policy=Digest.of(trusted.policy),
            step=step,
            accepted=order.unlike,
        )
        append_act(order.log.directory, order.log.signer, entry)


def _name(release: Released) -> str:
    return str(sound(release)["metadata"]["name"])


def _require_stage(stage: str) -> None:
    if check_stage(stage) is not None:
        hint = "name a stage in lower case, such as production"
        raise UsageError.of("TB8001", f"{stage[:80]!r} is no name of a stage", hint=hint, where="--to")


def _require_place(order: Order, release: Released, trusted: Trusted) -> None:
    """What is applied takes the place of what was applied, and of nothing else, and no release or record has it.

    Raises UsageError TB8020.
    """
    output, why = order.output, ""
    if output.is_dir() and any(output.iterdir()) and not (output / PROMOTION).is_file():
        why = f"holds files that `twinbuild promote` did not write: it has no {PROMOTION}"
    kept = [("the record", order.record), ("the trust root", trusted.directory), ("the release", directory_of(release))]
    kept += [("the audit log", order.log.directory)] if order.log is not None else []
    kept += [("approvals", place) for place in order.besides]
    if order.archive is not None and not order.archive.startswith(OCI_SCHEME):
        kept.append(("the archive", Path(order.archive)))
    inside = [what for what, place in kept if place.resolve().is_relative_to(output.resolve())]
    steps = step_path(order.record, order.stage, _name(release), 1).parent
    around = (("the record", steps), ("the release", directory_of(release)))
    within = [what for what, place in around if output.resolve().is_relative_to(place.resolve())]
    if within:
        why = f"lies within {within[0]}, which has no such files"
    if inside:
        why = f"is or holds {inside[0]}, which would be lost"
    if why:
        hint = "name another output, or move it away"
        raise UsageError.of("TB8020", f"the output {output} {why}", hint=hint, where="--output")


def _files(release: Released, stage: str) -> dict[str, bytes]:
    """The stage's files with the release digest in them; each was compared with the manifest, and is again."""
    directory, found = directory_of(release), {}
    documents: Any = release.document["documents"]
    for entry in documents:
        place = place_of(entry["path"], stage)
        if not place:
            continue
        path = directory / entry["path"]
        try:
            content = read_regular(path, LARGEST)
        except Irregular:
            content = b""
        if Digest.of(content).hex != entry["sha256"]:
            message = f"{entry['path']} was changed while it was read"
            raise IntegrityError.of("TB8619", message, hint="do not use it", where=Location(file=str(path)))
        found[place] = annotated(content, release.digest) if path.suffix == ".yaml" else content
    if not found:
        stages: Any = release.document["publish"]
        known = ", ".join(sorted(stages.get("repositories", {}))) or "none"
        raise UsageError.of(
            "TB8864",
            f"the release has no files for the stage {stage!r}, only for {known}",
            hint="name one of its stages, or add it to `publish.repositories` and release again",
            where="--to",
        )
    return found


def find_release(digest: str, places: tuple[Path, ...]) -> Released:
    """The release of a digest in directories of releases, or in one that is named itself. Raises UsageError TB8863."""
    for place in places:
        inside = sorted(path for path in place.iterdir() if path.is_dir())[:_MOST] if place.is_dir() else []
        for directory in (place, *inside):
            if not (directory / "release.digest").is_file():
                continue
            try:
                found = read_release(directory)
            except TwinbuildError:
                continue
            if str(found.digest) == digest:
                return found
    raise _elsewhere(digest, f"in none of {', '.join(str(place) for place in places) or 'no directory'}")


def _elsewhere(digest: str, where: str) -> UsageError:
    return UsageError.of(
        "TB8863",
        f"the release {digest} is not there: {where}",
        hint="say with --releases or --archive where it lies; it is the same wherever it lies",
        where="--releases",
    )

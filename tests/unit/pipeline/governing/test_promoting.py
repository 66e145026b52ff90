"""``pipeline.governing.promoting``: judged, written, recorded and logged; back to the last good one."""

from __future__ import annotations

import base64
import json
import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from fakes.case import Staged
from fakes.governed import NOW, POLICY
from twinbuild.codec.acts import encode_promotion
from twinbuild.codec.canonical import canonical
from twinbuild.errors import IntegrityError, PolicyRefused, TwinbuildError, UsageError
from twinbuild.govern.acting import signed_act
from twinbuild.govern.rootedits import without_key
from twinbuild.model.digest import Digest
from twinbuild.model.settings import Settings
from twinbuild.pipeline.audit.log import new_log
from twinbuild.pipeline.audit.read import read_entries
from twinbuild.pipeline.governing.logged import Logged
from twinbuild.pipeline.governing.promoting import (
    PROMOTION,
    Log,
    Order,
    Promoted,
    find_release,
    promote,
    roll_back,
)
from twinbuild.pipeline.governing.record import link_to, next_path, step_path
from twinbuild.pipeline.governing.trustdir import Trusted

SETTINGS = Settings(store="/nowhere")


def _promote(found: Staged, which: str = "first", **more: object) -> Promoted:
    order = found.order(**more)  # type: ignore[arg-type]
    return promote(getattr(found, which).release, found.ours.open(now=order.now), order, SETTINGS)


def _back(found: Staged, **more: object) -> Promoted:
    accept = bool(more.pop("accept_schemas", False))
    order: Order = found.order(now=NOW + 5, **more)  # type: ignore[arg-type]
    trusted = found.ours.open(now=NOW + 5)
    find = partial(find_release, places=(found.place / "releases",))
    return roll_back("tiny", trusted, order, SETTINGS, find=find, accept_schemas=accept)


def _code(found: Staged, which: str = "first", **more: object) -> list[str]:
    with pytest.raises(TwinbuildError) as raised:
        _promote(found, which, **more)
    return [each.code for each in raised.value.findings]


def _log(found: Staged) -> Log:
    bot = found.ours.signer("bot")
    new_log(found.place / "log", "example.com/log", bot)
    return Log(directory=found.place / "log", signer=bot)


def _refusals(log: Log) -> list[str]:
    entries = read_entries(log.directory)[2]
    assert {each.action for each in entries} == {"refused"}
    return [each.details.rpartition(" ")[2] for each in entries]


def test_there_and_back(staged: Staged) -> None:
    """Two versions, and back once: files with the digest, steps, the log."""
    bot = staged.ours.signer("bot")
    new_log(staged.place / "log", "example.com/log", bot)
    log = Log(directory=staged.place / "log", signer=bot)
    assert _promote(staged, log=log).step.number == 1
    assert _promote(staged, "second", log=log).checked.facts.modifies
    out = staged.place / "out"
    deployment = (out / "kubernetes" / "deployment.yaml").read_text()
    assert f"dev.twinbuild/release-digest: {staged.second.release.digest}\n" in deployment
    assert (out / PROMOTION).read_bytes() == (
        staged.place / "record" / "production" / "tiny" / "000002.dsse.json"
    ).read_bytes()
    back = _back(staged, log=log, reason="answers late")
    assert (back.step.release, back.step.action, back.step.number) == (
        str(staged.first.release.digest),
        "rolled-back",
        3,
    )
    assert str(staged.first.release.digest) in (out / "kubernetes" / "deployment.yaml").read_text()
    assert [(each.action, each.version) for each in read_entries(log.directory)[2]] == [
        ("promoted", "1.0.0"),
        ("promoted", "1.1.0"),
        ("rolled-back", "1.0.0"),
    ]
    with pytest.raises(PolicyRefused) as raised:
        _back(staged)
    assert raised.value.findings[0].code == "TB8861"


def test_refused(staged: Staged) -> None:
    """By who may not, unapproved, approved by who signed: the rule is named and logged, and nothing is written."""
    log = _log(staged)
    assert _code(staged, by="grace", log=log) == ["TB8836"]
    shutil.rmtree(staged.first.dist / "approvals")
    assert _code(staged, log=log) == ["TB8831"]
    staged.first.approve("ada")
    assert _code(staged, log=log) == ["TB8832", "TB8831"]
    assert not (staged.place / "out").exists()
    assert not list((staged.place / "record").rglob("*.json"))
    entries = read_entries(log.directory)[2]
    assert [each.action for each in entries] == ["refused"] * 3
    assert entries[0].details == f"stage=production policy={Digest.of(staged.ours.open().policy)} TB8836"


def test_no_other_place(staged: Staged) -> None:
    """What is applied takes the place of what was applied, and of no release, record, or whatever else lies there."""
    dist, out = staged.first.dist, staged.place / "out"
    for place in (dist, staged.second.dist, dist.parent, staged.ours.directory):
        assert _code(staged, output=place) == ["TB8020"]
    for place in (dist / "out", staged.place / "record" / "production" / "tiny" / "out"):
        assert _code(staged, output=place) == ["TB8020"]
    assert not (staged.place / "record").exists()
    _promote(staged)
    assert _code(staged, "second", record=out / "record") == ["TB8020"]
    for more in ({"besides": (out / "approvals",)}, {"archive": str(out / "archive")}):
        assert _code(staged, "second", **more) == ["TB8020"]
    assert (dist / "release.digest").is_file()
    _promote(staged, "second")
    log = _log(staged)
    shutil.move(staged.place / "log", out / "log")
    with pytest.raises(UsageError, match=r"TB8020.*the audit log"):
        _back(staged, record=staged.place / "record", log=replace(log, directory=out / "log"))


def test_cut_off(staged: Staged) -> None:
    """A record without its last step is not gone on from where the log has it; who says that it was none may."""
    log = _log(staged)
    first = _promote(staged, log=log).step
    second = _promote(staged, "second", log=log).step
    entries = read_entries(log.directory)[2]
    assert [each.details.rpartition(" ")[2] for each in entries] == [
        f"step={step.number}@sha256:{link_to((step,))}" for step in (first, second)
    ]
    step = staged.place / "record" / "production" / "tiny" / "000002.dsse.json"
    kept = step.read_bytes()
    step.unlink()
    logged = Logged(entries=entries, given=True)
    assert _code(staged, "second", log=log, logged=logged) == ["TB8842"]
    assert read_entries(log.directory)[2][-1].details.endswith(" TB8842")
    step.with_name(".next.dsse.json").write_bytes(kept)  # as after a kill between the log and the record
    assert _promote(staged, log=log, logged=logged).step.number == 3
    assert step.read_bytes() == kept
    step.with_name("000003.dsse.json").unlink()
    step.unlink()
    again = _promote(staged, log=log, logged=logged, unlike=True).step
    assert again.number == 2
    entry = read_entries(log.directory)[2][-1]
    assert entry.details.endswith(f" step=2@sha256:{link_to((again,))} record=accepted")
    assert Logged(entries=(entry,)).steps("tiny", "production") == ((2, link_to((again,))),), "read as any other step"
    assert [each.details for each in entries if "record=" in each.details] == []
    state = staged.place / "seen"  # without a log this machine remembers
    assert _promote(staged, "second", state=state).step.number == 3
    step.with_name("000003.dsse.json").unlink()
    assert _code(staged, "second", state=state) == ["TB8843"]
    assert _promote(staged, "second", state=state, unlike=True).step.number == 3


def test_given_up(staged: Staged) -> None:
    """Who takes a step all the same gives up the one that a killed run left: nobody is asked about it again."""
    _promote(staged)
    record = staged.order().record
    waiting = next_path(record, "production", "tiny")
    shutil.copy(step_path(record, "production", "tiny", 1), waiting)
    assert _code(staged, "second") == ["TB8842"]
    _promote(staged, "second", unlike=True)
    assert not waiting.exists()
    assert _promote(staged).step.number == 3


def test_as_it_is_when_nobody_else_is_at_it(staged: Staged) -> None:
    """What others did while they were waited for counts: a step that was logged is finished, a key is revoked."""
    log = _log(staged)
    early = staged.order(log=log, now=NOW - 5, logged=Logged(given=True))  # read before the first step was taken
    first = _promote(staged, log=log).step
    place = staged.place / "record" / "production" / "tiny"
    taken = (place / "000001.dsse.json").read_bytes()
    (place / "000001.dsse.json").rename(place / ".next.dsse.json")  # as after a kill between the log and the record

    def anew() -> tuple[int, Trusted, Logged]:
        return NOW, staged.ours.open(), Logged(entries=read_entries(log.directory)[2], given=True)

    step = promote(staged.second.release, staged.ours.open(), replace(early, anew=anew), SETTINGS).step
    assert (step.number, step.previous, step.time) == (2, link_to((first,)), NOW)
    assert (place / "000001.dsse.json").read_bytes() == taken
    assert [each.time for each in read_entries(log.directory)[2]] == [NOW, NOW], "no clock goes back"
    before = staged.ours.open()
    keyid = staged.ours.keyid("linus")
    staged.ours.change(lambda root: without_key(root, keyid, at=NOW - 20, reason="lost"))
    with pytest.raises(PolicyRefused, match="lost"):
        promote(staged.first.release, before, replace(early, anew=anew), SETTINGS)
    with pytest.raises(PolicyRefused, match="lost"):
        roll_back("tiny", before, replace(early, anew=anew), SETTINGS, find=lambda _: staged.first.release)


def test_approval_of_another_version(staged: Staged) -> None:
    """That of the first version lies beside the second."""
    shutil.rmtree(staged.second.dist / "approvals")
    shutil.copytree(staged.first.dist / "approvals", staged.second.dist / "approvals")
    log = _log(staged)
    assert _code(staged, "second", log=log) == ["TB8851"]
    assert _refusals(log) == ["TB8851"]


def test_altered_files(staged: Staged) -> None:
    """A file of the stage that was changed after it was signed, and an approval: the log is told."""
    log = _log(staged)
    (approval,) = (staged.first.dist / "approvals").iterdir()
    sound = approval.read_bytes()
    envelope = json.loads(sound)
    payload = base64.b64decode(envelope["payload"]).replace(b"2027-01-15T08", b"2027-01-15T07")
    approval.write_text(json.dumps({**envelope, "payload": base64.b64encode(payload).decode()}))
    assert _code(staged, log=log) == ["TB8617"]
    approval.write_bytes(sound)
    path = staged.first.dist / "deploy" / "kubernetes" / "production" / "deployment.yaml"
    path.write_bytes(path.read_bytes().replace(b"registry.example", b"registry.another"))
    assert _code(staged, log=log) == ["TB7005"]
    assert _refusals(log) == ["TB8617", "TB7005"]


def test_frozen_but_back(staged: Staged) -> None:
    """In a freeze nothing goes forward; back it goes, unless that is frozen, too."""
    _promote(staged)
    _promote(staged, "second")
    freeze = """freeze:
  - {name: quiet, stages: ['*'], zone: UTC, reason: r, from: '2027-01-01T00:00', until: '2027-02-01T00:00'}
"""
    staged.ours.change(lambda root: root, policy=(POLICY + freeze).encode())
    assert _code(staged, "second", now=NOW + 1) == ["TB8835"]
    bound = freeze.replace("reason: r", "reason: r, rollbacks: refuse")
    staged.ours.change(lambda root: root, policy=(POLICY + bound).encode())
    with pytest.raises(PolicyRefused):
        _back(staged)
    staged.ours.change(lambda root: root, policy=(POLICY + freeze).encode())
    assert _back(staged).step.action == "rolled-back"


def test_another_than_it_was(staged: Staged) -> None:
    """Whatever is brought under the digest of the step, a stage goes back to the release of that digest alone."""
    _promote(staged)
    _promote(staged, "second")
    trusted, order = staged.ours.open(now=NOW + 5), staged.order(now=NOW + 5)
    with pytest.raises(UsageError) as raised:
        roll_back("tiny", trusted, order, SETTINGS, find=lambda _: staged.second.release)
    assert raised.value.findings[0].code == "TB8863"


def test_schemas(staged: Staged) -> None:
    """Other requests than what runs takes: only if that is accepted."""
    _promote(staged)
    step = replace(_promote(staged, "second").step, schemas=("d" * 64, ""))
    path = staged.place / "record" / "production" / "tiny" / "000002.dsse.json"
    path.write_bytes(signed_act(encode_promotion(step), staged.ours.signer("linus")))
    log = _log(staged)
    with pytest.raises(PolicyRefused) as raised:
        _back(staged, log=log)
    assert raised.value.findings[0].code == "TB8862"
    assert _refusals(log) == ["TB8862"]
    assert "requests" in raised.value.findings[0].message
    assert _back(staged, accept_schemas=True).step.number == 3


def test_a_step_that_was_made_up(staged: Staged) -> None:
    """Who deploys writes a step of a day before the freeze: back it would go, were it not for the log."""
    log = _log(staged)
    _promote(staged, "second")  # by a tool of their own: no log
    _promote(staged, log=log)
    entries = read_entries(log.directory)[2]
    with pytest.raises(PolicyRefused, match="TB8898"):
        _back(staged, log=log, logged=Logged(entries=entries))
    assert [each.action for each in read_entries(log.directory)[2]] == ["promoted", "refused"]
    others = tuple(replace(each, **change) for each in entries for change in ({"name": "x"}, {"details": "stage=x"}))
    assert _back(staged, logged=Logged(entries=others)).step.number == 3


def test_where_it_lies(staged: Staged) -> None:
    """In a directory of releases, or itself; what was changed is not it."""
    digest = str(staged.first.release.digest)
    assert find_release(digest, (staged.place, staged.first.dist)).digest == staged.first.release.digest
    (staged.first.dist / "manifest.json").write_bytes(staged.second.release.content)
    for places in ((staged.place / "releases",), (), (staged.place / "nowhere",)):
        with pytest.raises(UsageError) as raised:
            find_release(digest, places)
        assert raised.value.findings[0].code == "TB8863"


def test_foreign_output(staged: Staged) -> None:
    """Nothing of others is written over, and no step is taken."""
    out = staged.place / "out"
    out.mkdir()
    (out / "mine").write_text("x")
    assert _code(staged) == ["TB8020"]
    assert not list(Path(staged.place / "record").rglob("*.json"))


@pytest.mark.parametrize("name", ["../../tiny", "", ".", "Tiny"])
def test_names(staged: Staged, name: str) -> None:
    """No name and no stage leads out of the record."""
    with pytest.raises(UsageError):
        roll_back(name, staged.ours.open(), staged.order(), SETTINGS, find=partial(find_release, places=()))
    with pytest.raises(UsageError):
        promote(staged.first.release, staged.ours.open(), replace(staged.order(), stage=name), SETTINGS)
    assert not (staged.place / "record").exists()


def test_hostile_manifest(staged: Staged) -> None:
    """A manifest whose name leads elsewhere keeps no format, and goes nowhere, in the form that has no schema, too."""
    release = staged.first.release
    about: Any = release.document["metadata"]
    for change in (
        {"metadata": {**about, "name": "../../etc"}},
        {"metadata": {**about, "version": "1.0.0\x1b[31m"}},
        {"publish": None},
    ):
        for version in ("v1", "v2"):
            document = {**release.document, **change, "apiVersion": f"twinbuild/manifest/{version}"}
            hostile = replace(release, content=canonical(document))
            with pytest.raises(IntegrityError) as raised:
                promote(hostile, staged.ours.open(), staged.order(), SETTINGS)
            assert {each.code for each in raised.value.findings} == {"TB7607"}


def test_no_files_for_it(staged: Staged) -> None:
    """A stage that the policy knows and the release does not."""
    text = POLICY.replace("[production]", "[production, night]")
    staged.ours.change(lambda root: root, policy=text.encode())
    staged.first.approve("grace", stage="night")
    order = replace(staged.order(), stage="night")
    with pytest.raises(UsageError) as raised:
        promote(staged.first.release, staged.ours.open(), order, SETTINGS)
    assert raised.value.findings[0].code == "TB8864"

"""Unknown maintainer scripts in the lock: noted where they can run, refused by name where they cannot."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.pipeline.conftest import lock_of

from fakes.debs import deb
from fakes.machines import machine
from fakes.packages import LOCKED_DEB
from twinbuild.build.sandbox import Sandbox
from twinbuild.codec.lock import decode_lock, encode_lock
from twinbuild.debian.scripts import effects_digest
from twinbuild.errors import PolicyRefused
from twinbuild.model.digest import Digest
from twinbuild.model.lock import Lock, LockedScript
from twinbuild.model.plan import DebianRecipe, ScriptedDebianRecipe
from twinbuild.model.platform import Platform
from twinbuild.oci.compress import compressor
from twinbuild.pipeline.lock.scripting import running, with_scripts
from twinbuild.pipeline.machine import Machine
from twinbuild.pipeline.plan.plan import Tooling, make_plan
from twinbuild.pipeline.project import Project
from twinbuild.store.memory import MemoryStore

SCRIPT = b"#!/bin/sh\nmake-magic\n"
MAGIC = deb("magic", control={"postinst": SCRIPT})


@pytest.fixture
def here(tmp_path: Path) -> Machine:
    """A machine that has the package's bytes."""
    store = MemoryStore()
    store.put(MAGIC)
    return machine(store, tmp_path)


@pytest.fixture
def lock(project: Project, here: Machine) -> Lock:
    """A lock of one package whose script nobody knows."""
    bare = lock_of(project, here)
    magic = replace(
        LOCKED_DEB,
        name="magic",
        version="1.0-1",
        architecture="all",
        sha256=Digest.of(MAGIC),
        size=len(MAGIC),
        depends=(),
        pre_depends=(),
    )
    return replace(bare, targets=(replace(bare.targets[0], debs=(magic,)),))


def sandbox(monkeypatch: pytest.MonkeyPatch, reason: str | None, architecture: str = "x86_64") -> None:
    """A machine that has a sandbox, or a reason why not."""
    monkeypatch.setattr(Sandbox, "available", lambda *_: reason)
    monkeypatch.setattr("os.uname", lambda: type("Uname", (), {"machine": architecture}))


def test_noted_where_they_can_run(lock: Lock, here: Machine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Kind and digest of the script stand in the lock, survive its text, and stay where the bytes are not at hand."""
    sandbox(monkeypatch, None)
    noted = with_scripts(lock, here)
    assert noted.targets[0].debs[0].runs == (LockedScript(kind="postinst", sha256=Digest.of(SCRIPT)),)
    assert running(noted.targets[0]) == ("magic (postinst)",)
    assert decode_lock(encode_lock(noted)) == noted
    assert with_scripts(lock, machine(MemoryStore(), tmp_path), noted) == noted
    assert with_scripts(lock, machine(MemoryStore(), tmp_path)) == lock


def test_a_lock_without_them_does_not_mention_them(lock: Lock) -> None:
    """The text of such a lock has no field for it."""
    assert b'"runs"' not in encode_lock(lock)


@pytest.mark.parametrize(("reason", "architecture"), [("forbidden: ask an administrator", "x86_64"), (None, "aarch64")])
def test_refused_by_name_where_they_cannot(
    lock: Lock, here: Machine, monkeypatch: pytest.MonkeyPatch, reason: str | None, architecture: str
) -> None:
    """No sandbox, or another architecture: TB4210 (exit 8) with the package, the script and the reason."""
    sandbox(monkeypatch, reason, architecture)
    with pytest.raises(PolicyRefused, match=reason or "this machine is aarch64") as caught:
        with_scripts(lock, here)
    (finding,) = caught.value.findings
    assert finding.code == "TB4210"
    assert "magic's postinst" in finding.message
    assert "twinbuild doctor" in finding.hint


def test_the_derivation_says_what_runs(
    project: Project, lock: Lock, here: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A plan with scripts to run is of another kind than one without, and names each script by digest."""
    sandbox(monkeypatch, None)

    def recipe(one: Lock) -> object:
        tooling = Tooling(compressor=compressor, effects=effects_digest)
        spec = project.spec.model_copy(update={"model": project.spec.model.model_copy(update={"artifacts": []})})
        return make_plan(spec, one, tooling, epoch=0, documents=lambda _: ()).derivations[0].layers[0].recipe

    assert Platform.parse("linux/amd64") == lock.targets[0].platform
    assert type(recipe(lock)) is DebianRecipe
    scripted = recipe(with_scripts(lock, here))
    assert isinstance(scripted, ScriptedDebianRecipe)
    assert [(one.package, one.script, one.sha256) for one in scripted.scripts] == [
        ("magic", "postinst", Digest.of(SCRIPT))
    ]
    assert scripted.runner == "run/1"

"""Wheels are read as soon as their bytes are there, once, and refused where they are not for their variant."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.pipeline.conftest import lock_of_wheel

from fakes.binaries import shared_object
from fakes.machines import machine
from twinbuild.errors import LockError
from twinbuild.pipeline.lock import binaries
from twinbuild.pipeline.lock.binaries import refuse_foreign_binaries
from twinbuild.pipeline.lock.fetching import fetch_lock
from twinbuild.pipeline.lock.lockfiles import ensure_lock, write_lock
from twinbuild.pipeline.machine import Machine
from twinbuild.pipeline.project import Project, open_project
from twinbuild.store.memory import MemoryStore
from unit.wheel.making import project_wheel

FILES = {
    "one/_core.so": shared_object("libcudart.so.12"),
    "bitsandbytes/libbitsandbytes_cuda118.so": shared_object("libcublas.so.11"),
}
NAME, CONTENT = project_wheel("one", FILES)


@pytest.fixture
def here(tmp_path: Path) -> Machine:
    """A machine that has the wheel's bytes."""
    store = MemoryStore()
    store.put(CONTENT)
    return machine(store, tmp_path)


def test_refused_and_remembered(project: Project, here: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """TB2432, the second time from what was noted the first time; what is loaded on demand is not asked for."""
    lock = lock_of_wheel(project, here, NAME, CONTENT)
    for _ in range(2):
        with pytest.raises(LockError) as caught:
            refuse_foreign_binaries(project.spec, lock, here)
        (finding,) = caught.value.findings
        assert (finding.code, finding.where.subject) == ("TB2432", "cpu linux/amd64")
        assert f"{NAME}: one/_core.so needs libcudart.so.12" in finding.message
        assert "more like it" not in finding.message
        monkeypatch.setattr(here.store, "path", None)  # whoever reads the bytes again fails


@pytest.mark.parametrize("record", [b"", b"{", b"[1]", b'[["a"]]', b"null"])
def test_a_record_that_is_none(project: Project, here: Machine, record: bytes) -> None:
    """A record is a cache: what is not well-formed is read anew."""
    lock = lock_of_wheel(project, here, NAME, CONTENT)
    wheel = lock.targets[0].wheels[0]
    key = binaries.digest_of({"file": wheel.filename, "sha256": wheel.sha256, "rules": binaries._RULES})
    here.store.put_record("binaries", key, record)
    with pytest.raises(LockError):
        refuse_foreign_binaries(project.spec, lock, here)


def test_what_the_spec_says_is_never_loaded(project: Project, here: Machine) -> None:
    """Or a variant whose CUDA it is."""
    lock = lock_of_wheel(project, here, NAME, CONTENT)
    more = project.directory / "more.yaml"
    more.write_text("dependencies: {absent_libraries: [libcudart.so.12]}\n")
    refuse_foreign_binaries(open_project(project.directory, (more,)).spec, lock, here)
    text = project.spec_path.read_text("utf-8")
    project.spec_path.write_text(text.replace("accelerator: none", "accelerator: cuda, cuda: '12.8'"))
    refuse_foreign_binaries(open_project(project.directory).spec, lock, here)


def test_every_way_in(project: Project, here: Machine) -> None:
    """`fetch` refuses, though it has nothing to bring; so does what builds, whoever locked and however."""
    lock = lock_of_wheel(project, here, NAME, CONTENT)
    with pytest.raises(LockError) as fetched:
        fetch_lock(project, lock, here)
    write_lock(project, lock)
    with pytest.raises(LockError) as built:
        ensure_lock(project, here, locked=False, discover=False)
    assert [error.value.findings[0].code for error in (fetched, built)] == ["TB2432", "TB2432"]

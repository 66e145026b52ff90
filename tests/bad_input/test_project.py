"""Projects whose spec, lock and files do not fit together: each refused by name, before any work."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fakes.tool import EXAMPLES, Tool
from twinbuild.codec.lock import decode_lock
from twinbuild.errors import IntegrityError, LockError, SpecError, TwinbuildError
from twinbuild.model.digest import Digest
from twinbuild.model.lock import Lock
from twinbuild.model.settings import Settings
from twinbuild.pipeline.build.building import plan_release, source_epoch
from twinbuild.pipeline.lock.artifacts import pin_artifacts
from twinbuild.pipeline.machine import Machine
from twinbuild.pipeline.project import Project, open_project
from twinbuild.ports import silent
from twinbuild.process.runner import SubprocessRunner
from twinbuild.store.memory import MemoryStore
from unit.wheel.making import NAME, wheel

SPEC = "release.yaml"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the first example, without what it made."""
    target = tmp_path / "fraud-scorer"
    shutil.copytree(EXAMPLES / "fraud-scorer", target, ignore=shutil.ignore_patterns("dist", "__pycache__"))
    return target


def _edit(project: Path, old: str, new: str) -> None:
    text = (project / SPEC).read_text()
    assert old in text
    (project / SPEC).write_text(text.replace(old, new, 1))


def _machine(tmp_path: Path) -> Machine:
    return Machine(
        settings=Settings(store=str(tmp_path / "store"), offline=True),
        store=MemoryStore(),
        runner=SubprocessRunner(),
        environment={},
        interpreter=Path("/nonexistent"),
        home=str(tmp_path),
        scratch=tmp_path / "scratch",
        now=datetime.now(UTC),
        progress=silent,
    )


def _opened(project: Path) -> tuple[Project, Lock]:
    return open_project(project), decode_lock((project / "release.lock").read_bytes(), name="release.lock")


def _code(error: TwinbuildError) -> list[str]:
    return [finding.code for finding in error.findings]


def _refused(tool: Tool, *arguments: str) -> tuple[int, list[str]]:
    ended = tool(*arguments, "--json")
    assert ended.out == ""
    answer = json.loads(ended.err)
    assert answer["exit_code"] == ended.status
    assert all(item["message"] and item["remedy"] for item in answer["findings"])
    return ended.status, [item["code"] for item in answer["findings"]]


def test_no_spec(tool: Tool, tmp_path: Path) -> None:
    """TB8010 for a directory without a spec, a missing file, and a spec that is a directory."""
    assert _refused(tool, "build", str(tmp_path)) == (2, ["TB8010"])
    assert _refused(tool, "build", "no.yaml") == (2, ["TB8010"])
    (tmp_path / "d" / SPEC).mkdir(parents=True)
    assert _refused(tool, "build", str(tmp_path / "d")) == (2, ["TB8010"])


def test_no_lock(tool: Tool, project: Path) -> None:
    """TB2252: a build makes no lock; neither does `release --locked`."""
    (project / "release.lock").unlink()
    for verb in (("build",), ("verify",), ("run",), ("fetch",), ("release", "--locked"), ("lock", "--check")):
        assert _refused(tool, *verb, str(project)) == (3, ["TB2252"])


def test_a_lock_that_cannot_be_read(tool: Tool, project: Path) -> None:
    """TB2251: a directory in the place of the lock."""
    (project / "release.lock").unlink()
    (project / "release.lock").mkdir()
    assert _refused(tool, "build", str(project)) == (3, ["TB2251"])


def test_a_stale_lock(tool: Tool, project: Path) -> None:
    """LK-15: a build says TB2220 where the spec's requirements moved, and `lock --check` exits 1."""
    _edit(project, 'python: "3.11"', 'python: "3.12"')
    status, codes = _refused(tool, "build", str(project))
    assert (status, "TB2220" in codes) == (3, True)
    status, codes = _refused(tool, "lock", "--check", str(project))
    assert (status, "TB2220" in codes) == (1, True)


def test_changed_application_files(tool: Tool, project: Path) -> None:
    """TB2253: `lock --check` and `--locked` name the file."""
    (project / "app/service/main.py").write_text("print(1)\n")
    assert _refused(tool, "lock", "--check", str(project)) == (1, ["TB2253"])
    assert _refused(tool, "build", "--locked", str(project)) == (3, ["TB2253"])


def test_a_changed_artifact(tool: Tool, project: Path) -> None:
    """TB2222: weights that are not the locked ones are never passed over, though the store has the locked bytes."""
    project_, lock = _opened(project)
    file = project / project_.spec.model.artifacts[0].uri
    file.write_bytes(file.read_bytes() + b"x")
    assert _refused(tool, "lock", "--check", str(project)) == (1, ["TB2222"])
    assert _refused(tool, "build", str(project)) == (3, ["TB2222"])
    assert lock.artifacts[0].sha256 != Digest.of(file.read_bytes())


def test_bytes_that_are_not_stored(tool: Tool, project: Path) -> None:
    """TB2258: a build fetches nothing; TB3047 lists every file where fetching is forbidden."""
    assert _refused(tool, "build", str(project)) == (3, ["TB2258"])
    status, codes = _refused(tool, "fetch", "--offline", str(project))
    assert status == 3
    assert set(codes) == {"TB3047"}
    assert len(codes) > 100


def test_nothing_to_upgrade(tool: Tool, project: Path) -> None:
    """TB2254 with the nearest name."""
    ended = tool("lock", "--upgrade", "scikit-lern", str(project))
    assert ended.status == 3
    assert "TB2254" in ended.err
    assert "did you mean 'scikit-learn'?" in ended.err


def test_what_this_version_cannot_do(tool: Tool, project: Path) -> None:
    """Source distributions are refused by name, not passed over."""
    _edit(project, "dependencies:\n", "dependencies:\n  source_builds: [demo]\n")
    assert _refused(tool, "lock", str(project)) == (2, ["TB2256"])


def test_a_plan_needs_the_whole_lock(project: Path) -> None:
    """TB2250 where the lock has no target, or no artifact, of the spec."""
    opened, lock = _opened(project)
    for lacking in (replace(lock, targets=()), replace(lock, artifacts=())):
        with pytest.raises(LockError) as caught:
            plan_release(opened, lacking, epoch=0)
        assert _code(caught.value) == ["TB2250"]


def test_an_artifact_of_an_unlocked_wheel(project: Path, tmp_path: Path) -> None:
    """TB2257 names the project that would have to be a dependency."""
    text = (project / SPEC).read_text()
    opened, lock = _opened(project)
    uri = opened.spec.model.artifacts[0].uri
    (project / SPEC).write_text(text.replace(uri, "wheel:nothing/weights.bin"))
    with pytest.raises(LockError) as caught:
        pin_artifacts(open_project(project), lock, _machine(tmp_path))
    assert _code(caught.value) == ["TB2257"]


def test_a_date_from_a_commit_that_is_not_there(project: Path, tmp_path: Path) -> None:
    """TB2320 outside of a git repository."""
    opened, _ = _opened(project)
    text = (project / SPEC).read_text()
    (project / SPEC).write_text(text.replace(f"date: {opened.spec.metadata.date}", "date: commit"))
    with pytest.raises(SpecError) as caught:
        source_epoch(open_project(project), _machine(tmp_path))
    assert _code(caught.value) == ["TB2320"]
    assert caught.value.findings[0].where.pointer == "/metadata/date"
    assert caught.value.findings[0].where.line


def test_a_member_that_is_not_what_the_spec_says(project: Path, tmp_path: Path) -> None:
    """TB2307 for a file of a wheel, also when it was taken out before: a stored digest excuses nothing."""
    machine, content = _machine(tmp_path), b"weights"
    made = wheel({"demo/__init__.py": b"", "demo/w.bin": content})
    opened, lock = _opened(project)
    target = lock.targets[0]
    demo = replace(
        target.wheels[0], name="demo", version="1.0", filename=NAME, size=len(made), sha256=machine.store.put(made)
    )
    lock = replace(lock, targets=(replace(target, wheels=(demo,)),))
    artifact = opened.spec.model.artifacts[0]
    _edit(project, artifact.uri, "wheel:demo/demo/w.bin")
    _edit(project, f"size: {artifact.size}", f"size: {len(content)}")
    for stated, code in ((Digest.of(content), None), (Digest.of(b"else"), "TB2307")):
        text = (project / SPEC).read_text()
        place = text.index("sha256: ") + 8
        (project / SPEC).write_text(text[:place] + stated.hex + text[place + 64 :])
        machine.store.put(b"else")
        if code is None:
            assert pin_artifacts(open_project(project), lock, machine)[0].sha256 == stated
            continue
        with pytest.raises(IntegrityError) as caught:
            pin_artifacts(open_project(project), lock, machine)
        assert _code(caught.value) == [code]
    _edit(project, f"size: {len(content)}", "size: 9")
    _edit(project, Digest.of(b"else").hex, Digest.of(content).hex)
    with pytest.raises(IntegrityError) as wrong_size:
        pin_artifacts(open_project(project), lock, machine)
    assert _code(wrong_size.value) == ["TB2306"]

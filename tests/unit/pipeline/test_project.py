from __future__ import annotations

from pathlib import Path

import pytest

from fakes.machines import machine
from twinbuild.errors import LockError, UsageError
from twinbuild.pipeline.lock.locking import application_files
from twinbuild.pipeline.project import Project, open_project, read_lock, require_lock
from twinbuild.store.memory import MemoryStore


def _whole(project: Project, tmp_path: Path, *, name: str = "release.yaml", directory: str = ".") -> Project:
    """The project whose application is all of its directory, its spec under another name."""
    text = project.spec_path.read_text("utf-8").replace("directory: app", f"directory: {directory}")
    project.spec_path.unlink()
    (project.directory / name).write_text(text)
    return open_project(project.directory / name)


@pytest.mark.parametrize("name", ["release.yaml", "a [b]*? c.yaml", "#x.yaml", "!x.yaml"])
def test_an_application_of_the_whole_directory_leaves_out_what_twinbuild_writes(
    project: Project, tmp_path: Path, name: str
) -> None:
    """Spec, lock, lock files and releases: a lock that lists itself is never fresh. Only there, and nothing alike."""
    whole = _whole(project, tmp_path, name=name)
    for path in (whole.lock_path, whole.lockfiles / "x.txt", whole.directory / "dist" / "a" / "manifest.json"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")
    kept = ("app/dist/kept.js", "app/lockfiles/kept.txt", "dist.py", f"app/{name}", "b.yaml")
    for each in kept:
        (whole.directory / each).parent.mkdir(parents=True, exist_ok=True)
        (whole.directory / each).write_text("x")
    found = {file.path for file in application_files(whole, machine(MemoryStore(), tmp_path))}
    assert set(kept) <= found
    assert not {path for path in found if path.startswith(("dist/", "lockfiles/"))}
    assert name not in found
    assert whole.lock_path.name not in found


def test_a_base_in_the_application_is_no_part_of_it(project: Project, tmp_path: Path) -> None:
    """Where the application is the whole directory, and the base an OCI layout in it."""
    whole = _whole(project, tmp_path)
    text = whole.spec_path.read_text("utf-8")
    lines = ("    debian: {suite: bookworm, components: [main]}", "  packages: [ca-certificates, libgomp1, tzdata]")
    assert all(line in text for line in lines)
    text = text.replace(lines[0], "    image: oci-layout:layouts/base").replace(lines[1], "")
    whole.spec_path.write_text(text)
    (whole.directory / "layouts/base").mkdir(parents=True)
    (whole.directory / "layouts/base/index.json").write_text("{}")
    found = {file.path for file in application_files(open_project(whole.directory), machine(MemoryStore(), tmp_path))}
    assert not {path for path in found if path.startswith("layouts/")}


def test_other_applications_leave_out_what_the_spec_says(project: Project) -> None:
    """A directory below has no lock of ours in it."""
    assert project.ignored == tuple(project.spec.source.ignore)


def test_a_spec_that_is_not_there(tmp_path: Path) -> None:
    """It is named, with what to do."""
    with pytest.raises(UsageError) as error:
        open_project(tmp_path)
    (finding,) = error.value.findings
    assert finding.code == "TB8010"
    assert str(tmp_path) in finding.message


def test_a_lock_that_is_not_there(project: Project) -> None:
    """None for whoever can make one, an error for whoever needs one."""
    assert read_lock(project) is None
    with pytest.raises(LockError):
        require_lock(None, project)

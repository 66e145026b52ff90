"""When a release still stands, and everything that makes it fall: real files, a real store, a real git."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

import twinbuild
from twinbuild.build.code import remembered_as
from twinbuild.build.embedded import forget_images
from twinbuild.codec.built import encode_image
from twinbuild.codec.lock import encode_lock
from twinbuild.model.digest import Digest
from twinbuild.model.lock import Lock
from twinbuild.model.settings import Settings
from twinbuild.model.verification import Identical
from twinbuild.pipeline.fresh.evidence import Evidence, forget_proof, remember_proof
from twinbuild.pipeline.fresh.identity import tool_identity
from twinbuild.pipeline.fresh.stamp import Entry
from twinbuild.pipeline.fresh.stamps import remember_output
from twinbuild.pipeline.fresh.status import contents_digest, facts_of, settled, settles_at
from twinbuild.pipeline.fresh.summary import Summary
from twinbuild.pipeline.lock.artifacts import pin_artifacts
from twinbuild.pipeline.lock.sourced import sources_of
from twinbuild.pipeline.machine import Machine
from twinbuild.pipeline.project import Project, open_project
from twinbuild.pipeline.release import stamping
from twinbuild.pipeline.release.committed import difference
from twinbuild.pipeline.release.releasing import Released
from twinbuild.pipeline.release.stamping import Beginning, begin, remember_build, remember_release
from twinbuild.pipeline.release.unchanged import _unchanged, unchanged_build, unchanged_release
from twinbuild.pipeline.trial.every import Trials
from twinbuild.ports import silent
from twinbuild.process.runner import SubprocessRunner
from twinbuild.resolve.git import source_commit
from twinbuild.store.disk import DiskStore
from unit.pipeline.conftest import lock_of
from unit.pipeline.fresh.test_evidence import image, layer


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A released project."""

    root: Path
    project: Project
    lock: Lock
    machine: Machine
    released: Released

    @property
    def directory(self) -> Path:
        """Of the project."""
        return self.project.directory

    def git(self, *arguments: str) -> None:
        """Run git in the project."""
        who = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
        subprocess.run(["git", *who, *arguments], cwd=self.directory, check=True, capture_output=True)

    def remember(self, beginning: Beginning) -> bool:
        """Write the stamp."""
        return remember_release(self.project, self.lock, self.machine, self.released, beginning, output=None)

    def look(self) -> Summary | None:
        """Whether the release stands."""
        return unchanged_release(self.directory, self.project.overlays, None, self.machine.environment)

    def remember_build(self, beginning: Beginning) -> bool:
        """Write the stamp of a build."""
        return remember_build(self.project, self.lock, self.machine, self.released.images, beginning)

    def look_build(self) -> Summary | None:
        """Whether the build stands."""
        return unchanged_build(self.directory, self.project.overlays, self.machine.environment)


@pytest.fixture
def world(project: Project, tmp_path: Path) -> Iterator[World]:
    """The first example, committed and "released": the images are made up, everything else is real."""
    where = project.directory
    (where / "overlay.yaml").write_text("metadata: {description: another}\n")
    (where / "app" / "empty").mkdir()
    (where / "app" / "link.py").symlink_to("service/logs.py")
    project = open_project(where, (where / "overlay.yaml",))
    with DiskStore(tmp_path / "store") as store:
        machine = Machine(
            settings=Settings(store=str(tmp_path / "store"), offline=True),
            store=store,
            runner=SubprocessRunner(),
            environment={"HOME": str(tmp_path), "TWINBUILD_STORE": str(tmp_path / "store")},
            interpreter=Path(sys.executable),
            home=str(tmp_path),
            scratch=tmp_path / "scratch",
            now=datetime.now(UTC),
            progress=silent,
        )
        lock = lock_of(project, machine)
        lock = replace(lock, artifacts=pin_artifacts(project, lock, machine))
        project.lock_path.write_bytes(encode_lock(lock))
        made = image(layer("a"), layer("b"))
        for content in (b"a", b"b"):
            store.put(content)
        document = store.put(b"manifest")
        made = replace(
            made,
            manifest=replace(made.manifest, digest=document, size=8),
            config=replace(made.config, digest=document, size=8),
        )
        remember_proof((made,), (), store)
        store.put_record("image", remembered_as(made.derivation), encode_image(made))
        output = where / "dist" / "fraud-scorer-1.0.0"
        (output / "image" / "blobs").mkdir(parents=True)
        (output / "manifest.json").write_text("{}")
        (output / "image" / "blobs" / "a").write_text("a")
        (output / "run.json").write_text("{}")
        contents = {"manifest.json": b"{}", "image/blobs/a": b"a"}
        remember_output(output, store, contents=contents, copied={})
        identical = Identical(variations=(), images=(document,))
        released = Released(
            directory=output,
            digest=Digest.of(b"{}"),
            images=(made,),
            identical=identical,
            trials=Trials(outcomes=()),
            evidence=Evidence(verification=identical, witnesses=(), reused=False, earlier=()),
            written=True,
            commit=None,
            buildkit=None,
        )
        found = World(root=tmp_path, project=project, lock=lock, machine=machine, released=released)
        found.git("init", "-q", "-b", "main")
        found.git("add", "-A")
        found.git("commit", "-q", "-m", "first")
        commit = source_commit(where, machine.runner)
        assert commit is not None
        yield replace(found, released=replace(released, commit=commit))


@pytest.fixture
def standing(world: World) -> World:
    """A world with a stamp, some time after everything in it was written."""
    time.sleep(0.03)
    assert world.remember(begin())
    return world


def test_an_untouched_release_stands(standing: World) -> None:
    """The same summary, no work: only run.json is new, and says since when nothing changed."""
    output = standing.released.directory
    before = {path: path.stat().st_mtime_ns for path in output.rglob("*") if path.is_file()}
    summary = standing.look()
    assert summary is not None
    assert summary.release == str(standing.released.digest)
    assert (summary.reused, summary.written, summary.earlier) == (True, False, 2)
    assert standing.look() == summary
    changed = {path.name for path, moment in before.items() if path.stat().st_mtime_ns != moment}
    assert changed == {"run.json"}
    assert '"unchanged_since"' in (output / "run.json").read_text()
    assert json.loads((output / "run.json").read_bytes())["sources"] == sources_of(
        standing.lock, standing.machine.store
    )
    assert '"modified"' not in (output / "run.json").read_text()  # git was not asked in this run


@pytest.mark.parametrize("name", ["manifest.json", "image/blobs/a"])
def test_an_output_that_changed_before_it_was_stamped_gets_no_stamp(world: World, name: str) -> None:
    """What somebody else wrote between the release and its stamp is not vouched for by it."""
    _rewrite(world.released.directory / name)
    time.sleep(0.03)
    assert not world.remember(begin())
    assert world.look() is None


def test_a_release_of_modified_sources_never_stands(world: World) -> None:
    """A file beside that is gone again makes another release; the build, which no commit gets into, stands."""
    stray = world.directory / "stray.txt"
    stray.write_text("x")
    commit = source_commit(world.directory, world.machine.runner)
    assert commit is not None
    assert commit.modified
    beginning = begin()
    released = replace(world.released, commit=commit, difference=difference(commit))
    assert replace(world, released=released).remember(beginning)
    assert world.look_build() is not None
    assert world.look() is None
    stray.unlink()
    assert world.look() is None


def test_what_was_never_read_does_not_matter(standing: World) -> None:
    """A file beside the application, an ignored directory below it, another variable."""
    (standing.directory / "README.md").write_text("new")
    os.environ["UNRELATED"] = "1"
    assert standing.look() is not None


def _rewrite(path: Path) -> None:
    """Other bytes of the same length in the same inode, and the old times put back."""
    status = path.stat()
    content = path.read_bytes()
    with path.open("r+b") as stream:
        stream.write(bytes([content[0] ^ 1]))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert path.stat().st_mtime_ns == status.st_mtime_ns


def _blob(world: World, content: bytes) -> Path:
    return world.machine.store.path(Digest.of(content))


def _new_store(world: World) -> None:
    shutil.rmtree(world.root / "store")
    DiskStore(world.root / "store").close()


def _commit(world: World) -> None:
    world.git("commit", "-q", "--allow-empty", "-m", "second")


def _other_branch(world: World) -> None:
    world.git("branch", "other")
    assert world.remember(begin())
    assert world.look() is not None
    world.git("symbolic-ref", "HEAD", "refs/heads/other")


def _packed_commit(world: World) -> None:
    world.git("pack-refs", "--all")
    time.sleep(0.03)
    assert world.remember(begin())
    assert world.look() is not None
    _commit(world)


def _linked_output(world: World) -> None:
    output = world.released.directory
    output.rename(world.root / "elsewhere")
    output.symlink_to(world.root / "elsewhere")


def _replaced(path: Path, text: str) -> None:
    """Another file in the place of one that its owner may not write."""
    path.unlink()
    path.write_text(text)


TOUCHES: dict[str, Callable[[World], object]] = {
    "spec": lambda world: _rewrite(world.project.spec_path),
    "spec replaced by a copy": lambda world: (
        shutil.copy2(world.project.spec_path, world.root / "copy"),
        (world.root / "copy").rename(world.project.spec_path),
    ),
    "overlay": lambda world: _rewrite(world.project.overlays[0]),
    "lock": lambda world: _rewrite(world.project.lock_path),
    "no lock": lambda world: world.project.lock_path.unlink(),
    "application file": lambda world: _rewrite(world.directory / "app/service/main.py"),
    "application file executable": lambda world: (world.directory / "app/service/main.py").chmod(0o755),
    "application file gone": lambda world: (world.directory / "app/service/model.py").unlink(),
    "new application file": lambda world: (world.directory / "app/service/new.py").touch(),
    "new file in an empty directory": lambda world: (world.directory / "app/empty/new.py").touch(),
    "what a link leads to": lambda world: _rewrite(world.directory / "app/service/logs.py"),
    "artifact": lambda world: _rewrite(world.directory / "model/classifier.skops"),
    "artifact gone": lambda world: (world.directory / "model/classifier.skops").unlink(),
    "settings": lambda world: (world.directory / "twinbuild.toml").write_text("offline = true\n"),
    "output file": lambda world: _rewrite(world.released.directory / "manifest.json"),
    "output blob": lambda world: _rewrite(world.released.directory / "image/blobs/a"),
    "output file gone": lambda world: (world.released.directory / "manifest.json").unlink(),
    "file added to the output": lambda world: (world.released.directory / "extra").touch(),
    "output with a link to a directory": lambda world: (world.released.directory / "image/extra").symlink_to("/etc"),
    "output gone": lambda world: shutil.rmtree(world.released.directory),
    "output behind a link": _linked_output,
    "blob of a layer collected": lambda world: _blob(world, b"a").unlink(),
    "blob of the source collected": lambda world: world.machine.store.path(world.lock.source[0].sha256).unlink(),
    "blob cut short": lambda world: (_blob(world, b"a").chmod(0o644), os.truncate(_blob(world, b"a"), 0)),
    "evidence refuted": lambda world: forget_proof(world.released.images, world.machine.store),
    "another store": _new_store,
    "store of a newer version": lambda world: _replaced(world.root / "store/version", "twinbuild store 2\n"),
    "commit": _commit,
    "commit after packing": _packed_commit,
    "branch": _other_branch,
    "repository inside": lambda world: (world.directory / ".git").rename(world.root / ".git"),
    "repository gone": lambda world: shutil.rmtree(world.directory / ".git"),
}


# Of these nothing is in an image whose date the spec states.
BESIDE_A_BUILD = {
    *(name for name in TOUCHES if name.startswith(("output", "file added to the output", "repository"))),
    *("evidence refuted", "commit", "commit after packing", "branch"),
}
BUILD_TOUCHES = {name: touch for name, touch in TOUCHES.items() if name not in BESIDE_A_BUILD} | {
    "build refuted": lambda world: forget_images(world.machine.store, world.released.images)
}


@pytest.fixture
def built(world: World) -> World:
    """A world with the stamp of a build."""
    time.sleep(0.03)
    assert world.remember_build(begin())
    return world


def test_an_untouched_build_stands(built: World) -> None:
    """The same images; and a build is no release, nor the other way round."""
    summary = built.look_build()
    assert summary is not None
    assert [image.digest for image in summary.images] == [str(built.released.images[0].manifest.digest)]
    assert built.look() is None


def test_some_variants(world: World) -> None:
    """What is known of some variants says nothing of all, or of others; their order does not matter."""
    some = replace(world, project=replace(world.project, variants=("cpu", "gpu")))
    time.sleep(0.03)
    assert some.remember_build(begin())
    for variants, known in ((("gpu", "cpu"), True), (("cpu",), False), ((), False)):
        found = unchanged_build(world.directory, world.project.overlays, world.machine.environment, variants=variants)
        assert (found is not None) == known
    assert some.remember(begin())
    assert world.look() is None


def test_a_release_is_a_build(standing: World) -> None:
    """After it the images are known, until what they came from is touched; its output does not matter to them."""
    shutil.rmtree(standing.released.directory)
    summary = standing.look_build()
    assert summary is not None
    assert (summary.release, summary.directory) == ("", "")
    assert [image.digest for image in summary.images] == [str(standing.released.images[0].manifest.digest)]
    _rewrite(standing.project.spec_path)
    assert standing.look_build() is None


@pytest.mark.parametrize("touch", BUILD_TOUCHES.values(), ids=BUILD_TOUCHES.keys())
def test_a_touched_build_falls(built: World, touch: Callable[[World], object]) -> None:
    """Each of these leaves the work to the stages."""
    assert built.look_build() is not None
    touch(built)
    assert built.look_build() is None


@pytest.mark.parametrize("name", ["output gone", "commit", "repository gone"])
def test_what_is_beside_a_build(built: World, name: str) -> None:
    """Whether a release lies there, and which commit this is, says nothing about images of a stated date."""
    TOUCHES[name](built)
    assert built.look_build() is not None


def test_a_build_dated_by_its_commit_falls_with_it(world: World) -> None:
    """There the commit's time is in the images."""
    metadata = world.project.spec.metadata.model_copy(update={"date": "commit"})
    spec = world.project.spec.model_copy(update={"metadata": metadata})
    project = replace(world.project, loaded=replace(world.project.loaded, spec=spec))
    time.sleep(0.03)
    assert replace(world, project=project).remember_build(begin())
    assert world.look_build() is not None
    _commit(world)
    assert world.look_build() is None


@pytest.mark.parametrize("touch", TOUCHES.values(), ids=TOUCHES.keys())
def test_a_touched_release_falls(standing: World, touch: Callable[[World], object]) -> None:
    """Each of these leaves the work to the stages."""
    assert standing.look() is not None
    touch(standing)
    assert standing.look() is None


@pytest.mark.parametrize(
    "variable",
    ["TWINBUILD_TIMEOUT", "TWINBUILD_INDEX_URL", "HTTPS_PROXY", "no_proxy", "SSL_CERT_FILE", "PIP_CERT", "NETRC"],
)
def test_other_settings(standing: World, variable: str) -> None:
    """A variable that a setting comes from: the stages may have something to say about it."""
    environment = {**standing.machine.environment, variable: "x"}
    assert unchanged_release(standing.directory, standing.project.overlays, None, environment) is None


def test_other_questions(standing: World) -> None:
    """Another output, other overlays, another spec, and no home: there is no stamp for that."""
    overlays, environment = standing.project.overlays, standing.machine.environment
    assert unchanged_release(standing.directory, overlays, standing.root / "out", environment) is None
    assert unchanged_release(standing.directory, (), None, environment) is None
    assert unchanged_release(standing.root, overlays, None, environment) is None
    assert unchanged_release(standing.directory, overlays, None, {}) is None


def test_a_damaged_stamp_is_none(standing: World) -> None:
    """Whatever lies in the record: no stamp, no failure."""
    (record,) = (standing.root / "store/v1/records/release-stamp").rglob("??????*")
    key = Digest(record.parent.name + record.name)
    for content in (b"", b"[]", b'{"format": 1}', b'{"format": 1, "summary": 7, "inputs": [], "output": []}'):
        standing.machine.store.put_record("release-stamp", key, content)
        assert standing.look() is None


@pytest.mark.parametrize(
    "touched", ["release.yaml", "overlay.yaml", "release.lock", "app/service/main.py", "model/classifier.skops"]
)
def test_what_changes_during_a_release_leaves_no_stamp(world: World, touched: str) -> None:
    """What was read is no longer what lies there."""
    time.sleep(0.03)
    beginning = begin()
    _rewrite(world.directory / touched)
    assert not world.remember(beginning)
    assert world.look() is None


def test_a_file_added_during_a_release_leaves_no_stamp(world: World) -> None:
    """The application as it was read did not have it."""
    time.sleep(0.03)
    beginning = begin()
    (world.directory / "app/service/new.py").touch()
    assert not world.remember(beginning)


def test_a_commit_during_a_release_leaves_no_stamp(world: World) -> None:
    """Provenance names the commit before it."""
    time.sleep(0.03)
    beginning = begin()
    _commit(world)
    assert not world.remember(beginning)


def test_written_again_during_a_release(world: World) -> None:
    """A file with a new status and the bytes that were read is no reason against a stamp."""
    time.sleep(0.03)
    beginning = begin()
    content = world.project.lock_path.read_bytes()
    world.project.lock_path.unlink()
    world.project.lock_path.write_bytes(content)
    assert world.remember(beginning)
    assert world.look() is not None


def test_a_repository_without_a_known_commit_leaves_no_stamp(world: World) -> None:
    """No commit was found, but there is a repository: one might be found next time."""
    unknown = replace(world, released=replace(world.released, commit=None))
    time.sleep(0.03)
    assert not unknown.remember(begin())
    shutil.rmtree(world.directory / ".git")
    time.sleep(0.03)
    assert unknown.remember(begin())
    assert unknown.look() is not None
    world.git("init", "-q")
    assert unknown.look() is None


def test_a_worktree(world: World) -> None:
    """A linked worktree has a HEAD of its own and branches in common."""
    world.git("worktree", "add", "-q", "-b", "side", str(world.root / "side"))
    place = world.root / "side"
    commit = source_commit(place, world.machine.runner)
    overlay = place / "overlay.yaml"
    (place / "app/empty").mkdir()
    project = open_project(place, (overlay,))
    other = replace(world, project=project, released=replace(world.released, commit=commit))
    time.sleep(0.03)
    assert other.remember(begin())
    assert other.look() is not None
    other.git("commit", "-q", "--allow-empty", "-m", "beside")
    assert other.look() is None


def test_code_that_changes(standing: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A file of the package, a template of the checkout, a library, the search path: another tool."""
    package = tmp_path / "checkout" / "generator" / "twinbuild"
    templates = tmp_path / "checkout" / "templates"
    (package / "cli").mkdir(parents=True)
    templates.mkdir()
    (templates / "Dockerfile.j2").write_text("FROM")
    (package / "__init__.py").write_text("1")
    (package / "cli" / "text.j2").write_text("1")
    libraries = tmp_path / "libraries"
    (libraries / "a-1.0.dist-info").mkdir(parents=True)
    monkeypatch.setattr(twinbuild, "__file__", str(package / "__init__.py"))
    monkeypatch.setattr(sys, "path", [*sys.path, str(libraries)])
    seen = {tool_identity().digest}

    def changed() -> bool:
        digest = tool_identity().digest
        fresh = digest not in seen
        seen.add(digest)
        return fresh

    assert not changed()
    _rewrite(package / "__init__.py")
    assert changed()
    _rewrite(package / "cli" / "text.j2")
    assert changed()
    _rewrite(templates / "Dockerfile.j2")
    assert changed()
    (package / "__pycache__").mkdir()
    (package / "__pycache__" / "x.pyc").touch()
    assert not changed()
    (package / "new.py").touch()
    assert changed()
    (libraries / "a-1.0.dist-info").rename(libraries / "a-1.1.dist-info")
    assert changed()
    sys.path.append("/nowhere")
    assert changed()
    assert standing.look() is None


def test_code_that_changes_during_a_release(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What runs is no longer what lies there."""
    time.sleep(0.03)
    beginning = begin()
    another = replace(beginning.tool, digest="another")
    monkeypatch.setattr(stamping, "tool_identity", lambda: another)
    assert not world.remember(beginning)


def test_a_young_file_is_known_by_its_bytes(tmp_path: Path) -> None:
    """Within a tick of its clock a status proves nothing: the digest decides, and where there is none, nothing does."""
    path = tmp_path / "file"
    path.write_bytes(b"x")
    facts = facts_of(str(path))
    young, old = settles_at(facts), settles_at(facts) + 1
    right = Entry(path=str(path), facts=facts, digest=Digest.of(b"x").hex)
    wrong = replace(right, digest=Digest.of(b"y").hex)
    assert not settled(facts, young)
    assert settled(facts, old)
    assert _unchanged(right, young)
    assert not _unchanged(wrong, young)
    assert not _unchanged(replace(right, digest=""), young)
    assert _unchanged(wrong, old)  # by its status alone
    assert not _unchanged(replace(right, facts=()), old)


def test_a_coarse_clock_settles_late() -> None:
    """Whole milliseconds are taken as the sign of a file system that rounds."""
    second = 1_000_000_000
    fine = (1, 2, 3, 4, 5, second, second + 1)
    coarse = (1, 2, 3, 4, 5, second, second)
    assert settles_at(fine) == second + 1 + 20_000_000
    assert settles_at(coarse) == 3 * second
    assert settles_at(fine + coarse) == 3 * second  # a link and what it leads to
    assert settles_at((1, 2, 3, 4, 5, 9 * second, second + 1)) > 9 * second  # a date in the future is never settled
    assert settles_at(()) == 0


def test_contents_of_what_is_no_file(tmp_path: Path) -> None:
    """A FIFO does not block, a directory and nothing have no digest."""
    os.mkfifo(tmp_path / "fifo")
    assert contents_digest(str(tmp_path / "fifo")) == ""
    assert contents_digest(str(tmp_path)) == ""
    assert contents_digest(str(tmp_path / "none")) == ""

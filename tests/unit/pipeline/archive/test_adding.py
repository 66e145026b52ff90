"""``pipeline.archive.adding``: what is archived, again, twice at once, and what is refused."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
from pathlib import Path

import pytest

from fakes.archived import Archived, archived, archived_once
from fakes.signed import SignedDist, signed, signed_once
from fakes.tiny import tiny_project
from fakes.tool import Tool, tool
from twinbuild.cli.__main__ import cli
from twinbuild.cli.outcome import run
from twinbuild.errors import UsageError
from twinbuild.pipeline.archive.adding import project_of
from twinbuild.pipeline.reading.released import read_release
from twinbuild.store import layout
from twinbuild.store.area import stamp

__all__ = ["archived", "archived_once", "signed", "signed_once", "tool"]


def test_everything_is_in_it(archived: Archived) -> None:
    """Every file of the release's directory, the spec's text, the application, and what the lock names."""
    record = archived.record
    files = {path.relative_to(archived.dist).as_posix() for path in archived.dist.rglob("*") if path.is_file()}
    assert {file.path for file in record.files} == files
    assert {file.path for file in record.project} == {"release.yaml", "release.lock", "app/main.py"}
    assert sorted(each.kind for each in record.inputs) == ["deb"] * 3 + ["wheel"] * 2
    assert {each.purl for each in record.inputs if each.kind == "wheel"} == {"pkg:pypi/alpha@1", "pkg:pypi/beta@1"}
    for file in record.files:
        assert archived.blob(file.sha256).read_bytes() == (archived.dist / file.path).read_bytes()
        assert archived.blob(file.sha256).stat().st_mode & 0o777 == 0o444


def test_again(archived: Archived, tool: Tool) -> None:
    """The same release changes nothing and brings nothing, even from a directory of another place."""
    blobs = archived.place / "v1" / "blobs"
    before = sorted(blobs.rglob("*"))
    record = archived.record
    moved = Path("elsewhere", "tiny")
    shutil.copytree(archived.dist, moved)
    spec = archived.dist.parent.parent / "release.yaml"
    ended = tool("archive", "add", str(moved), "--spec", str(spec), "--archive", str(archived.place), "--json", "-q")
    assert ended.status == 0, ended.err
    assert json.loads(ended.out)["known"]
    assert json.loads(ended.out)["brought"] == {"blobs": 0, "size": 0}
    assert archived.record == record
    assert sorted(blobs.rglob("*")) == before


def test_signatures_come_later(
    tool: Tool, signed: SignedDist, signed_once: SignedDist, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unsigned release, then the signed one: its signatures are archived; the unsigned one takes none away."""
    unsigned = tmp_path / "unsigned"
    shutil.copytree(signed.dist, unsigned, ignore=shutil.ignore_patterns("signatures"))
    spec = signed_once.dist.parent.parent
    place = tmp_path / "archive"
    store = ("--spec", str(spec), "--archive", str(place), "-q")
    monkeypatch.setenv("TWINBUILD_STORE", str(spec.parent / "store"))
    for dist, count in ((unsigned, 0), (signed.dist, 7), (unsigned, 7)):
        ended = tool("archive", "add", str(dist), *store)
        assert ended.status == 0, ended.err
        found = [file for file in Archived(place=place, dist=dist).record.files if "signatures/" in file.path]
        assert (len(found) > 0) == (count > 0)


def test_a_file_that_was_changed(tool: Tool, archived: Archived, tmp_path: Path) -> None:
    """A release that is not whole is refused by what is wrong with it, and no archive is made."""
    dist = tmp_path / "changed"
    shutil.copytree(archived.dist, dist)
    (dist / "README.md").write_text("changed")
    place = tmp_path / "new"
    ended = tool("archive", "add", str(dist), "--spec", str(archived.dist.parent.parent), "--archive", str(place))
    assert (ended.status, "error[TB7005]" in ended.err) == (5, True), ended.err
    assert not list(place.rglob("*release*"))


def test_another_spec(tool: Tool, archived: Archived, tmp_path: Path) -> None:
    """A spec that says something else is refused, with each value; so is a release without its spec."""
    other = tmp_path / "other"
    other.mkdir()
    text = (archived.dist.parent.parent / "release.yaml").read_text()
    (other / "release.yaml").write_text(text.replace("8000", "8001").replace("team: tests", "team: others"))
    place = str(tmp_path / "new")
    ended = tool("archive", "add", str(archived.dist), "--spec", str(other), "--archive", place)
    assert ended.status == 2
    assert "/serving/ports/0/port is 8001 in the spec, and 8000 in the release" in ended.err
    assert ended.err.count("TB9103") == 2
    (other / "release.yaml").write_text(text)
    (other / "release.yaml").rename(other / "other.yaml")
    ended = tool("archive", "add", str(archived.dist), "--spec", str(other / "other.yaml"), "--archive", place)
    assert ended.status == 2
    assert "error[TB9103]: the release was made of 'release.yaml', and not of 'other.yaml'" in ended.err
    shutil.copytree(archived.dist, tmp_path / "alone" / "release")
    ended = tool("archive", "add", str(tmp_path / "alone" / "release"), "--archive", place)
    assert (ended.status, "error[TB9104]" in ended.err) == (2, True), ended.err


def test_a_manifest_alone(archived: Archived, tmp_path: Path) -> None:
    """A manifest without its directory is no release that could be kept."""
    shutil.copy(archived.dist / "manifest.json", tmp_path / "manifest.json")
    with pytest.raises(UsageError, match="TB9104"):
        project_of(read_release(tmp_path / "manifest.json"), None, ())


def test_an_empty_store(tool: Tool, archived: Archived, tmp_path: Path) -> None:
    """What nobody has is named, all at once; what lies in the project is taken from there."""
    project = tmp_path / "copy"
    shutil.copytree(archived.dist.parent.parent, project)
    dist = str(project / "dist" / "tiny-1.0.0")
    ended = tool("archive", "add", dist, "--archive", str(tmp_path / "new"), "-q")
    assert (ended.status, ended.err.count("error[TB9106]")) == (3, 5), ended.err
    assert "main.py" not in ended.err
    ended = tool("archive", "add", dist, "--archive", str(archived.place), "-q")  # which has all of it
    assert ended.status == 0, ended.err


def test_damage_is_mended(tool: Tool, archived: Archived, monkeypatch: pytest.MonkeyPatch) -> None:
    """A release that is archived again replaces what is missing and what was found to be damaged, and a lost record."""
    record = archived.record
    monkeypatch.setenv("TWINBUILD_STORE", str(archived.dist.parent.parent.parent / "store"))
    damaged, lost = (archived.blob(each.sha256) for each in record.inputs[:2])
    content = damaged.read_bytes()
    damaged.unlink()
    damaged.write_bytes(b"X" + content[1:])
    lost.unlink()
    # The disk changed it: neither size nor times of the file say so, and it is remembered as hashed.
    remembered = archived.place / layout.record_name(layout.VERIFIED, record.inputs[0].sha256)
    remembered.unlink()
    remembered.write_bytes(layout.encode_record(" ".join(map(str, stamp(damaged.stat()))).encode()))
    assert tool("archive", "verify", "--archive", str(archived.place), "-q").status == 5
    ended = tool("archive", "add", str(archived.dist), "--archive", str(archived.place), "-q")
    assert ended.status == 0, ended.err
    assert "of which 2 are new" in ended.out
    assert tool("archive", "verify", "--archive", str(archived.place), "-q").status == 0
    for entry in (archived.place / "v1/records/release").rglob("*"):
        if entry.is_file():
            entry.unlink()
            entry.write_bytes(b"nonsense")
    assert tool("archive", "list", "--archive", str(archived.place)).status == 5
    assert tool("archive", "add", str(archived.dist), "--archive", str(archived.place), "-q").status == 0
    assert tool("archive", "verify", "--archive", str(archived.place), "-q").status == 0


def _add(dist: str, place: str) -> None:
    os._exit(run(cli, ("archive", "add", dist, "--archive", place, "-q")))


def test_two_at_once(archived: Archived, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two that archive two releases into a new archive lose nothing."""
    for name, value in {"TWINBUILD_STORE": "store", "HOME": "home", "TMPDIR": "tmp"}.items():
        monkeypatch.setenv(name, str(tmp_path / value))
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TWINBUILD_STORE", str(archived.dist.parent.parent.parent / "store"))
    place = str(tmp_path / "new")
    context = multiprocessing.get_context("spawn")
    both = [context.Process(target=_add, args=(str(archived.dist), place)) for _ in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert [each.exitcode for each in both] == [0, 0]
    assert run(cli, ("archive", "verify", "--archive", place, "-q")) == 0


def test_of_one_variant(tool: Tool, tmp_path: Path) -> None:
    """A release of one of two variants is archived as that."""
    project = tiny_project(tmp_path / "tiny", tmp_path / "store", variants=("one", "two"))
    assert tool("release", str(project), "--locked", "-q", "--variant", "two").status == 0
    dist = project / "dist" / "tiny-1.0.0-two"
    assert tool("archive", "add", str(dist), "--archive", str(tmp_path / "a"), "-q").status == 0
    record = Archived(place=tmp_path / "a", dist=dist).record
    assert (record.variants, [image.variant for image in record.images]) == (("two",), ["two"])

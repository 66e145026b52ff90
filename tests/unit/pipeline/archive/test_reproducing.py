"""``pipeline.archive.reproducing``: from the archive alone; what is missing is named, and what differs is shown."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.archived import Archived, archived, archived_once
from fakes.tiny import tiny_project
from fakes.tool import Tool, tool
from twinbuild.archive.directory import Archive
from twinbuild.archive.joining import by_path
from twinbuild.model.archive import REBUILD, ArchivedFile
from twinbuild.model.digest import Digest

__all__ = ["archived", "archived_once", "tool"]
pytestmark = pytest.mark.sandbox


def test_from_the_archive_alone(archived: Archived, tool: Tool, tmp_path: Path) -> None:
    """Nothing else is there: an empty store, another user's directory, a dead network, an archive that is read only."""
    output = tmp_path / "out"
    approval = ArchivedFile(path=f"approvals/production.{'0' * 64}.dsse.json", sha256=Digest.of(b"yes"), size=3)
    with Archive(archived.place, writing=True) as archive:
        archive.blobs.put(b"yes")
        archive.put(replace(archived.record, files=by_path((*archived.record.files, approval))))
    before = os.umask(0o077)
    ended = tool("reproduce", "tiny@1.0.0", "--archive", str(archived.place), "--output", str(output), "--json")
    os.umask(before)
    assert ended.status == 0, ended.err
    answer = json.loads(ended.out)
    assert answer["release"] == (archived.dist / "release.digest").read_text().strip()
    assert answer["witnesses"]["network"].startswith("no interface but lo")
    same = {path.relative_to(archived.dist) for path in archived.dist.rglob("*") if path.is_file()}
    for path in same - {Path("run.json")}:
        assert (output / path).read_bytes() == (archived.dist / path).read_bytes(), path
    assert (output / approval.path).read_bytes() == b"yes"
    assert tool("validate", str(output)).status == 0
    run = json.loads((output / "run.json").read_text())
    assert run["sources"]["archive"] == [answer["release"]]


def test_overlays_variants_and_bytecode(tool: Tool, tmp_path: Path) -> None:
    """A release of one variant, of a spec with an overlay that lies elsewhere, comes out again from the archive."""
    project = tiny_project(tmp_path / "tiny", tmp_path / "store", variants=("one", "two"))
    overlay = tmp_path / "more.yaml"
    overlay.write_text("metadata: {description: As overlaid.}\n")
    words = ("--overlay", str(overlay))
    assert tool("release", str(project), *words, "-q", "--variant", "two").status == 0
    at = ("--archive", str(tmp_path / "archive"))
    ended = tool("archive", "add", str(project / "dist" / "tiny-1.0.0-two"), *at, "--spec", str(project), *words, "-q")
    assert ended.status == 0, ended.err
    shutil.rmtree(project)
    overlay.unlink()
    ended = tool("reproduce", "tiny@1.0.0", *at, "--output", str(tmp_path / "out"), "-q")
    assert ended.status == 0, ended.err


def test_what_is_missing(archived: Archived, tool: Tool, tmp_path: Path) -> None:
    """One of every kind of input is taken away, or changed: exit 5, named with what it blocks, and no output."""
    record = archived.record
    kinds = {what.split(" ")[0]: digest for digest, _, what, blocked in record.needs() if blocked == REBUILD}
    where = ("--archive", str(archived.place), "--output", str(tmp_path / "out"), "-q")
    for kind, digest in kinds.items():
        blob = archived.blob(digest)
        content = blob.read_bytes()
        blob.unlink()
        ended = tool("reproduce", "tiny@1.0.0", *where)
        assert (ended.status, "error[TB9113]" in ended.err) == (5, True), ended.err
        assert f"{kind} " in ended.err
        assert "blocks building it again" in ended.err
        blob.write_bytes(b"X" + content[1:])
        ended = tool("reproduce", "tiny@1.0.0", *where)
        assert (ended.status, "error[TB9114]" in ended.err) == (5, True), (kind, ended.err)
        assert "blocks building it again" in ended.err
        blob.unlink()
        blob.write_bytes(content)
    assert not (tmp_path / "out").exists()


def test_another_release_comes_out(archived: Archived, tool: Tool, tmp_path: Path) -> None:
    """An archive whose record has another spec: exit 7, each file, and what was built stays to be looked at."""
    record = archived.record
    (spec,) = (file for file in record.project if file.path == "release.yaml")
    text = archived.blob(spec.sha256).read_bytes().replace(b"team: tests", b"team: other")
    with Archive(archived.place, writing=True) as archive:
        other = replace(spec, sha256=archive.blobs.put(text), size=len(text))
        files = tuple(other if file is spec else file for file in record.project)
        archive.put(replace(record, project=files, generator="0.0.9"))
    output = tmp_path / "out"
    ended = tool("reproduce", "tiny@1.0.0", "--archive", str(archived.place), "--output", str(output), "-q")
    assert (ended.status, "error[TB9130]: manifest.json differs" in ended.err) == (7, True), ended.err
    assert "made by  twinbuild 0.0.9" in ended.err
    assert "reproduce it with twinbuild 0.0.9" in ended.err
    assert "team: other" in (output / "manifest.yaml").read_text()


def test_a_project_that_does_not_fit(archived: Archived, tool: Tool, tmp_path: Path) -> None:
    """Application files that are not the lock's: TB9116, before anything is built."""
    record = archived.record
    with Archive(archived.place, writing=True) as archive:
        digest = archive.blobs.put(b"print()\n")
        files = tuple(
            replace(file, sha256=digest, size=8) if file.path == "app/main.py" else file for file in record.project
        )
        archive.put(replace(record, project=files))
    where = ("--archive", str(archived.place), "--output", str(tmp_path / "out"), "-q")
    ended = tool("reproduce", "tiny@1.0.0", *where)
    assert (ended.status, "error[TB9116]" in ended.err) == (5, True), ended.err


def test_an_output_that_is_somebody_elses(archived: Archived, tool: Tool, tmp_path: Path) -> None:
    """A directory of other things is left alone."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("x")
    where = ("--archive", str(archived.place), "--output", str(tmp_path / "out"), "-q")
    ended = tool("reproduce", "tiny@1.0.0", *where)
    assert (ended.status, "error[TB8020]" in ended.err) == (2, True), ended.err
    shutil.rmtree(tmp_path / "out")

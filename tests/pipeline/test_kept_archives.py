"""Archives of earlier versions, kept in ``tests/archives``: read, judged and reproduced by this one, and by their own.

What fails here breaks a promise to whoever has an archive. See tests/archives/README.md before anything is changed.
"""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fakes.earlier import IN_TIME, KEPT, PLACE, TOO_LATE, KeptArchive, kept_archive
from fakes.rot import five_years_later
from fakes.tool import Tool
from twinbuild.archive.directory import Archive
from twinbuild.archive.summaries import releases
from twinbuild.errors import IntegrityError
from twinbuild.model.archive import OF_THE_TOOL, REBUILD
from twinbuild.pipeline.archive.tooling import archived_tool, is_running
from twinbuild.pipeline.archive.verifying import verify_archive

# What this twinbuild writes otherwise as it builds their releases, everything else to the byte. The packed one that
# made them does not: say in the changelog what is added here.
WRITTEN_OTHERWISE = {"0.1.0-992944f": {"provenance.intoto.json"}}  # which tells of further builds now


@pytest.fixture(params=KEPT)
def kept(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> KeptArchive:
    """A copy of each, on a machine that saw no trust root yet."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "remembered"))
    return kept_archive(request.param, tmp_path / "an old archive")


def test_there_are_some() -> None:
    """What follows is about one at least, and about no other than those that are there."""
    assert set(KEPT) == WRITTEN_OTHERWISE.keys() == {path.name for path in PLACE.iterdir() if path.is_dir()}


def test_it_is_read(kept: KeptArchive, tool: Tool) -> None:
    """Its releases bear the digests that they had; all is whole but the packed twinbuild, which git has no room for."""
    where = ("--archive", str(kept.archive))
    ended = tool("archive", "list", *where, "--json")
    assert ended.status == 0, ended.err
    listed = {f"{each['name']}@{each['version']}": each["release"] for each in json.loads(ended.out)}
    assert listed == {name: str(digest) for name, digest in kept.releases}
    for name, _ in kept.releases:
        shown = tool("archive", "show", name, *where)
        assert shown.status == 0, shown.err
        assert kept.release(name).tool == kept.tool
    with Archive(kept.archive) as archive:
        with pytest.raises(IntegrityError) as caught:
            verify_archive(archive)
        needed = {digest for name, _ in kept.releases for digest in kept.release(name).blobs} - {*kept.tool}
        assert {*archive.blobs.blobs()} == needed | {each.record for each in releases(archive)}, "nothing is forgotten"
    said = {(each.code, each.where.subject) for each in caught.value.findings}
    assert said == {("TB9113", str(digest)) for digest in kept.tool}
    assert all(each.message.endswith(f"it blocks {OF_THE_TOOL}") for each in caught.value.findings)


def test_it_is_read_only(kept: KeptArchive, tool: Tool) -> None:
    """On a medium that nobody can write to it is read as well, and nothing is written there by whoever could."""
    paths = [kept.place, *kept.place.rglob("*")]
    for path in paths:
        path.chmod(0o555 if path.is_dir() else 0o444)
    before = {path: path.stat().st_mtime_ns for path in paths if path.is_file()}
    try:
        ended = tool("archive", "show", IN_TIME, "--archive", str(kept.archive))
        assert ended.status == 0, ended.err
        key = ("--key", str(kept.place / "bot.pub"), "--checkpoint", str(kept.place / "checkpoint"))
        ended = tool("audit", "verify", str(kept.place / "log"), *key)
        assert ended.status == 0, ended.err
        after = {path: path.stat().st_mtime_ns for path in kept.place.rglob("*") if path.is_file()}
        assert {path: at for path, at in after.items() if path.name != "summaries"} == before
    finally:
        for path in paths:
            path.chmod(stat.S_IMODE(path.stat().st_mode) | 0o200)


def test_signatures_are_judged_at_their_logged_time(kept: KeptArchive, tool: Tool, tmp_path: Path) -> None:
    """One key expired, one was revoked: what both signed before, by the log, counts; what they signed after does not.

    Without the log nothing proves when, and neither counts. Five years later it is the same.
    """
    dist, late = kept.laid_out(IN_TIME, tmp_path / "in time"), kept.laid_out(TOO_LATE, tmp_path / "too late")
    logged, trusted = _trusted(kept), _trusted(kept)[:2]
    assert tool("verify-release", str(dist), "--expect", IN_TIME, *logged).status == 0
    for each, whom in ((dist, trusted), (late, logged), (late, trusted)):
        ended = tool("verify-release", str(each), *whom)
        assert (ended.status, "error[TB8807]" in ended.err) == (8, True), ended.err
        assert "revoked" in ended.err
        assert "expired" in ended.err
    later = five_years_later(tmp_path / "later")
    assert _ran(later, "verify-release", str(dist), *logged)["release"] == str(dict(kept.releases)[IN_TIME])
    assert _ran(later, "verify-release", str(late), *logged, status=8)["findings"][0]["code"] == "TB8807"


def test_every_loss_is_named(kept: KeptArchive, tool: Tool, tmp_path: Path) -> None:
    """Whichever blob is gone, the packed twinbuild's included, it is named with each thing that it blocks."""
    record = kept.release(IN_TIME)
    needs = {digest: {b for d, _, _, b in record.needs() if d == digest} for digest in record.blobs}
    assert {blocked for each in needs.values() for blocked in each} >= {REBUILD, OF_THE_TOOL}
    with Archive(kept.archive) as archive:
        named = archive.kept(record.digest)
        assert named is not None
        for digest, blocked in needs.items():
            blob = kept.blob(digest)
            if blob.exists():
                blob.rename(tmp_path / "lost")
            with pytest.raises(IntegrityError) as caught:
                verify_archive(archive, (named,))
            said = {
                each.message.partition("it blocks ")[2]
                for each in caught.value.findings
                if (each.code, each.where.subject) == ("TB9113", str(digest))
            }
            assert said == blocked
            if (tmp_path / "lost").exists():
                (tmp_path / "lost").rename(blob)
    ended = tool("reproduce", IN_TIME, "--archive", str(kept.archive), "--output", str(tmp_path / "out"), "-q")
    assert (ended.status, ended.err.count("error[TB9113]")) == (5, len(kept.tool)), ended.err
    assert not (tmp_path / "out").exists()


@pytest.mark.sandbox
def test_this_one_builds_it(kept: KeptArchive, tool: Tool, tmp_path: Path) -> None:
    """The same bytes from this twinbuild, but for files that it is known to write otherwise: each of those is named."""
    words = ("--archive", str(kept.archive), "--output", str(tmp_path / "out"), "--with-present-tool", "-q")
    ended = tool("reproduce", IN_TIME, *words)
    if otherwise := WRITTEN_OTHERWISE[kept.name]:
        assert ended.status == 7
        assert set(re.findall(r"error\[TB9130\]: (\S+) differs", ended.err)) == otherwise
    else:
        assert ended.status == 0, ended.err
        assert tool("verify-release", str(tmp_path / "out"), *_trusted(kept)).status == 0


@pytest.mark.slow
@pytest.mark.network
@pytest.mark.sandbox
def test_its_own_twinbuild_builds_it(kept: KeptArchive, tmp_path: Path) -> None:
    """The twinbuild that made it, packed out of its source, is the very one of its record; and it reproduces it.

    Index and mirror are gone then, and five years have passed.
    """
    home = str(kept.installed(tmp_path / "installed"))
    _ran({**os.environ, "PYTHONPATH": home}, "tool", "pack", "--output", str(tmp_path / "packed"), "--quiet")
    for digest in kept.tool:
        blob = kept.blob(digest)
        blob.parent.mkdir(exist_ok=True)
        (tmp_path / "packed" / "blobs" / "sha256" / digest.hex).rename(blob)
    with Archive(kept.archive) as archive:
        assert verify_archive(archive).releases == len(kept.releases)
        another = not is_running(archived_tool(archive, kept.tool))  # as it is but in the commit after a release
    words = ("--archive", str(kept.archive), "--output", str(tmp_path / "out"), "--quiet")
    said = _ran(
        five_years_later(tmp_path / "later"),
        "reproduce",
        IN_TIME,
        *words,
        *(() if another else ("--with-archived-tool",)),
    )
    assert (said["release"], said["tool"]) == (str(dict(kept.releases)[IN_TIME]), str(kept.tool[0]))


def _trusted(kept: KeptArchive) -> tuple[str, ...]:
    return ("--trust", str(kept.place / "trust"), "--audit", str(kept.place / "log"))


def _ran(environment: dict[str, str], *words: str, status: int = 0) -> dict[str, Any]:
    """What a command says that ends so."""
    done = subprocess.run(
        [sys.executable, "-P", "-m", "twinbuild.cli", *words, "--json"],
        env=environment,
        umask=0o027,
        capture_output=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == status, done.stderr.decode()
    said: dict[str, Any] = json.loads(done.stderr if status else done.stdout)
    return said

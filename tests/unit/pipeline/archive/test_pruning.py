"""``pipeline.archive.pruning``: rules, and that a release which stays never loses what it needs."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.archived import Archived, archived, archived_once
from fakes.tiny import tiny_project
from fakes.tool import Tool, tool
from twinbuild.archive.directory import Archive
from twinbuild.archive.summaries import releases, summaries
from twinbuild.cli.__main__ import cli
from twinbuild.cli.outcome import run
from twinbuild.codec.canonical import canonical
from twinbuild.errors import EnvironmentFault, IntegrityError, UsageError
from twinbuild.pipeline.archive.pruning import Rules, foreseen, judge, prune, span
from twinbuild.pipeline.archive.verifying import verify_archive
from twinbuild.store import layout

__all__ = ["archived", "archived_once", "tool"]

LATER = datetime.now(UTC) + timedelta(days=1000)


@pytest.fixture(scope="session")
def three_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of three releases of one project, the second of which says how long it is kept."""
    place = tmp_path_factory.mktemp("three")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"TWINBUILD_STORE": "store", "HOME": "home", "TMPDIR": "tmp"}.items():
            patch.setenv(name, str(place / value))
        (place / "tmp").mkdir()
        project = tiny_project(place / "tiny", place / "store")
        spec = (project / "release.yaml").read_text()
        for number, more in enumerate(("", "governance: {retention: 5y}\n", "")):
            text = spec.replace("version: 1.0.0\n  team", f"version: 1.0.{number}\n  team") + more
            (project / "release.yaml").write_text(text)
            (project / "app" / "main.py").write_text(f"print({number})\n")
            assert run(cli, ("release", str(project), "-q")) == 0
            dist = str(project / "dist" / f"tiny-1.0.{number}")
            assert run(cli, ("archive", "add", dist, "--archive", str(place / "archive"), "-q")) == 0
    return place / "archive"


@pytest.fixture
def three(three_once: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    shutil.copytree(three_once, tmp_path / "archive")
    return tmp_path / "archive"


def _verdicts(archive: Archive, rules: Rules, now: datetime = LATER) -> dict[str, str]:
    return {each.summary.version: each.kept for each in judge(archive, rules, now=now)}


def test_judged_by_the_records(three: Path) -> None:
    """A cache that says of the newest that it is old takes nothing out; nor does a plan what was pinned meanwhile."""
    rules = Rules(newest=1)
    with Archive(three, writing=True) as archive:
        summaries(archive)
        file = three / "v1" / "summaries"
        content = layout.decode_record(file.read_bytes())
        assert content is not None
        file.chmod(0o644)
        file.write_bytes(layout.encode_record(content.replace(b'"version":"1.0.2"', b'"version":"0.0.0"')))
        judged = judge(archive, rules, now=LATER)
        assert [each.summary.version for each in judged if each.kept] == ["1.0.1", "1.0.2"]
        going = next(each.summary.kept.release for each in judged if not each.kept)
        archive.pin(going, "an incident")
        assert prune(archive, judged).releases == ()
        assert archive.kept(going) is not None


def test_half_a_copy(three: Path) -> None:
    """Where the entries of releases are lost and their files are not, nothing is taken for unneeded."""
    shutil.rmtree(three / "v1" / "records" / "release")
    with Archive(three, writing=True) as archive:
        blobs = tuple(archive.blobs.blobs())
        with pytest.raises(IntegrityError, match="TB9110"):
            prune(archive, judge(archive, Rules(newest=1), now=LATER))
        assert tuple(archive.blobs.blobs()) == blobs


def test_rules(three: Path) -> None:
    """The newest, the young, what says so itself, and what is pinned stay; nothing is pruned without a rule."""
    with Archive(three, writing=True) as archive:
        kept = _verdicts(archive, Rules(newest=1))
        assert (kept["1.0.0"], "governance.retention" in kept["1.0.1"], kept["1.0.2"]) == (
            "",
            True,
            "one of the newest 1",
        )
        assert not _verdicts(archive, Rules(newest=1), LATER + timedelta(days=3000))["1.0.1"]
        assert "--keep-for" in _verdicts(archive, Rules(younger=timedelta(days=2000)))["1.0.0"]
        archive.pin(judge(archive, Rules(newest=1), now=LATER)[0].summary.kept.release, "audit 2026")
        assert _verdicts(archive, Rules(younger=timedelta()))["1.0.0"] == "pinned: audit 2026"
        with pytest.raises(UsageError, match="TB9140"):
            judge(archive, Rules(), now=LATER)


def test_nothing_that_stays_is_lost(three: Path, tool: Tool) -> None:
    """What was foreseen goes, shared blobs stay, and what stays is whole, even where the roots were deleted."""
    with Archive(three, writing=True) as archive:
        judged = judge(archive, Rules(newest=1), now=LATER)
        expected = foreseen(archive, judged)
        for root in (three / "v1" / "roots").iterdir():
            root.unlink()
        gone = prune(archive, judged)
        assert [each.summary.version for each in gone.releases] == ["1.0.0"]
        assert (gone.blobs, gone.size) == (expected.blobs, expected.size)
        assert gone.blobs > 5
        found = verify_archive(archive)
        assert (found.releases, found.unneeded) == (2, 0)
    assert tool("archive", "prune", "--archive", str(three), "--keep", "1", "--json").status == 0


def test_while_it_is_used(archived: Archived) -> None:
    """Files stay while another process uses the archive, and go with the next run."""
    with Archive(archived.place) as other, Archive(archived.place, writing=True) as archive:
        assert releases(other)
        with pytest.raises(EnvironmentFault, match="TB9141"):
            prune(archive, judge(archive, Rules(younger=timedelta()), now=LATER), wait=0.1)
        assert releases(archive) == ()
    with Archive(archived.place, writing=True) as archive:
        prune(archive, ())
        assert list(archive.blobs.blobs()) == []


def test_a_damaged_record_stops_it(archived: Archived, tmp_path: Path) -> None:
    """Where it is not known what a release needs, nothing is deleted."""
    record = archived.record
    with Archive(archived.place) as archive:
        (kept,) = releases(archive)
    shutil.rmtree(archived.place / "v1" / "roots")
    (archived.place / "v1" / "roots").mkdir()
    (archived.place / "v1" / "summaries").unlink(missing_ok=True)
    archived.blob(kept.record).unlink()
    before = sorted((archived.place / "v1" / "blobs").rglob("*"))
    with Archive(archived.place, writing=True) as archive, pytest.raises(Exception, match="TB9110"):
        prune(archive, ())
    assert sorted((archived.place / "v1" / "blobs").rglob("*")) == before
    assert archived.blob(record.digest).exists()


@settings(max_examples=30)
@given(st.integers(min_value=0, max_value=999_999_999), st.sampled_from("smhdwy"))
def test_any_span(number: int, unit: str) -> None:
    """Any Duration that a spec may state is a span that can be added to a time."""
    assert datetime(2026, 1, 1, tzinfo=UTC) + span(f"{number}{unit}")


def test_a_record_of_the_last_day(archived: Archived) -> None:
    """A record may say any year, and nobody checked it: no rule ends in an error that is ours."""
    with Archive(archived.place, writing=True) as archive:
        archive.put(replace(archived.record, added="9999-12-31T23:59:59Z"))
        (found,) = judge(archive, Rules(younger=timedelta(days=400)), now=LATER)
        assert found.kept == "until 9999-12-31 by --keep-for"


@pytest.mark.parametrize(
    ("governance", "kept"),
    [
        ([], ""),
        ("x", ""),
        ({"retention": ["1y"]}, "until "),
        ({"retention": "soon"}, "until "),
        ({"retention": ""}, "until "),
    ],
)
def test_a_manifest_that_nobody_validated(archived: Archived, governance: object, kept: str) -> None:
    """What it says of its retention is no defect of ours: where that is no time span, the release stays."""
    document = {
        "apiVersion": "twinbuild/manifest/v2",
        "kind": "ReleaseManifest",
        "metadata": {},
        "governance": governance,
    }
    with Archive(archived.place, writing=True) as archive:
        manifest = archive.blobs.put(canonical(document))
        archive.put(replace(archived.record, digest=manifest, name="other"))
        found = {each.summary.name: each.kept for each in judge(archive, Rules(younger=timedelta()), now=LATER)}
    assert found["other"].startswith(kept)
    assert bool(found["other"]) == bool(kept)

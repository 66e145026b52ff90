"""``pipeline.site.writing``: a catalogue appears as a whole, is the same each time, and takes no foreign place."""

from __future__ import annotations

from functools import cache, partial
from pathlib import Path

import pytest

from fakes.published import example
from twinbuild.describe.site.published import Published
from twinbuild.errors import UsageError
from twinbuild.pipeline.site.writing import Source, write_report, write_site


def _given(release: Published) -> Published:
    return release


def _sources(*releases: Published) -> list[Source]:
    return [partial(_given, each) for each in releases]


def _files(place: Path) -> dict[str, bytes]:
    return {path.relative_to(place).as_posix(): path.read_bytes() for path in place.rglob("*") if path.is_file()}


@cache
def _releases() -> tuple[Published, ...]:
    """Three versions, and another release."""
    return example("1.0.0"), example("1.1.0", day=1), example("1.2.0", day=2), example("1.0.0", name="other")


def test_the_same_in_any_order(tmp_path: Path) -> None:
    """The order of what is given, and giving it twice, change no byte."""
    made = write_site(_sources(*_releases()), tmp_path / "one")
    write_site(_sources(*_releases()[::-1], _releases()[0]), tmp_path / "two")
    files = _files(tmp_path / "one")
    assert files == _files(tmp_path / "two")
    assert (made.releases, made.names, made.pages) == (4, 2, 1 + 4 + 2 + 2)
    assert made.pages == len(files) - 1
    assert made.size == sum(map(len, files.values())) - len(files["twinbuild-site.txt"])


def test_written_anew(tmp_path: Path) -> None:
    """A release that is no longer given has no page left."""
    write_site(_sources(*_releases()), tmp_path / "site")
    write_site(_sources(_releases()[0]), tmp_path / "site")
    assert sorted(_files(tmp_path / "site")) == sorted(
        ["compare/fraud-scorer.html", "index.html", f"releases/{_releases()[0].slug}.html", "twinbuild-site.txt"]
    )


def test_a_failure_leaves_what_was_there(tmp_path: Path) -> None:
    """A release that cannot be read ends it, and the old catalogue stands; nothing half-written lies beside it."""
    write_site(_sources(_releases()[0]), tmp_path / "site")
    before = _files(tmp_path / "site")

    def failing() -> Published:
        raise UsageError.of("TB9401", "gone", hint="h")

    with pytest.raises(UsageError):
        write_site([*_sources(_releases()[0]), failing], tmp_path / "site")
    assert _files(tmp_path / "site") == before
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_no_foreign_directory(tmp_path: Path) -> None:
    """What twinbuild did not write is not replaced."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "index.html").write_text("mine")
    with pytest.raises(UsageError, match="TB8020"):
        write_site(_sources(_releases()[0]), tmp_path / "site")
    assert (tmp_path / "site" / "index.html").read_text() == "mine"


def test_a_page_alone(tmp_path: Path) -> None:
    """One file, which links to no other."""
    size = write_report(_releases()[0], tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text()
    assert size == len(text.encode())
    assert "../" not in text

"""``pipeline.document.writing``: where a project's spec says what, whatever directory it lies in and is called from."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakes.tiny import tiny_project
from twinbuild.pipeline.document.writing import spec_arguments, written_in
from twinbuild.pipeline.project import Project, open_project


def _project(where: Path, beside: Path) -> Project:
    directory = tiny_project(where, where.parent / "store", variants=("one", "two"))
    (directory / "conf").mkdir()
    (directory / "conf" / "prod.yaml").write_text("metadata: {team: others}\n")
    beside.write_text("environment: {variants: [{name: two, platforms: [linux/amd64]}]}\n")
    return open_project(directory, (directory / "conf" / "prod.yaml", beside))


def test_places_of_the_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names are relative to the project, and of a file elsewhere the name alone: the same in every directory."""
    first = _project(tmp_path / "a" / "tiny", tmp_path / "local.yaml")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "deep" / "er").mkdir(parents=True)
    second = _project(tmp_path / "deep" / "er" / "tiny", tmp_path / "deep" / "local.yaml")
    assert written_in(first) == written_in(second)
    assert {place.file for place in written_in(first).values()} == {"release.yaml", "conf/prod.yaml", "local.yaml"}
    assert written_in(first)[("metadata", "team")].file == "conf/prod.yaml"
    assert spec_arguments(first) == ("--overlay", "conf/prod.yaml", "--overlay", "local.yaml")


def test_some_variants(tmp_path: Path) -> None:
    """Of a release of one variant the index is that in the release, and the pointer that in the file."""
    project = _project(tmp_path / "tiny", tmp_path / "local.yaml").only(("two",))
    written = written_in(project)
    name, platform = (("environment", "variants", 0, *rest) for rest in (("name",), ("platforms", 0)))
    assert (written[name].file, written[name].path) == ("local.yaml", ("environment", "variants", 0, "name"))
    assert written[platform].file == "local.yaml"
    assert written[("environment", "variants", 0, "accelerator")].path == ("environment", "variants", 1, "accelerator")
    assert ("environment", "variants", 1, "name") not in written


def test_another_name(tmp_path: Path) -> None:
    """A spec that is not called release.yaml is named in commands."""
    directory = tiny_project(tmp_path / "tiny", tmp_path / "store")
    (directory / "release.yaml").rename(directory / "mine.yaml")
    assert spec_arguments(open_project(directory / "mine.yaml")) == ("mine.yaml",)
    assert written_in(open_project(directory / "mine.yaml"))[("metadata", "name")].file == "mine.yaml"

"""A new project: checked in memory, written whole or not at all, and never over what is there."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from fakes.families import SPEC, write_family
from fakes.here import Here
from twinbuild.errors import SpecError, UsageError
from twinbuild.model.family import Written
from twinbuild.pipeline.family import beginning
from twinbuild.pipeline.family.beginning import kept_files, lacking_rules, project_files, refuse_paths, write_project
from twinbuild.pipeline.family.families import family_at
from twinbuild.pipeline.project import open_project


def _files(directory: Path, *, committed: bool = False, **given: str) -> tuple[Written, ...]:
    return project_files(
        family_at(directory, ()),
        given,
        directory_name="My Model",
        today="2026-11-26",
        committed=committed,
        runner=Here(),
        interpreter=Path(sys.executable),
    )


def _content(files: tuple[Written, ...]) -> dict[str, str]:
    return {file.path: file.content.decode() for file in files}


def test_a_project_loads(tmp_path: Path) -> None:
    """The spec is the family's below, the project's above; both are pinned to each other."""
    family = write_family(tmp_path, {"files/run": "x"})
    (family / "files/run").chmod(0o755)
    written = write_project(tmp_path / "new", _files(family, team="ours"))
    assert written == ("app/main.py", "release.family.yaml", "release.yaml", "run")
    project = open_project(tmp_path / "new")
    assert project.spec.metadata.name == "my-model"
    assert (project.spec.metadata.team, project.spec.metadata.date) == ("ours", "2026-11-26")
    assert project.spec.extends is not None
    assert project.spec.extends.digest == family_at(family, ()).digest.hex
    assert os.access(tmp_path / "new/run", os.X_OK)
    assert not (tmp_path / "new/app/main.py").stat().st_mode & 0o111  # the rest is the umask's to say


def test_a_commit_dates_it(tmp_path: Path) -> None:
    """Where sources are committed."""
    text = _content(_files(write_family(tmp_path), committed=True))["release.yaml"]
    assert "  date: commit\n" in text
    assert "source:\n  commit: record\n" in text


@pytest.mark.parametrize("value", ["x: y", "a #b", "'", '"', "- z", "{", "*a"])
def test_values_of_the_project_itself(tmp_path: Path, value: str) -> None:
    """They are quoted, too."""
    place = tmp_path / "new"
    write_project(place, _files(write_family(tmp_path), team=value, owner=value))
    metadata = open_project(place).spec.metadata
    assert (metadata.team, metadata.owners[0].name) == (value, value)


@pytest.mark.parametrize(
    ("files", "given", "code"),
    [
        ({}, {"nothing": "1"}, "TB7502"),
        ({}, {"team": "a\nb"}, "TB7503"),
        ({}, {"team": " "}, "TB7503"),
        ({}, {"name": "Not A Name"}, "TB1104"),
        ({"release.yaml.j2": SPEC + "more: 1\n"}, {}, "TB1101"),
        ({"release.yaml.j2": "- a\n"}, {}, "TB7514"),
        ({"release.yaml.j2": " a: 1\n"}, {}, "TB7514"),
        ({"release.yaml.j2": SPEC + "extends: {}\n"}, {}, "TB7514"),
        ({"files/release.yaml": "x"}, {}, "TB7513"),
        ({"files/a.md": "x", "files/a.md.j2": "x"}, {}, "TB7513"),
        ({"files/release.lock": "x"}, {}, "TB7513"),
        ({"files/twinbuild.toml": "x"}, {}, "TB7513"),
        ({"files/Twinbuild.toml": "x"}, {}, "TB7513"),
        ({"files/.git.txt.j2": "x", "files/a/.git.md": "x", "files/.j2": ""}, {}, "TB7513"),
        ({"files/dist/x": "x"}, {}, "TB7513"),
        ({"files/.GIT/config": "x"}, {}, "TB7513"),
        ({"files/a/.Envrc": "x"}, {}, "TB7513"),
        ({"files/a.md.j2": "x", "files/a.md/b": "x"}, {}, "TB7513"),
        ({"files/.env": "x"}, {}, "TB7513"),
        ({"files/.github/workflows/x.yml": "x"}, {}, "TB7513"),
        ({"files/a/.vscode/tasks.json": "x"}, {}, "TB7513"),
        ({"files/app/Con.py": "x"}, {}, "TB7513"),
        ({"files/aux/x": "x"}, {}, "TB7513"),
        ({"files/x.": "x"}, {}, "TB7513"),
        ({"files/App/main.py": "x"}, {}, "TB7522"),
    ],
)
def test_nothing_is_made(tmp_path: Path, files: Mapping[str, str], given: dict[str, str], code: str) -> None:
    """What is wrong with values, paths or the spec is said before anything is written."""
    with pytest.raises((SpecError, UsageError)) as error:
        _files(write_family(tmp_path, files), **given)
    assert code in {finding.code for finding in error.value.findings}


def test_no_spec(tmp_path: Path) -> None:
    """A family without release.yaml.j2: TB7514."""
    family = write_family(tmp_path)
    (family / "release.yaml.j2").unlink()
    with pytest.raises(SpecError, match="TB7514"):
        _files(family)


ONE = Written(path="a/one", content=b"1", executable=False)
TWO = Written(path="a/two", content=b"2", executable=False)
SPEC_FILE = Written(path="release.yaml", content=b"s", executable=False)


def _tree(top: Path) -> dict[str, str]:
    return {
        path.relative_to(top).as_posix(): (str(path.readlink()) if path.is_symlink() else path.read_text())
        for path in sorted(top.rglob("*"))
        if path.is_symlink() or path.is_file()
    }


def test_what_a_fresh_repository_has(tmp_path: Path) -> None:
    """README.md and .gitignore stay, and rules that lack are known; a directory of that name is in the way."""
    texts = {".gitignore": "# ours\n\n/dist/\n__pycache__/\n*.tmp\n", "README.md": "theirs", "a/README.md": "theirs"}
    files = tuple(Written(path=path, content=text.encode(), executable=False) for path, text in texts.items())
    (tmp_path / "README.md").write_text("mine")
    (tmp_path / ".gitignore").write_text("**/dist\n/__pycache__/*\n!*.tmp\n")
    assert write_project(tmp_path, (*files, ONE)) == ("a/README.md", "a/one")
    assert kept_files(tmp_path, (*files, ONE)) == (".gitignore", "README.md")
    assert lacking_rules(tmp_path, files) == ("*.tmp",)
    assert (tmp_path / "README.md").read_text() == "mine"
    (tmp_path / "a/README.md").write_text("mine")
    with pytest.raises(UsageError, match="TB7530"):
        write_project(tmp_path, files)
    (tmp_path / "a/README.md").unlink()
    (tmp_path / "README.md").unlink()
    (tmp_path / "README.md").mkdir()
    with pytest.raises(UsageError, match="TB7530"):
        write_project(tmp_path, files)


def test_what_is_there_stays(tmp_path: Path) -> None:
    """Every taken path is said, and nothing is written; the same bytes are no clash, so that a killed run goes on."""
    (tmp_path / "a").mkdir()
    (tmp_path / "a/one").write_text("mine")
    (tmp_path / "release.yaml").symlink_to("a/one")
    before = _tree(tmp_path)
    with pytest.raises(UsageError) as error:
        write_project(tmp_path, (ONE, TWO, SPEC_FILE))
    assert [(finding.code, Path(finding.where.file).name) for finding in error.value.findings] == [
        ("TB7530", "one"), ("TB7530", "release.yaml"),
    ]  # fmt: skip
    assert _tree(tmp_path) == before
    (tmp_path / "release.yaml").unlink()
    (tmp_path / "a/one").write_text("1")
    assert write_project(tmp_path, (ONE, TWO, SPEC_FILE)) == ("a/two", "release.yaml")
    assert _tree(tmp_path) == {"a/one": "1", "a/two": "2", "release.yaml": "s"}


@pytest.mark.parametrize("to", ["elsewhere", "nowhere"])
def test_links_lead_nowhere(tmp_path: Path, to: str) -> None:
    """A directory that is a link is taken; nothing is written through it."""
    (tmp_path / "elsewhere").mkdir()
    top = tmp_path / "top"
    top.mkdir()
    (top / "a").symlink_to(tmp_path / to)
    with pytest.raises(UsageError, match="TB7530"):
        write_project(top, (ONE, SPEC_FILE))
    assert list((tmp_path / "elsewhere").iterdir()) == []
    assert not (tmp_path / "nowhere").exists()


def test_a_link_that_appears_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever makes a link after the check gains nothing: what was written goes again."""
    (tmp_path / "elsewhere").mkdir()
    top = tmp_path / "top"
    top.mkdir()
    (top / "kept").write_text("")
    checked = beginning._place

    def then(directory: Path, file: Written) -> str:
        place = checked(directory, file)
        if file is SPEC_FILE:
            (top / "a").symlink_to(tmp_path / "elsewhere")
        return place

    monkeypatch.setattr(beginning, "_place", then)
    with pytest.raises(OSError, match=r"Not a directory|symbolic"):
        write_project(top, (Written(path="0", content=b"", executable=False), ONE, SPEC_FILE))
    assert sorted(path.name for path in top.iterdir()) == ["a", "kept"]
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_file_that_appears_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It stays what it is: TB7530, and what was written before goes again."""
    (tmp_path / "kept").write_text("")
    checked = beginning._place

    def then(directory: Path, file: Written) -> str:
        place = checked(directory, file)
        if file is SPEC_FILE:
            (tmp_path / "a").mkdir()
            (tmp_path / "a/two").write_text("mine")
        return place

    monkeypatch.setattr(beginning, "_place", then)
    with pytest.raises(UsageError, match="a/two is already there"):
        write_project(tmp_path, (ONE, TWO, SPEC_FILE))
    assert _tree(tmp_path) == {"a/two": "mine", "kept": ""}


def test_all_or_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a write fails, the files and directories before it go; the spec would have come last."""
    (tmp_path / "kept").write_text("")
    count = 0
    synced = os.fsync

    def failing(descriptor: int) -> None:
        nonlocal count
        count += 1
        if count == 2:
            raise OSError(28, "No space left on device")
        synced(descriptor)

    monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises(OSError, match="No space"):
        write_project(tmp_path, (SPEC_FILE, ONE, TWO))
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_names_that_differ_by_case(tmp_path: Path) -> None:
    """Files of two families may be one file elsewhere: TB7513."""
    family = family_at(write_family(tmp_path), ())
    refuse_paths(family, (ONE, TWO))
    with pytest.raises(SpecError, match="differs from 'A/two' only by case") as error:
        refuse_paths(family, (ONE, TWO, Written(path="A/two", content=b"", executable=False)))
    assert error.value.findings[0].code == "TB7513"

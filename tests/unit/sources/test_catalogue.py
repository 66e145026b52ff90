"""Catalogues that anybody may have made: nothing but plain files of portable names, within limits."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from fakes.families import write_family
from twinbuild.errors import SpecError, UsageError
from twinbuild.sources import catalogue
from twinbuild.sources.catalogue import family_names, read_files, read_sheet


def test_a_family_is_read(tmp_path: Path) -> None:
    """Every file, sorted; byte code, version control and the like are passed over; who may execute it is kept."""
    place = write_family(
        tmp_path, {"files/run.sh": "x", ".git/config": "x", "files/__pycache__/a.pyc": "x", ".ruff_cache/x": "x"}
    )
    (place / "files/run.sh").chmod(0o755)
    files = read_files(place)
    assert [(file.path, file.executable) for file in files] == [
        ("family.yaml", False),
        ("files/app/main.py", False),
        ("files/run.sh", True),
        ("release.yaml.j2", False),
    ]
    assert read_sheet(place).startswith(b"apiVersion")
    assert family_names(tmp_path) == ("plain",)


@pytest.mark.parametrize(
    ("spoil", "shown", "reason"),
    [
        (lambda top: (top / "files/x").symlink_to("/etc/passwd"), "files/x", "it is a symbolic link"),
        (lambda top: (top / "files/d").symlink_to(top), "files/d", "it is a symbolic link"),
        (lambda top: os.mkfifo(top / "files/x"), "files/x", "neither a file nor a directory"),
        (lambda top: (top / "files/-rf").write_text(""), "files/-rf", "begins with '-'"),
        (lambda top: (top / "files/a\nb").write_text(""), "files/a\\nb", "control, invisible"),
        (lambda top: (top / "files/a\\b").write_text(""), "files/a\\\\b", "backslash"),
        (lambda top: (top / "files/e\u0301").write_text(""), "files/e\\u0301", "decomposed"),
        (lambda top: Path(os.fsdecode(os.fsencode(top) + b"/files/\xff")).write_text(""), "files/", "not UTF-8"),
        (lambda top: (top / "files/Main").write_text("") + (top / "files/main").write_text(""), "main", "only by case"),
        (lambda top: (top / "files/big").write_bytes(b"x" * (17 << 20)), "files/big", "more than 16777216 bytes"),
        (lambda top: (top / "/".join("d" * 14)).mkdir(parents=True), "d/d", "levels deep"),
    ],
)
def test_what_is_no_part_of_a_family(tmp_path: Path, spoil: Callable[[Path], object], shown: str, reason: str) -> None:
    """TB7522 with the file and the reason."""
    place = write_family(tmp_path)
    spoil(place)
    with pytest.raises(SpecError) as error:
        read_files(place)
    assert {finding.code for finding in error.value.findings} == {"TB7522"}
    assert shown in error.value.findings[0].where.file
    assert reason in error.value.findings[0].message


def test_too_many_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends at the limit."""
    monkeypatch.setattr(catalogue, "MAXIMUM_FILES", 2)
    with pytest.raises(SpecError, match="more than 2 files"):
        read_files(write_family(tmp_path))


def test_a_sheet_that_is_a_link(tmp_path: Path) -> None:
    """The sheet alone is read with the same care."""
    place = write_family(tmp_path)
    (place / "family.yaml").unlink()
    (place / "family.yaml").symlink_to("/etc/passwd")
    with pytest.raises(SpecError, match="TB7522"):
        read_sheet(place)


def test_no_catalogue(tmp_path: Path) -> None:
    """A directory that is not there, or without a family: TB7520."""
    for place in (tmp_path / "none", tmp_path):
        with pytest.raises(UsageError) as error:
            family_names(place)
        assert error.value.findings[0].code == "TB7520"

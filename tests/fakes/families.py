"""Catalogues of families, made in a test's own directory."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from fakes.here import Here
from twinbuild.codec.family import family_digest, load_sheet
from twinbuild.codec.yaml import SourceText
from twinbuild.model.family import Family, FamilyFile
from twinbuild.pipeline.family.beginning import project_files, write_project

__all__ = ["SHEET", "SPEC", "begun", "family_of", "write_family"]

SHEET: Final = """\
apiVersion: twinbuild/family/v1
kind: Family
name: {name}
version: 1.0.0
description: For tests.
"""
SPEC: Final = """\
apiVersion: twinbuild/v1
kind: Release
source: {directory: app}
model: {family: none, version: 1.0.0, artifacts: []}
environment:
  base: {debian: {suite: bookworm}}
  python: "3.11"
serving:
  command: [python, main.py]
"""


def family_of(files: Mapping[str, str], *, sheet: str = "", name: str = "plain", base: Family | None = None) -> Family:
    """A family of these files; ``sheet`` is what its sheet says beside name, version and description."""
    texts = {"family.yaml": SHEET.format(name=name) + sheet, **files}
    made = tuple(FamilyFile(path=path, content=text.encode(), executable=False) for path, text in sorted(texts.items()))
    return Family(
        sheet=load_sheet(SourceText(name="family.yaml", content=texts["family.yaml"].encode())),
        files=made,
        digest=family_digest(made, base.digest if base is not None else None),
        base=base,
        directory=name,
    )


def write_family(
    catalogue: Path, files: Mapping[str, str] | None = None, *, sheet: str = "", name: str = "plain"
) -> Path:
    """The directory of a family with a spec that loads, in a catalogue."""
    texts = {"family.yaml": SHEET.format(name=name) + sheet, "release.yaml.j2": SPEC, "files/app/main.py": ""}
    for path, text in (texts | dict(files or {})).items():
        place = catalogue / name / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    return catalogue / name


def begun(
    directory: Path, family: Family, given: Mapping[str, str] = MappingProxyType({}), *, name: str = "new"
) -> Path:
    """A project of a family, in a directory of this name."""
    files = project_files(
        family,
        given,
        directory_name=name,
        today="2026-11-26",
        committed=False,
        runner=Here(),
        interpreter=Path(sys.executable),
    )
    write_project(directory / name, files)
    return directory / name

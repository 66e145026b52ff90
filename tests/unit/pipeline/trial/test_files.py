"""Files that tests read: pinned, checked, and part of what a release came from."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from fakes.services import Service, service
from twinbuild.errors import IntegrityError, SpecError
from twinbuild.model.digest import Digest
from twinbuild.pipeline.trial.files import TrialFiles, read_trial_files

LINE = b'{"request": {"amount": 3}, "label": 1.5}\n'
MODEL = "{family: none, version: 1.0.0, schemas: {input: schemas/input.json, output: schemas/output.json}}"
TESTS = """\
  accuracy:
    - name: half
      dataset: half.jsonl
      sha256: SHA256
      path: /predict
      prediction: /score
      metric: mae
      threshold: 0.01
"""


def _service(tmp_path: Path, content: bytes = LINE, *, schema: bytes = b"{}", pinned: bytes | None = None) -> Service:
    sha256 = hashlib.sha256(content if pinned is None else pinned).hexdigest()
    made = service(tmp_path / "project", "", TESTS.replace("SHA256", sha256), model=MODEL)
    directory = made.project.directory
    (directory / "schemas").mkdir()
    (directory / "half.jsonl").write_bytes(content)
    (directory / "schemas" / "input.json").write_bytes(schema)
    (directory / "schemas" / "output.json").write_bytes(b'{"type": "object"}')
    return made


def test_they_are_read_and_named(tmp_path: Path) -> None:
    """With digest and size, sorted by path."""
    found = read_trial_files(_service(tmp_path).project)
    assert [(file.path, file.sha256, file.size) for file in found.files] == [
        ("half.jsonl", Digest.of(LINE), len(LINE)),
        ("schemas/input.json", Digest.of(b"{}"), 2),
        ("schemas/output.json", Digest.of(b'{"type": "object"}'), 18),
    ]
    assert found.examples["half"][0].labels == (1.5,)
    assert found.input is not None
    assert found.output is not None
    assert found.output.objection([])


def test_without_tests_nothing_is_read(tmp_path: Path) -> None:
    """Not even where the spec names schemas."""
    made = service(tmp_path / "project", "", "  golden: []\n", model=MODEL)
    assert read_trial_files(made.project) == TrialFiles()


def test_another_evaluation_set(tmp_path: Path) -> None:
    """It is refused, at the line of its digest."""
    made = _service(tmp_path, LINE, pinned=LINE + LINE)
    with pytest.raises(IntegrityError) as caught:
        read_trial_files(made.project)
    (finding,) = caught.value.findings
    assert finding.code == "TB7210"
    assert finding.where.pointer == "/tests/accuracy/0/sha256"
    assert Digest.of(LINE).hex in finding.message


def test_no_set_and_no_schema_at_once(tmp_path: Path) -> None:
    """The line of the set, and the schema's place in the spec."""
    made = _service(tmp_path, LINE + b"{}\n", schema=b'{"$ref": "http://x.example/a.json"}')
    with pytest.raises(SpecError) as caught:
        read_trial_files(made.project)
    assert [(each.code, str(each.where.file or ""), each.where.pointer) for each in caught.value.findings] == [
        ("TB7213", "release.yaml", "/model/schemas/input"),
        ("TB7211", "half.jsonl", ""),
    ] or [each.code for each in caught.value.findings] == ["TB7213", "TB7211"]
    assert caught.value.findings[1].where.line == 2


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """Or that leads out of the project."""
    made = _service(tmp_path)
    (made.project.directory / "schemas" / "input.json").unlink()
    with pytest.raises(SpecError, match="TB2304"):
        read_trial_files(made.project)
    (made.project.directory / "schemas" / "input.json").symlink_to("../../../outside.json")
    with pytest.raises(SpecError, match="TB2302"):
        read_trial_files(made.project)


def test_a_file_that_is_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is refused; the digest of its beginning would be nobody's."""
    monkeypatch.setattr("twinbuild.pipeline.trial.files._LARGEST", len(LINE) - 1)
    with pytest.raises(SpecError, match=r"TB7211.*more than"):
        read_trial_files(_service(tmp_path).project)

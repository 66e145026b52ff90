"""What a run of unittest says, as unittest itself prints it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from twinbuild.errors import BuildError
from twinbuild.pipeline.projecttests import passed_tests, project_tests
from twinbuild.ports import Completed

TEST = "import unittest\nclass T(unittest.TestCase):\n"


def _ended(directory: Path) -> Completed:
    done = subprocess.run(
        [sys.executable, "-B", "-m", "unittest", "discover", "-s", directory, "-t", directory],
        capture_output=True,
        check=False,
    )
    return Completed(status=done.returncode, stdout=done.stdout, stderr=done.stderr)


def test_those_that_pass(tmp_path: Path) -> None:
    """They are counted; other files are no tests."""
    (tmp_path / "tests").mkdir()
    place = tmp_path / "tests/test_it.py"
    place.write_text(TEST + "  def test_a(self): pass\n  def test_b(self): pass\n")
    (tmp_path / "tests/other.py").write_text("x = (")
    assert project_tests(tmp_path) == (place,)
    assert passed_tests(_ended(tmp_path / "tests"), "tests") == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (TEST + "  def test_a(self): pass\n  def test_b(self): self.fail('no')\n", "FAIL: test_b"),
        (TEST + "  def test_a(self): raise OSError\n", "ERROR: test_a"),
        ("x = (\n", "ERROR: test_it"),
        (TEST + "  pass\n", "Ran 0 tests"),
        ("import os\nos._exit(0)\n", "''"),
        ("import os, sys\nsys.stderr.write('OK\\n'); sys.stderr.flush(); os._exit(0)\n", "'OK'"),
    ],
)
def test_those_that_fail(tmp_path: Path, text: str, message: str) -> None:
    """TB7563 with the name of each; a run without a test has shown nothing."""
    (tmp_path / "test_it.py").write_text(text)
    with pytest.raises(BuildError) as error:
        passed_tests(_ended(tmp_path), "new/tests")
    (finding,) = error.value.findings
    assert (finding.code, finding.where.file) == ("TB7563", "new/tests")
    assert message in finding.message

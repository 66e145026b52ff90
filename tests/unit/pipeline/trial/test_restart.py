"""Knobs that need a restart, of real services: what changes without one is found, live knobs or not."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakes.services import service
from twinbuild.model import knobs
from twinbuild.model.spec.knob import Knob
from twinbuild.pipeline.trial import restart
from twinbuild.pipeline.trial.run import TrialRun

pytestmark = pytest.mark.sandbox

SERVICE = """
LIVE = "/etc/twinbuild/live/"
def answer(question):
    return 200, {"score": question["amount"] * 2}
"""
SECTION = """\
  golden:
    - name: one
      request: {path: /predict, body: {amount: 3}}
      expect: {status: 200, body: {score: 6}}
configuration:
  parameters:
    - {name: offset, type: int, default: 0, minimum: 0, maximum: 5, description: Offset.}
    - {name: fixed, type: int, default: 4, minimum: 4, maximum: 4, description: It has one value.}
    - {name: words, type: list, default: [a], description: Any items.}
"""


def _run(tmp_path: Path, program: str = SERVICE, section: str = SECTION) -> TrialRun:
    tiny = service(tmp_path / "project", program, section)
    return tiny.tried()


def test_all_that_have_another_value(tmp_path: Path) -> None:
    """No knob changes live, and each of them is held against the running service."""
    run = _run(tmp_path)
    assert run.findings == []
    assert run.observed["needs_restart"] == ["offset", "words"]


@pytest.mark.parametrize("variable", ["OFFSET", "WORDS"])
def test_one_that_changes_without_a_restart(tmp_path: Path, variable: str) -> None:
    """It is told which; that it reads the file of another one, too, is found when that one is there."""
    program = SERVICE.replace("* 2", f"* 2 + os.path.exists(LIVE + '{variable}')")
    (finding, *_) = _run(tmp_path, program).findings
    assert finding.code == "TB7232"
    assert f"once /etc/twinbuild/live/{variable} is there" in finding.message
    assert finding.where.pointer == f"/configuration/parameters/{['OFFSET', 'WORDS'].index(variable) * 2}/name"


def test_no_answer_any_more(tmp_path: Path) -> None:
    """A service that dies of such a file."""
    dies = "    if os.path.exists(LIVE + 'WORDS'):\n        os._exit(3)\n    return 200"
    program = SERVICE.replace("    return 200", dies)
    (finding, *_) = _run(tmp_path, program).findings
    assert finding.code == "TB7203"
    assert "with other values of knobs that need a restart in /etc/twinbuild/live" in finding.message


def test_nothing_could_show_it(tmp_path: Path) -> None:
    """Without a golden test."""
    section = SECTION[SECTION.index("configuration:") :]
    assert "needs_restart" not in _run(tmp_path, section="  golden: []\n" + section).observed


def test_the_value_that_changes_an_answer(tmp_path: Path) -> None:
    """A value that `tests.changes` has is the one to try: a service that heeds no other one is found by it."""
    change = "  changes:\n    - {knob: offset, value: 3, golden: one, expect: {body: {score: 9}}}\nconfiguration:\n"
    program = SERVICE.replace("* 2", "* 2 + (os.path.exists(LIVE + 'OFFSET') and open(LIVE + 'OFFSET').read() == '3')")
    (finding, *_) = _run(tmp_path, program, SECTION.replace("configuration:\n", change)).findings
    assert finding.code == "TB7232"


@pytest.mark.parametrize(
    ("knob", "other"),
    [
        ({"type": "int", "default": 4}, "5"),
        ({"type": "int", "default": 4, "maximum": 4}, "3"),
        ({"type": "int", "default": 4, "minimum": 4, "maximum": 4}, ""),
        ({"type": "float", "default": 0.5}, "1.5"),
        ({"type": "bool", "default": True}, "false"),
        ({"type": "duration", "default": "1s"}, "2000ms"),
        ({"type": "duration", "default": "5s", "minimum": "3s"}, "3s"),
        ({"type": "duration", "default": "10s", "minimum": "10s"}, "20000ms"),
        ({"type": "duration", "default": "0s"}, "1ms"),
        ({"type": "duration", "default": "10s", "minimum": "10s", "maximum": "10s"}, ""),
        ({"type": "bytes", "default": "1Mi"}, "2097152"),
        ({"type": "bytes", "default": "3Gi", "maximum": "3Gi"}, "1610612736"),
        ({"type": "string", "default": "a"}, "other"),
        ({"type": "string", "default": "other"}, "another"),
        ({"type": "enum", "default": "a", "values": ["a", "b"]}, "b"),
        ({"type": "list", "default": ["a"]}, "[]"),
        ({"type": "list", "default": []}, '["other"]'),
        ({"type": "list", "default": ["a"], "values": ["a", "b"]}, '["a", "b"]'),
        ({"type": "list", "default": ["b"], "values": ["b"]}, "[]"),
        ({"type": "int", "default": 4, "runtime_change": True}, ""),
        ({"type": "int", "default": 4, "kind": "hyperparameter"}, ""),
    ],
)
def test_another_value(knob: dict[str, object], other: str) -> None:
    """One that the knob allows, and that is not its default; none where only that is allowed."""
    made = Knob.model_validate({"name": "x", "description": "d", **knob})
    assert restart._other(made) == other
    assert restart._other(made, made.default) == other
    if other:
        assert knobs.finding(made.definition, other)[1] is None
        assert knobs.read(made.definition, other) != knobs.read(made.definition, knobs.written(made.default))

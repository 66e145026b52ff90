"""The log level has its effect, on a real service in the sandbox."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakes.services import service
from twinbuild.pipeline.trial.run import TrialRun

pytestmark = pytest.mark.sandbox

SERVICE = """
import os
level = os.environ.get('LEVEL', 'info')
if level == 'fatal':
    raise SystemExit(3)
def answer(question):
    if level in ('debug', 'info'):
        print(json.dumps({'level': 'info', 'message': 'asked'}), flush=True)
    print(json.dumps({'level': 'error', 'message': 'too'}), flush=True)
    return 200, {'score': 1}
"""
SECTIONS = """\
  golden:
    - name: one
      request: {path: /predict, body: {amount: 3}}
      expect: {status: 200, body: {score: 1}}
configuration:
  parameters:
    - {name: level, kind: log_level, type: enum, values: [debug, info, error], default: info, description: d}
observability: {logs: {format: json, fields: [level, message]}}
"""


def _run(tmp_path: Path, program: str = SERVICE, sections: str = SECTIONS) -> TrialRun:
    tiny = service(tmp_path / "project", program, sections)
    return tiny.tried()


def test_effect(tmp_path: Path) -> None:
    """Lines of a lesser level are gone; how many there were is noted."""
    run = _run(tmp_path)
    assert run.findings == []
    assert run.observed["log_level"] == {"value": "error", "lines": 1, "by_default": 4}


def test_effect_in_logfmt(tmp_path: Path) -> None:
    """Lines of logfmt are read as those of JSON."""
    program = SERVICE
    for level, message in (("info", "asked"), ("error", "too")):
        said = f"json.dumps({{'level': '{level}', 'message': '{message}'}})"
        assert said in program
        program = program.replace(said, f"'level={level} message={message}'")
    run = _run(tmp_path, program, SECTIONS.replace("format: json", "format: logfmt"))
    assert run.findings == []
    assert run.observed["log_level"] == {"value": "error", "lines": 1, "by_default": 4}


def test_no_effect(tmp_path: Path) -> None:
    """A service that ignores its level is found, at the knob."""
    (finding,) = _run(tmp_path, SERVICE.replace("if level in ('debug', 'info')", "if True")).findings
    assert finding.code == "TB7219"
    assert "with LEVEL=error the service still writes 1 line of a lesser level, first line 1 (info)" in finding.message
    assert "kind: log_level" in finding.where.excerpt


def test_no_start(tmp_path: Path) -> None:
    """A level that is listed and ends the service is found."""
    sections = SECTIONS.replace("[debug, info, error]", "[debug, info, fatal]")
    (finding,) = _run(tmp_path, sections=sections).findings
    assert (finding.code, "with LEVEL=fatal the service does not answer" in finding.message) == ("TB7203", True)


@pytest.mark.parametrize(
    ("old", "new"),
    [("observability: {logs: {format: json, fields: [level, message]}}\n", ""), ("kind: log_level, ", "")],
)
def test_nothing_to_show(tmp_path: Path, old: str, new: str) -> None:
    """Without declared logs, or without such a knob, nothing is started once more."""
    assert old in SECTIONS
    run = _run(tmp_path, sections=SECTIONS.replace(old, new))
    assert run.findings == []
    assert "log_level" not in run.observed


def test_other_answers(tmp_path: Path) -> None:
    """What is answered with another level is what is answered by default: an error there is found."""
    program = SERVICE.replace("return 200", "return 200 if level == 'info' else 500")
    (finding,) = _run(tmp_path, program).findings
    assert finding.code == "TB7204"
    assert "with LEVEL=error golden test 'one' is answered otherwise: got status 500" in finding.message


def test_another_form(tmp_path: Path) -> None:
    """Lines of that start have the declared form, too."""
    program = SERVICE.replace("    return 200", "    level == 'error' and print('asked', flush=True)\n    return 200")
    (finding,) = _run(tmp_path, program).findings
    assert finding.code == "TB7405"


def test_nothing_less_severe(tmp_path: Path) -> None:
    """Where only errors are printed by default, no effect is seen, and none is claimed."""
    run = _run(tmp_path, SERVICE.replace("if level in ('debug', 'info')", "if False"))
    assert run.findings == []
    assert "log_level" not in run.observed

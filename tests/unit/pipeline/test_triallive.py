"""Changes of knobs, of real services."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakes.services import service, trial_here
from twinbuild.pipeline import trialrun
from twinbuild.pipeline.trialfiles import TrialFiles
from twinbuild.pipeline.trialrun import TrialRun, run_trial

pytestmark = pytest.mark.sandbox

SERVICE = """
LIVE = "/etc/twinbuild/live/"
START = float(os.environ.get("FACTOR", "2"))
OFFSET = int(os.environ.get("OFFSET", "0"))
def factor():
    try:
        with open(LIVE + "FACTOR") as stream:
            return float(stream.read())
    except (OSError, ValueError):
        return START
def answer(question):
    return 200, {"score": question["amount"] * factor() + OFFSET}
"""
SECTION = """\
  golden:
    - name: one
      request: {path: /predict, body: {amount: 3}}
      expect: {status: 200, body: {score: 6}}
  changes:
    - {knob: factor, value: 3, golden: one, expect: {body: {score: 9}}, within: 200ms}
    - {knob: offset, value: 1, golden: one, expect: {body: {score: 7}}, within: 200ms}
configuration:
  parameters:
    - {name: factor, type: float, default: 2, description: Factor., runtime_change: true}
    - {name: offset, type: int, default: 0, description: Offset.}
"""


@pytest.fixture(autouse=True)
def _this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs of this machine are seen in the sandbox."""
    monkeypatch.setattr(trialrun, "trial", trial_here)


def _run(tmp_path: Path, program: str = SERVICE, section: str = SECTION) -> TrialRun:
    tiny = service(tmp_path / "project", program, section)
    return run_trial(tiny.project, tiny.derivation, tiny.root, tiny.machine, TrialFiles())


def test_live_and_by_a_restart(tmp_path: Path) -> None:
    """One knob changes while the service runs, and back; the other one with the next start alone."""
    run = _run(tmp_path)
    assert run.findings == []
    assert run.observed["changes"] == [
        {"knob": "factor", "value": "3", "how": "live"},
        {"knob": "offset", "value": "1", "how": "restart"},
    ]


@pytest.mark.parametrize(
    ("old", "new", "code", "said"),
    [
        ("            return float(stream.read())", "            return START", "TB7230", "got 6.0, expected 9"),
        ("(OSError, ValueError)", "OSError", "TB7231", "once /etc/twinbuild/live/FACTOR was 'no value'"),
        (
            "def answer(question):",
            "def answer(question):\n    OFFSET = int(os.path.exists(LIVE + 'OFFSET'))",
            "TB7232",
            "another answer once /etc/twinbuild/live/OFFSET is there",
        ),
        ('int(os.environ.get("OFFSET", "0"))', "0", "TB7233", "started with OFFSET=1, golden test 'one'"),
    ],
)
def test_a_fault(tmp_path: Path, old: str, new: str, code: str, said: str) -> None:
    """No effect, an effect too many, and none after a restart."""
    assert SERVICE.count(old) == 1
    (finding,) = _run(tmp_path, SERVICE.replace(old, new)).findings
    assert (finding.code, finding.where.pointer[:15]) == (code, "/tests/changes/")
    assert said in finding.message


def test_a_change_that_stays(tmp_path: Path) -> None:
    """What was changed live goes when its file goes."""
    program = SERVICE.replace("return float(stream.read())", "global START; START = float(stream.read()); return START")
    (finding,) = _run(tmp_path, program).findings
    assert (finding.code, finding.where.pointer) == ("TB7230", "/tests/changes/0/within")
    assert "200ms after /etc/twinbuild/live/FACTOR went" in finding.message


LOGGING = """
import json
def answer(question):
    try:
        with open("/etc/twinbuild/live/LOG_LEVEL") as stream:
            level = stream.read()
    except OSError:
        level = "info"
    if level != "error" or BROKEN:
        print(json.dumps({"level": "info", "message": "asked"}), flush=True)
    return 200, {"score": 6}
"""


@pytest.mark.parametrize(("broken", "codes"), [("False", []), ("True", ["TB7219"])])
def test_a_log_level_that_changes_live(tmp_path: Path, broken: str, codes: list[str]) -> None:
    """Its lines show it."""
    golden = SECTION[: SECTION.index("  changes:")]
    section = f"""{golden}\
observability: {{logs: {{format: json, fields: [level, message]}}}}
configuration:
  parameters:
    - {{name: log_level, kind: log_level, type: enum, values: [info, error], default: info, description: Level.,
       runtime_change: true}}
"""
    program = LOGGING.replace("BROKEN", broken).replace(
        "def answer", 'level_at_start = os.environ.get("LOG_LEVEL", "info")\ndef answer'
    )
    program = program.replace('level = "info"', "level = level_at_start")
    assert [finding.code for finding in _run(tmp_path, program, section).findings] == codes

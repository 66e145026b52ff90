"""Changes of knobs, of real services."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakes.services import service
from twinbuild.pipeline.trial import livelevel
from twinbuild.pipeline.trial.run import TrialRun

pytestmark = pytest.mark.sandbox

SERVICE = """
LIVE = "/etc/twinbuild/live/"
START = float(os.environ.get("FACTOR", "2"))
OFFSET = int(os.environ.get("OFFSET", "0"))
def factor():
    try:
        with open(LIVE + "FACTOR") as stream:
            value = float(stream.read())
            if value > 10:
                raise ValueError
            return value
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
    - {name: factor, type: float, default: 2, maximum: 10, description: Factor., runtime_change: true}
    - {name: offset, type: int, default: 0, maximum: 5, description: Offset.}
    - {name: spare, type: bool, default: false, description: Nothing tries its effect.}
    - {name: free, type: string, default: other, description: Any text.}
    - {name: words, type: list, default: [a], description: Any items.}
"""


def _run(tmp_path: Path, program: str = SERVICE, section: str = SECTION) -> TrialRun:
    tiny = service(tmp_path / "project", program, section)
    return tiny.tried()


def test_live_and_by_a_restart(tmp_path: Path) -> None:
    """One knob changes while the service runs, and back; the other one with the next start alone."""
    run = _run(tmp_path)
    assert run.findings == []
    assert run.observed["changes"] == [
        {"knob": "factor", "value": "3", "how": "live"},
        {"knob": "offset", "value": "1", "how": "restart"},
    ]
    assert run.observed["needs_restart"] == ["offset", "spare", "free", "words"]


@pytest.mark.parametrize(
    ("old", "new", "code", "at", "said"),
    [
        ("float(stream.read())", "START", "TB7230", "changes/0/expect", "became '3', golden test 'one': at /score got"),
        ("(OSError, ValueError)", "OSError", "TB7231", "changes/0/knob", "once /etc/twinbuild/live/FACTOR was 'no val"),
        ("float(stream.read())", "float(stream.read() or 0)", "TB7231", "changes/0/knob", "FACTOR was ''"),
        ("value > 10", "value > 11", "TB7231", "changes/0/knob", "FACTOR was '11'"),
        ("+ OFFSET", "+ os.path.exists(LIVE + 'OFFSET')", "TB7232", "parameters/1/name", "live/OFFSET is there"),
        ("+ OFFSET", "+ OFFSET + os.path.exists(LIVE + 'SPARE')", "TB7232", "parameters/2/name", "live/SPARE is"),
        ("+ OFFSET", "+ OFFSET + os.path.exists(LIVE + 'FREE')", "TB7232", "parameters/3/name", "live/FREE is"),
        ('int(os.environ.get("OFFSET", "0"))', "0", "TB7233", "changes/1/expect", "started with OFFSET=1, golden test"),
        ('float(os.environ.get("FACTOR", "2"))', "2.0", "TB7233", "changes/0/expect", "started with FACTOR=3"),
    ],
)
def test_a_fault(tmp_path: Path, *, old: str, new: str, code: str, at: str, said: str) -> None:
    """No effect, an effect too many, and none after a restart."""
    assert old in SERVICE
    (finding, *_) = _run(tmp_path, SERVICE.replace(old, new)).findings
    assert (finding.code, finding.where.pointer.endswith(at)) == (code, True)
    assert said in finding.message


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("expect: {body: {score: 9}}", "expect: {body: {score: 6.3}, tolerance: 0.05}", "'one' is answered by default"),
        ("expect: {status: 200, body: {score: 6}}", "expect: {status: 200}", ""),
    ],
)
def test_an_expectation_that_shows_nothing(tmp_path: Path, old: str, new: str, said: str) -> None:
    """The answer without the change would do; a golden test that looks at the status alone hides nothing."""
    assert SECTION.count(old) == 1
    stays = SERVICE.replace("return value", "global START; START = value; return START")
    (finding, *_) = _run(tmp_path, stays, SECTION.replace(old, new)).findings
    assert finding.code == ("TB7234" if said else "TB7230")
    assert said in finding.message


def test_a_change_that_stays(tmp_path: Path) -> None:
    """What was changed live goes when its file goes: the first start had it from its beginning."""
    program = SERVICE.replace("return value", "global START; START = value; return START")
    (finding,) = _run(tmp_path, program).findings
    assert (finding.code, finding.where.pointer) == ("TB7230", "/tests/changes/0/within")
    assert "200ms after /etc/twinbuild/live/FACTOR went" in finding.message


def test_a_slow_answer_is_no_late_one(tmp_path: Path) -> None:
    """A question that was sent before the end of the time decides nothing against the service."""
    program = SERVICE.replace("def answer(question):", "def answer(question):\n    time.sleep(0.3)")
    program = program.replace("def factor():", "seen = [0.0, 2.0]\ndef factor():\n    now = time.monotonic()\n" + POLL)
    assert _run(tmp_path, program).findings == []


POLL = """\
    if now - seen[0] > 0.15:
        seen[:] = [now, fresh()]
    return seen[1]
def fresh():
"""


def test_it_ends_while_knobs_are_changed(tmp_path: Path) -> None:
    """A service that dies of a change is no machine that is too small, whatever it prints."""
    program = SERVICE.replace("return value", "print('x refuses to start: TB5401'); sys.stdout.flush(); os._exit(78)")
    (finding, *_) = _run(tmp_path, program).findings
    assert finding.code == "TB7201"


LOGGING = """
import json
START = os.environ.get("LOG_LEVEL", "info")
def live():
    try:
        with open("/etc/twinbuild/live/LOG_LEVEL") as stream:
            return stream.read()
    except OSError:
        return START
if START == "info":
    print(json.dumps({"level": "info", "message": "started"}), flush=True)
def answer(question):
    if live() != "error":
        print(json.dumps({"level": "info", "message": "asked"}), flush=True)
    return 200, {"score": 6}
"""
LEVELS = f"""{SECTION[: SECTION.index("  changes:")]}\
observability: {{logs: {{format: json, fields: [level, message]}}}}
configuration:
  parameters:
    - {{name: log_level, kind: log_level, type: enum, values: [info, error], default: info, description: Level.,
       runtime_change: true}}
"""


@pytest.mark.parametrize(
    ("old", "new", "codes", "shown"),
    [
        ("", "", [], True),
        ("live() !=", "START !=", ["TB7219"], False),
        ("return stream.read()", "global START; START = stream.read(); return START", ["TB7230"], False),
        ('print(json.dumps({"level": "info", "message": "asked"}), flush=True)', "pass", [], False),
    ],
)
def test_a_log_level_that_changes_live(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, old: str, new: str, codes: list[str], shown: bool
) -> None:
    """Its lines show it, and that it comes back; a line at the start alone shows nothing."""
    monkeypatch.setattr(livelevel, "_WITHIN", 0.5)
    run = _run(tmp_path, LOGGING.replace(old, new), LEVELS)
    assert [finding.code for finding in run.findings] == codes
    if not codes:
        assert [each["knob"] for each in run.observed["changes"]] == ["log_level"] * shown

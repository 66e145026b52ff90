"""One image's tests on real services: each fault is one finding with its code and its line in the spec."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakes.services import Service, service
from twinbuild.errors import EnvironmentFault, Finding
from twinbuild.pipeline.trial import run
from twinbuild.pipeline.trial.run import TooSmall, TrialRun

pytestmark = pytest.mark.sandbox

HALF = "def answer(question):\n    return 200, {'score': question['amount'] / 2}\n"
TESTS = """\
  golden:
    - name: half
      request: {path: /predict, body: {amount: 3}}
      expect:
        status: 200
        body: {score: 1.5}
  performance: {LIMITS}
"""


def tried(tmp_path: Path, answer: str, limits: str = "latency_p95: 60s", tests: str = TESTS) -> TrialRun:
    """The trial of a service whose answers are those of this function."""
    tiny = service(tmp_path / "project", answer, tests.replace("LIMITS", limits))
    return _of(tiny)


def _of(tiny: Service) -> TrialRun:
    return tiny.tried()


def line(finding: Finding) -> str:
    """The line of the spec that it is about."""
    return finding.where.excerpt.strip()


def test_a_service_that_does_as_expected(tmp_path: Path) -> None:
    """No finding; figures of two starts and one round of load."""
    limits = "latency_p50: 60s, latency_p99: 60s, throughput: 0.001, startup: 300s, memory: 1Gi"
    limits += ", requests: 12, concurrency: 3"
    run = tried(tmp_path, HALF, limits)
    assert run.findings == []
    observed = run.observed
    assert [each["name"] for each in observed["golden"]] == ["half"]
    assert len(observed["startup_seconds"]) == 2
    assert observed["load"] == {"requests": 12, "concurrency": 3, "rounds": 1}
    assert set(observed["limits"]) == {"latency_p50", "latency_p99", "throughput", "startup", "memory"}
    assert set(observed["figures"]) == {*observed["limits"], "latency_p95"}
    assert all(value > 0 for value in observed["figures"].values())


def test_start_and_memory_beyond_their_limits(tmp_path: Path) -> None:
    """Both at once."""
    run = tried(tmp_path, "time.sleep(0.5)\n" + HALF, "startup: 400ms, memory: 1Mi")
    assert [each.code for each in run.findings] == ["TB7206", "TB7207"]
    assert [each.where.pointer for each in run.findings] == ["/tests/performance/startup", "/tests/performance/memory"]


def test_more_memory_than_the_container_has(tmp_path: Path) -> None:
    """It is killed, and the limit's line is shown."""
    greedy = "def answer(question):\n    kept = bytearray(1 << 29)\n    time.sleep(9)\n    return 200, len(kept)\n"
    run = tried(tmp_path, greedy)
    assert "TB7208" in [each.code for each in run.findings]
    (finding,) = [each for each in run.findings if each.code == "TB7208"]
    assert finding.where.pointer == "/environment/resources/memory/limit"
    assert "268435456 bytes" in finding.message


def test_a_service_that_ends_after_its_last_answer(tmp_path: Path) -> None:
    """It would be restarted for ever; its status is said."""
    program = """
import threading
def answer(question):
    threading.Timer(0.02, os._exit, [3]).start()
    return 200, {'score': 1}
"""
    tests = TESTS[: TESTS.index("  performance")].replace("1.5", "1")
    (finding,) = tried(tmp_path, program, tests=tests).findings
    assert finding.code == "TB7201"
    assert "ended by itself with status 3" in finding.message


def test_a_service_that_does_not_start(tmp_path: Path) -> None:
    """With its output."""
    (finding,) = tried(tmp_path, "def fail(what): sys.exit(what)\nfail('no model\\n\\n  ~~~^^\\n  at all')\n").findings
    assert finding.code == "TB7201"
    assert finding.message.endswith("; it printed: no model | at all")
    assert finding.where.pointer == "/serving/command"


def test_a_probe_that_is_answered_otherwise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The probe's place in the spec is shown, where it may be wrong, and not the command's."""
    monkeypatch.setattr("twinbuild.pipeline.trial.run._PATIENCE", 0.2)
    tiny = service(tmp_path / "project", HALF, TESTS.replace("LIMITS", "latency_p95: 60s"))
    main = tiny.root / "app" / "main.py"
    main.write_text(main.read_text().replace('give(200, {"status"', 'give(404, {"status"'))
    (finding,) = _of(tiny).findings
    assert finding.code == "TB7201"
    assert "it answers 404" in finding.message
    assert finding.where.pointer == "/serving/health/readiness"


def test_a_machine_that_is_too_small(tmp_path: Path) -> None:
    """The image's own check says so: that is no fault of the image."""
    refusal = (
        "print('tiny 1.0.0 (cpu) refuses to start: TB5401: got 1 GiB of memory')\nsys.stdout.flush()\nsys.exit(78)\n"
    )
    with pytest.raises(TooSmall, match="TB5401"):
        tried(tmp_path, refusal)


def test_no_sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the machine's fault, and is raised."""
    tiny = service(tmp_path / "project", HALF, TESTS.replace("LIMITS", "startup: 1s"))

    def fail(*_: object, **__: object) -> None:
        raise EnvironmentFault.of("TB5910", "no sandbox", hint="allow it")

    monkeypatch.setattr(run, "trial", fail)
    with pytest.raises(EnvironmentFault, match="TB5910"):
        _of(tiny)


def test_a_memory_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It keeps no limit."""
    monkeypatch.setattr("twinbuild.build.service.RunningService.memory", lambda _: 0)
    (finding,) = tried(tmp_path, HALF, "memory: 1Gi").findings
    assert finding.code == "TB7207"
    assert "could not be read" in finding.message

"""What is declared is there, on real services: each fault is one finding with its code and its line in the spec."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakes.services import service
from twinbuild.errors import Finding
from twinbuild.pipeline.trial.run import TrialRun

pytestmark = pytest.mark.sandbox

SERVICE = """
answered = 0
def answer(question):
    global answered
    answered += 1
    print(json.dumps({"level": "info", "message": "asked"}), flush=True)
    return 200, {'score': 1}
TEXT = '''
# TYPE scores_total counter
scores_total{path="/predict"} ANSWERED
# TYPE seconds histogram
seconds_bucket{le="1.0"} 1
seconds_bucket{le="+Inf"} 1
seconds_sum 0.5
seconds_count 1
# TYPE queue gauge
queue 0
'''
def metrics():
    return TEXT.replace('ANSWERED', str(answered))
"""
TESTS = """\
  golden:
    - name: one
      request: {path: /predict, body: {amount: 3}}
      expect: {status: 200, body: {score: 1}}
"""
OBSERVABILITY = """\
observability:
  metrics:
    - {name: scores_total, type: counter, description: Scores., labels: [path]}
    - {name: seconds, type: histogram, description: Time.}
    - {name: queue, type: gauge, description: What waits.}
    - {name: mesh_total, type: counter, description: Requests., source: mesh}
  alerts:
    - {name: Slow, expression: "histogram_quantile(0.9, sum by (le) (rate(seconds_bucket[5m]))) > 1", summary: Slow.}
    - {name: Meshed, expression: "rate(mesh_total[5m]) > 1", summary: Too many.}
  logs: {format: json, fields: [level], optional: [message]}
"""


def _run(tmp_path: Path, program: str = SERVICE, section: str = OBSERVABILITY, tests: str = TESTS) -> TrialRun:
    tiny = service(tmp_path / "project", program, tests + section)
    return tiny.tried()


def _found(findings: list[Finding]) -> list[tuple[str, str]]:
    """Code and the line of the spec, without its indentation."""
    return [(each.code, each.where.excerpt.strip()[:40]) for each in findings]


def test_all_is_there(tmp_path: Path) -> None:
    """Nothing to say; what can't be proven here is named."""
    run = _run(tmp_path)
    assert run.findings == []
    assert run.observed["metrics"] == ["scores_total", "seconds", "queue"]
    assert run.observed["not_provable_here"] == ["mesh_total (mesh)"]


SLOW = '- {name: Slow, expression: "histogram_qu'


@pytest.mark.parametrize(
    ("old", "new", "found", "words"),
    [
        ("seconds", "other", [("TB7402", SLOW)], "alert 'Slow' reads seconds_bucket"),
        ("queue 0", "", [("TB7402", "- {name: queue, type: gauge, description")], "metric 'queue' is declared"),
        ("queue gauge", "queue counter", [("TB7403", "- {name: queue, type: gauge, description")], "as counter"),
        ("# TYPE queue gauge\n", "", [("TB7403", "- {name: queue, type: gauge, description")], "as unknown"),
        ('{path="/predict"}', '{route="x"}', [("TB7404", "- {name: scores_total, type: counter, de")], "labels route"),
        ('{path="/predict"}', "", [("TB7404", "- {name: scores_total, type: counter, de")], "with the labels none"),
        ("queue 0", 'queue{a="b"} 0', [("TB7404", "- {name: queue, type: gauge, description")], "labels a"),
        ("queue 0", "queue zero", [("TB7401", "alerts:")], "could not convert"),
        ("ANSWERED\n", "ANSWERED oops\n", [("TB7401", "alerts:")], "no metrics"),
        ('"info"', '"info", "more": 1', [("TB7405", "logs: {format: json, fields: [level], op")], "the field 'more'"),
        ('"level": "info", ', "", [("TB7405", "logs: {format: json, fields: [level], op")], "lacks the field 'level'"),
        ("print(json.dumps(", "print(str(", [("TB7405", "logs: {format: json, fields: [level], op")], "no JSON"),
    ],
)
def test_a_fault(tmp_path: Path, old: str, new: str, found: list[tuple[str, str]], words: str) -> None:
    """One, at the alert that would never work, or at the declaration."""
    assert old in SERVICE
    run = _run(tmp_path, SERVICE.replace(old, new))
    places = [(code, "alerts:" if code == "TB7401" else line) for code, line in _found(run.findings)]
    assert places == found
    assert words in run.findings[0].message


def test_no_metrics_at_all(tmp_path: Path) -> None:
    """The place is named."""
    (finding,) = _run(tmp_path, SERVICE.replace("def metrics", "def other")).findings
    assert finding.code == "TB7401"
    assert "GET /metrics at port 'http'" in finding.message


def test_without_golden_tests(tmp_path: Path) -> None:
    """What is declared is looked for all the same."""
    run = _run(tmp_path, SERVICE.replace("queue 0", ""), OBSERVABILITY, tests="  golden: []\n")
    assert [finding.code for finding in run.findings] == ["TB7402"]


def test_logs_that_nothing_is_said_of(tmp_path: Path) -> None:
    """They may be as they like."""
    section = OBSERVABILITY[: OBSERVABILITY.index("  logs:")]
    assert _run(tmp_path, SERVICE.replace("print(json.dumps(", "print(str("), section).findings == []


INFORMATION = """\
observability:
  metrics:
    - {name: twinbuild_release_info, type: gauge, description: Which it is., labels: [image, release]}
  logs: {format: json, fields: [image], optional: [level, message]}
"""
IDENTITY = """
def answer(question):
    print(json.dumps({"image": os.environ["TWINBUILD_IMAGE"]}), flush=True)
    return 200, {'score': 1}
def metrics():
    image, release = os.environ["TWINBUILD_IMAGE"], os.environ["TWINBUILD_RELEASE"]
    text = "# TYPE twinbuild_release_info gauge\\ntwinbuild_release_info{image=\\"%s\\",release=\\"%s\\"} 1\\n"
    return text % (image, release)
"""


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("", "", ""),
        ("% (image, release)", "% ('unknown', release)", "image is 'unknown', expected sha256:7"),
        ("% (image, release)", "% (image, '')", "release is '', expected sha256:"),
        ('{"image": os.environ["TWINBUILD_IMAGE"]}', '{"image": None}', "image is 'None', expected sha256:7"),
    ],
)
def test_identity(tmp_path: Path, old: str, new: str, words: str) -> None:
    """The service says which image and release it is, as it was told."""
    program = IDENTITY.replace(old, new) if old else IDENTITY
    tiny = service(tmp_path / "project", program, TESTS + INFORMATION)
    run = tiny.tried(image="sha256:7")
    assert [finding.code for finding in run.findings] == (["TB7406"] if words else [])
    assert not words or words in run.findings[0].message


GATE = """\
rollout:
  strategy: canary
  steps: [{weight: 10, pause: 1m}, {weight: 100}]
  promote:
    - {name: few, metric: lost_total, operator: "<", threshold: 1, window: 5m}
"""


def test_a_gate(tmp_path: Path) -> None:
    """A condition on a metric that is declared, and that nobody publishes, stops the release at the condition."""
    lost = "    - {name: lost_total, type: counter, description: What is lost.}\n  alerts:\n"
    run = _run(tmp_path, SERVICE, OBSERVABILITY.replace("  alerts:\n", lost) + GATE)
    (finding,) = run.findings
    assert finding.code == "TB7402"
    assert finding.message.startswith("gate 'few' reads lost_total, which the service does not publish")
    assert finding.where.pointer == "/rollout/promote/0/metric"


CHOOSING = """\
rollout:
  strategy: canary
  steps: [{weight: 10, pause: 1m}, {weight: 100}]
  promote:
    - {name: few, metric: scores_total, LABELS, operator: "<", threshold: 1, window: 5m}
"""


@pytest.mark.parametrize(
    ("labels", "words", "hint"),
    [
        ("labels: {path: /predict}", "", ""),
        ("labels: {path: /predcit}", "gate 'few' chooses scores_total{path=\"/predcit\"}", '{path="/predict"}'),
        ("labels: {path: ''}", 'chooses scores_total{path=""}', '{path="/predict"}'),
    ],
)
def test_a_gate_on_values_of_labels(tmp_path: Path, *, labels: str, words: str, hint: str) -> None:
    """A series with exactly these values is there, or the release stops at the condition."""
    run = _run(tmp_path, SERVICE, OBSERVABILITY + CHOOSING.replace("LABELS", labels))
    assert [each.code for each in run.findings] == (["TB7413"] if words else [])
    for finding in run.findings:
        assert words in finding.message
        assert hint in finding.hint
        assert finding.where.pointer.startswith("/rollout/promote/0/labels")


QUANTILES = """
def answer(question):
    return 200, {'score': 1}
def metrics():
    return '# TYPE size summary\\nsize{quantile="0.9"} 1\\nsize_sum 1\\nsize_count 1\\n'
"""


@pytest.mark.parametrize(("quantile", "codes"), [("0.9", []), ("0.95", ["TB7413"])])
def test_a_gate_on_a_quantile_of_a_summary(tmp_path: Path, quantile: str, codes: list[str]) -> None:
    """A client publishes the quantiles that it was told, and no others."""
    section = "observability:\n  metrics: [{name: size, type: summary, description: Of a request.}]\n"
    gate = CHOOSING.replace("scores_total", "size").replace("LABELS", f"quantile: {quantile}")
    run = _run(tmp_path, QUANTILES, section + gate)
    assert [each.code for each in run.findings] == codes
    assert all('{quantile="0.9"}' in each.hint for each in run.findings)


METRIC = "  metrics: [{name: queue, type: gauge, description: What waits.}]\n"


@pytest.mark.parametrize("start", [1, 2])
def test_a_line_that_is_printed_late(tmp_path: Path, start: int) -> None:
    """What is printed after the last answer counts, in the second start too, in which nothing is scraped."""
    program = """
import threading
def answer(question):
    print(json.dumps({"level": "info"}), flush=True)
    if START == 1 or os.path.exists("/run/twinbuild-trial"):
        threading.Timer(0.03, print, ["a line of another form"], {"flush": True}).start()
    return 200, {'score': 1}
"""
    section = "observability:\n  logs: {format: json, fields: [level]}\n"
    tiny = service(tmp_path / "project", program.replace("START", str(start)), TESTS + section)
    (tiny.root / "opt/venv/lib/python3.11/site-packages").mkdir(parents=True)  # then the second start is watched
    run = tiny.tried()
    (finding,) = run.findings
    assert finding.code == "TB7405"
    assert "it is: a line of another form" in finding.message
    assert len(run.observed["startup_seconds"]) == start


FORMS = """
def answer(question):
    return 200, {'score': 1}
def metrics():
    return TEXT
give = Handler.give
def formed(self, status, body):
    if self.path == "/metrics" and "openmetrics" in self.headers.get("accept", "") and OPEN is not None:
        body = OPEN.encode()
        self.send_response(200)
        self.send_header("content-type", "application/openmetrics-text; version=1.0.0")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    else:
        give(self, status, body)
Handler.give = formed
"""
PLAIN = "# TYPE queue gauge\nqueue 1\n"


@pytest.mark.parametrize(
    ("text", "opened", "code", "words"),
    [
        (PLAIN, None, "", ""),
        (PLAIN, PLAIN + "# EOF\n", "", ""),
        (PLAIN, "# EOF\n", "TB7402", "'queue' is declared"),
        (PLAIN, PLAIN, "TB7401", "to Prometheus, which accepts OpenMetrics first"),
        ("", PLAIN + "# EOF\n", "TB7402", "'queue' is declared"),
        (PLAIN, PLAIN.replace("queue 1", 'queue{a="b"} 1') + "# EOF\n", "TB7404", "labels a"),
    ],
)
def test_both_forms(tmp_path: Path, text: str, opened: str | None, code: str, words: str) -> None:
    """A metric is there as Prometheus asks for it, which is OpenMetrics first, and in plain text."""
    program = f"TEXT, OPEN = {text!r}, {opened!r}\n" + FORMS
    tiny = service(tmp_path / "project", program, TESTS + "observability:\n" + METRIC)
    run = tiny.tried()
    assert [finding.code for finding in run.findings] == ([code] if code else [])
    assert not words or words in run.findings[0].message

"""Traces of real services: a service that samples by the trace's identifier, and others that do not."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakes.services import service
from twinbuild.pipeline.trial import traces
from twinbuild.pipeline.trial.run import TrialRun
from twinbuild.pipeline.trial.traces import _trace
from twinbuild.trial import asking

pytestmark = pytest.mark.sandbox

IMAGE = "sha256:" + "1" * 64
# OpenTelemetry's TraceIdRatioBased, and OTLP in JSON.
SERVICE = """
import http.client
from urllib.parse import unquote, urlsplit
def export(trace, parent):
    resource = [pair.split("=") for pair in os.environ["OTEL_RESOURCE_ATTRIBUTES"].split(",")]
    attributes = [{"key": key, "value": {"stringValue": unquote(value)}} for key, value in resource]
    span = {"traceId": trace, "spanId": "00000000000000ff", "parentSpanId": parent, "name": "POST"}
    body = {"resourceSpans": [{"resource": {"attributes": attributes}, "scopeSpans": [{"spans": [span]}]}]}
    address = urlsplit(os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"])
    connection = http.client.HTTPConnection(address.hostname, address.port)
    connection.request("POST", "/v1/traces", json.dumps(body), {"content-type": "application/json"})
    connection.getresponse().read()
def answer(question):
    return 200, {'score': 1}
give = Handler.give
def traced(self, status, body):
    other = "00-" + "f" * 32 + "-" + "f" * 16 + "-00"
    version, trace, parent, flags = self.headers.get("traceparent", other).split("-")
    sampled = int(trace[16:], 16) < float(os.environ["OTEL_TRACES_SAMPLER_ARG"]) * 2 ** 64
    if sampled and "traceparent" in self.headers:
        export(trace, parent)
    give(self, status, body)
Handler.give = traced
"""
SECTION = """\
  golden:
    - name: one
      request: {path: /predict, body: {amount: 3}}
      expect: {status: 200, body: {score: 1}}
observability:
  tracing: {enabled: true, exporter: otlp, sample_ratio: 0.3}
"""


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What does not come is not waited for as long as ever."""
    monkeypatch.setattr(traces, "_PATIENCE", 3.0)


def _run(tmp_path: Path, program: str = SERVICE, section: str = SECTION) -> TrialRun:
    tiny = service(tmp_path / "project", program, section)
    return tiny.tried(image=IMAGE)


def test_the_declared_share_arrives(tmp_path: Path) -> None:
    """Of twenty traceparents, six; each span is the child of the one that was sent."""
    run = _run(tmp_path)
    assert run.findings == []
    assert run.observed["traces"] == "6 of 20 sent traces arrived, sample_ratio 0.3"


@pytest.mark.parametrize(
    ("old", "new", "key", "words"),
    [
        ("sampled = int(", "sampled = True or int(", "sample_ratio", "20 reached the receiver, expected 6"),
        ("        export(trace, parent)\n", "        pass\n", "sample_ratio", "0 reached the receiver, expected 6"),
        ("export(trace, parent)\n    give", "export('0' * 32, parent)\n    give", "sample_ratio", "0 reached"),
        ("export(trace, parent)\n    give", "export(trace, '')\n    give", "enabled", "as their parent"),
        ("unquote(value)", "'x'", "enabled", "has 'x' as twinbuild.image"),
        ("json.dumps(body)", "'no'", "exporter", "no OTLP"),
        ('"/v1/traces"', '"/traces"', "exporter", "expected /v1/traces"),
    ],
)
def test_a_fault(tmp_path: Path, old: str, new: str, key: str, words: str) -> None:
    """One finding, at the key that is not kept."""
    assert old in SERVICE
    (finding,) = _run(tmp_path, SERVICE.replace(old, new)).findings
    assert finding.code == "TB7407"
    assert words in finding.message
    assert finding.where.pointer == f"/observability/tracing/{key}"


def test_identifiers() -> None:
    """They are evenly spaced, by 64 bits and by 56."""
    traces = [_trace(number, 40) for number in range(40)]
    assert len(set(traces)) == 40
    assert all(len(trace) == 32 for trace in traces)
    for bits in (64, 56):
        shares = [(int(trace, 16) & ((1 << bits) - 1)) / (1 << bits) for trace in traces]
        assert shares == pytest.approx([(number + 0.5) / 40 for number in range(40)], abs=0.01)


def test_no_answer_to_a_traceparent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A service that hangs up on it is found."""
    monkeypatch.setattr(asking, "PATIENCE", 5.0)
    program = SERVICE.replace(
        "    give(self, status, body)", "    self.connection.close() if sampled else give(self, status, body)"
    )
    (finding,) = _run(tmp_path, program.replace('"-" + "f" * 16', '"-" + "e" * 16')).findings
    assert finding.code == "TB7203"
    assert "a request with a traceparent got no answer" in finding.message


RARE = SECTION.replace("0.3", "0.001")


def test_a_share_so_small_that_none_may_come(tmp_path: Path) -> None:
    """Then every request is traced in the first start, and the share is seen in the second."""
    run = _run(tmp_path, section=RARE)
    assert run.findings == []
    assert run.observed["traces"] == (
        "20 of 20 sent traces arrived, sample_ratio 1; 2 of 400 sent traces arrived, sample_ratio 0.001"
    )


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("        export(trace, parent)\n", "        pass\n", "0 reached the receiver, expected 20"),
        ("sampled = int(", "sampled = True or int(", "400 reached the receiver, expected 0.4"),
    ],
)
def test_a_fault_of_so_small_a_share(tmp_path: Path, old: str, new: str, words: str) -> None:
    """A service that sends none is no better than one that sends all."""
    (finding,) = _run(tmp_path, SERVICE.replace(old, new), RARE).findings
    assert finding.code == "TB7407"
    assert words in finding.message

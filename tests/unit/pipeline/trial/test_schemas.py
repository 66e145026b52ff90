"""Data schemas at the endpoint of real services."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fakes.services import Service, service
from twinbuild.errors import BuildError
from twinbuild.pipeline.trial.every import try_images

pytestmark = pytest.mark.sandbox

MODEL = "{family: none, version: 1.0.0, schemas: {input: input.json, output: output.json}}"
INPUT = {"type": "object", "required": ["amount"], "properties": {"amount": {"type": "number"}}}
OUTPUT = {"type": "object", "required": ["score"]}
TESTS = """\
  golden:
    - name: half
      request: {path: /predict, body: {amount: 3}}
      expect: {status: 200, body: {score: 1.5}}
"""
STRICT = """\
def answer(question):
    if type(question.get("amount")) is not int:
        return 422, {"why": "amount"}
    return 200, {"score": question["amount"] / 2}
"""
LENIENT = "def answer(question):\n    return 200, {'score': (question.get('amount') or 0) / 2}\n"


def _service(tmp_path: Path, answer: str, *, tests: str = TESTS, output: object = OUTPUT) -> Service:
    made = service(tmp_path / "project", answer, tests, model=MODEL)
    (made.project.directory / "input.json").write_text(json.dumps(INPUT))
    (made.project.directory / "output.json").write_text(json.dumps(output))
    return made


def test_a_service_that_checks(tmp_path: Path) -> None:
    """It refuses both kinds of bad requests, and that is noted."""
    run = _service(tmp_path, STRICT).tried()
    assert run.findings == []
    assert run.observed["refused_requests"] == ["without /amount", "with null at /amount"]


def test_a_service_that_does_not(tmp_path: Path) -> None:
    """One finding for each request that it takes."""
    findings = _service(tmp_path, LENIENT).tried().findings
    assert [each.code for each in findings] == ["TB7216", "TB7216"]
    assert "without /amount): got status 200" in findings[0].message
    assert findings[0].where.pointer == "/tests/golden/0/request"


def test_a_service_that_breaks(tmp_path: Path) -> None:
    """A status of 500 is no refusal."""
    breaking = STRICT.replace("422", "500")
    findings = _service(tmp_path, breaking).tried().findings
    assert {each.code for each in findings} == {"TB7216"}
    assert "got status 500" in findings[0].message


def test_an_answer_that_the_schema_refuses(tmp_path: Path) -> None:
    """Though it is the expected one."""
    made = _service(tmp_path, STRICT, output={"properties": {"score": {"maximum": 1}}})
    (finding,) = made.tried().findings
    assert finding.code == "TB7215"
    assert "at /score 1.5 is greater than the maximum of 1" in finding.message


def test_a_request_that_the_schema_refuses(tmp_path: Path) -> None:
    """Nothing need be started to see it; a test of another endpoint says so."""
    tests = TESTS.replace("{amount: 3}", "{amount: much}")
    made = _service(tmp_path, STRICT, tests=tests)
    with pytest.raises(BuildError) as caught:
        try_images(made.project, made.plan, (), made.machine)
    (finding,) = caught.value.findings
    assert finding.code == "TB7214"
    assert finding.where.pointer == "/tests/golden/0/request/body"
    other = _service(tmp_path / "other", STRICT, tests=tests + "      schemas: false\n")
    assert try_images(other.project, other.plan, (), other.machine).outcomes == ()

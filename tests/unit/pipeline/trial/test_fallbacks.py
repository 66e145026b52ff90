"""Fallbacks of real services."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakes.services import service
from twinbuild.pipeline.trial.fallbacks import patience_for, service_environment
from twinbuild.pipeline.trial.run import TrialRun

pytestmark = pytest.mark.sandbox

SERVICE = """
import urllib.request
def answer(question):
    try:
        with urllib.request.urlopen(os.environ["FEATURES_URL"], timeout=0.3) as said:
            return 200, {"score": float(said.read())}
    except OSError:
        return 200, {"score": 1}
"""
SECTION = """\
  golden:
    - name: one
      request: {path: /predict, body: {amount: 3}}
      expect: {status: 200, body: {score: 1}}
      fallback: features
services:
  - {name: other, endpoint: "https://other.example/x", purpose: More., environment: OTHER_URL}
  - name: features
    endpoint: https://features.example/v1
    purpose: Features.
    environment: FEATURES_URL
    timeout: 300ms
    fallback: A score of one.
"""


def _run(tmp_path: Path, program: str = SERVICE) -> TrialRun:
    tiny = service(tmp_path / "project", program, SECTION)
    return tiny.tried()


def test_it_falls_back(tmp_path: Path) -> None:
    """Where the other closes the connection, and where it says nothing."""
    run = _run(tmp_path)
    assert run.findings == []
    assert run.observed["fallbacks"] == ["features"]


@pytest.mark.parametrize(
    ("old", "new", "codes"),
    [
        ("    except OSError:\n        return 200, ", "    except OSError:\n        return 500, ", ["TB7202"]),
        ('os.environ["FEATURES_URL"]', '"http://127.0.0.1:1/"', ["TB7409"]),
        ('os.environ["FEATURES_URL"]', '"https://features.example/v1"', ["TB7409"]),
        ("timeout=0.3", "timeout=4", ["TB7408"]),
        ("timeout=0.3", "timeout=90", ["TB7203"]),
    ],
)
def test_a_fault(tmp_path: Path, old: str, new: str, codes: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """It fails, it never asked, it waits too long, it waits for ever."""
    monkeypatch.setattr("twinbuild.trial.asking.PATIENCE", 10.0)
    run = _run(tmp_path, SERVICE.replace(old, new))
    assert [finding.code for finding in run.findings] == codes
    assert run.findings[0].where.file.endswith("release.yaml")


def test_addresses(tmp_path: Path) -> None:
    """The one that is tried leads to the loopback, with its own path; the other is as declared."""
    spec = service(tmp_path / "project", SERVICE, SECTION).project.spec
    assert dict(service_environment(spec.services, spec.serving)) == {
        "FEATURES_URL": "http://127.0.0.1:4400/v1",
        "OTHER_URL": "https://other.example/x",
    }


def test_a_circuit_breaker(tmp_path: Path) -> None:
    """A service that was told once that nobody answers may leave the other alone afterwards."""
    breaker = "    if BROKEN:\n        return 200, {'score': 1}\n    BROKEN.append(1)\n    try:"
    program = "BROKEN = []\n" + SERVICE.replace("    try:", breaker)
    golden, services = SECTION[: SECTION.index("services:")], SECTION[SECTION.index("services:") :]
    again = golden + golden.removeprefix("  golden:\n").replace("name: one", "name: two") + services
    tiny = service(tmp_path / "project", program, again)
    run = tiny.tried()
    assert run.findings == []
    assert [each["name"] for each in run.observed["golden"]] == ["one", "two"]


def test_patience(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer gets more time than its fallback is allowed, even where that is more than any other gets."""
    slow = SECTION.replace("timeout: 300ms", "timeout: 40s\n    retries: 2")
    spec = service(tmp_path / "slow", SERVICE, slow).project.spec
    (golden,) = spec.tests.golden
    assert patience_for(spec, golden) == 40 * 3 + 2 + 2
    monkeypatch.setattr("twinbuild.trial.asking.PATIENCE", 0.5)
    program = SERVICE.replace("    try:", "    time.sleep(1)\n    try:")
    assert _run(tmp_path, program).findings == []

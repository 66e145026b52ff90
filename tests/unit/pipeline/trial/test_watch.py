"""What a real service's own code does: variables that it asks for, functions that it calls."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.services import PYTHON, Service, service
from twinbuild.pipeline.trial.watch import Watching

TESTS = """\
  golden:
    - name: half
      request: {path: /predict, body: {amount: 3}}
      expect: {status: 200, body: {score: 1.5}}
configuration:
  parameters:
    - {name: threshold, type: float, default: 0.5, description: Threshold., environment: THRESHOLD}
secrets:
  - {name: token, provider: env, reference: TOKEN, purpose: Features.}
"""
ANSWER = """
def answer(question):
    LOOK
    return 200, {"score": question["amount"] / 2}
"""


def _service(tmp_path: Path, look: str, answer: str = ANSWER, model: str = "") -> Service:
    """The service in a virtual environment of its own, where the image's would be."""
    model = f"{{family: none, version: 1.0.0{model}}}"
    made = service(tmp_path / "project", answer.replace("LOOK", look), TESTS, model=model)
    site = made.root / f"opt/venv/lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"
    site.mkdir(parents=True)
    (site / "package.py").write_text("import os\n\n\ndef look(name):\n    return os.environ.get(name)\n")
    (made.root / "opt/venv/bin").mkdir()
    (made.root / "opt/venv/bin/python").symlink_to(PYTHON)
    (made.root / "opt/venv/pyvenv.cfg").write_text(f"home = {Path(PYTHON).parent}\n")
    config = replace(made.derivation.config, entrypoint=("/opt/venv/bin/python",))
    return replace(made, derivation=replace(made.derivation, config=config))


@pytest.mark.sandbox
@pytest.mark.parametrize(
    "look",
    [
        "os.environ.get('HIDDEN')",
        "os.getenv('HIDDEN', 'x')",
        "'HIDDEN' in os.environ",
        "os.getenvb(b'HIDDEN')",
        "os.environ.pop('HIDDEN', None)",
    ],
)
def test_a_variable_that_nobody_declared(tmp_path: Path, look: str) -> None:
    """It is named, with file and line; the answers of the start that is watched are the same."""
    run = _service(tmp_path, look).tried()
    (finding,) = run.findings
    assert finding.code == "TB7217"
    assert "variable HIDDEN (/app/main.py:" in finding.message
    assert run.observed["environment_watched"] is True


@pytest.mark.sandbox
@pytest.mark.parametrize(
    "look",
    [
        "os.environ.get('THRESHOLD')",
        "os.environ.get('TOKEN')",
        "os.environ['PATH']",
        "import package; package.look('HIDDEN')",
        "import tempfile; tempfile.gettempdir()",
    ],
)
def test_variables_that_are_declared_or_others(tmp_path: Path, look: str) -> None:
    """Knobs, secrets, what the image sets; and what packages and the standard library ask for."""
    run = _service(tmp_path, look).tried()
    assert run.findings == []
    assert run.observed["environment_watched"] is True


@pytest.mark.sandbox
def test_steps_that_are_called(tmp_path: Path) -> None:
    """A preprocessing step is code that really ran, in whichever thread it was; the other one is not said to."""
    answer = ANSWER.replace("LOOK", "features(question)") + "def features(x):\n    pass\ndef unused(x):\n    pass\n"
    steps = ", ".join(f"{{name: {each}, step: 'main:{each}'}}" for each in ("features", "unused"))
    run = _service(tmp_path, "", answer, f", preprocessing: [{steps}]").tried()
    assert run.findings == []
    assert run.observed["steps"] == ["main:features"]


@pytest.mark.sandbox
def test_a_service_that_cannot_be_watched(tmp_path: Path) -> None:
    """That is said, too."""
    made = service(tmp_path / "project", ANSWER.replace("LOOK", "os.environ.get('HIDDEN')"), TESTS)
    run = made.tried()
    assert run.findings == []
    assert run.observed["environment_watched"] is False


def test_what_a_service_writes_itself_says_nothing(tmp_path: Path) -> None:
    """The report is the service's to write to: what is no line of ours is passed over."""
    lines = [b"{", b"[" * 9999, b'["A", 1, 2]', b'["A"]', b"\xff", json.dumps(["B", "/app/x.py", 3]).encode()]
    (tmp_path / "seen").write_bytes(b"\n".join(lines))
    assert list(Watching(binds=(), directory=tmp_path)._seen()) == [("B", "/app/x.py", 3)]


def test_a_report_that_is_none(tmp_path: Path) -> None:
    """The service may put a pipe or a link in its place: nobody waits for the one, or follows the other."""
    (tmp_path / "elsewhere").write_text('["SECRET", "/app/x.py", 3]\n')
    for number, make in enumerate((os.mkfifo, lambda path: path.symlink_to(tmp_path / "elsewhere"), Path.mkdir)):
        directory = tmp_path / str(number)
        directory.mkdir()
        make(directory / "seen")
        watch = Watching(binds=(), directory=directory)
        assert list(watch._seen()) == []
        assert not watch.watched


@pytest.mark.sandbox
def test_it_leads_nobody_elsewhere(tmp_path: Path) -> None:
    """A service lays links where the watch notes that questions begin: nothing is made outside of the sandbox.

    It can't change what the watch is told either.
    """
    canary = tmp_path / "canary"
    links = f"""
for name in ("asked", "watch.json", "new"):
    try:
        os.path.lexists("/run/twinbuild-trial/" + name) and os.unlink("/run/twinbuild-trial/" + name)
        os.symlink({str(canary)!r}, "/run/twinbuild-trial/" + name)
    except OSError:
        continue
"""
    run = _service(tmp_path, "pass", links + ANSWER).tried()
    assert run.findings == []
    assert not canary.exists()
    assert run.observed["environment_watched"] is True

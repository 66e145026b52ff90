"""A service in the sandbox, as its container would run, and questions to it."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest

from fakes.services import BINDS, Service, service
from twinbuild.errors import BuildError, EnvironmentFault
from twinbuild.model.spec.environment import Resources
from twinbuild.pipeline.run.trying import Bounds, Told, Trial, bounds_of, trial
from twinbuild.trial.asking import NoAnswer

pytestmark = pytest.mark.sandbox

ECHO = "def answer(question):\n    return 200, [question, sorted(os.sched_getaffinity(0)), os.environ.get('KNOB')]\n"
GOLDEN = "  golden: []\n"


def _service(tmp_path: Path, answer: str = ECHO) -> Service:
    return service(tmp_path / "project", answer, GOLDEN)


def test_it_answers_under_its_limits(tmp_path: Path) -> None:
    """With one processor, another environment, and a memory that is told."""
    import json

    tiny = _service(tmp_path)
    serving = tiny.project.spec.serving
    variables = (("KNOB", "7"),)
    with trial(
        tiny.derivation.config,
        tiny.root,
        tiny.machine,
        serving=serving,
        told=Told(environment=variables, bounds=Bounds(memory=1 << 30, processors=1)),
        binds=BINDS,
    ) as running:
        running.wait_until_ready(60)
        question, processors, knob = json.loads(running.post("/predict", {"a": 1}).body)
        assert question == {"a": 1}
        assert len(processors) == 1
        assert knob == "7"
        assert running.get("/healthz", port="http").status == 200
        assert 1 << 20 < running.memory() < 1 << 28
        assert running.last_words() == ""
    assert running.service.ended
    assert running.memory() == 0


def test_a_service_that_is_never_ready(tmp_path: Path) -> None:
    """What the probe answers is said."""
    tiny = _service(tmp_path)
    main = tiny.root / "app" / "main.py"
    main.write_text(
        main.read_text().replace('self.give(200, {"status": "ok"})', 'self.give(503, {"status": "loading"})')
    )
    serving = tiny.project.spec.serving
    with (
        trial(tiny.derivation.config, tiny.root, tiny.machine, serving=serving, binds=BINDS) as running,
        pytest.raises(EnvironmentFault, match="it answers 503") as caught,
    ):
        running.wait_until_ready(2)
    (finding,) = caught.value.findings
    assert (finding.code, finding.where.pointer) == ("TB5912", "/serving/health/readiness")
    assert finding.hint.startswith("let it answer 200 to 399 there, or correct serving.health.readiness")


def test_a_service_that_ends(tmp_path: Path) -> None:
    """Its last words are in the message."""
    tiny = _service(tmp_path, "sys.exit('no model')\n")
    serving = tiny.project.spec.serving
    with (
        trial(tiny.derivation.config, tiny.root, tiny.machine, serving=serving, binds=BINDS) as running,
        pytest.raises(EnvironmentFault, match="status 1; it printed: no model"),
    ):
        running.wait_until_ready(30)


def test_a_service_that_takes_too_much_memory(tmp_path: Path) -> None:
    """It is killed, as its container would be; what it only reserves does not count."""
    reserve = "import mmap\nreserved = mmap.mmap(-1, 1 << 30)\n"
    keep = "def answer(question):\n    kept = bytearray(1 << 28)\n    time.sleep(9)\n    return 200, len(kept)\n"
    tiny = _service(tmp_path, reserve + keep)
    serving = tiny.project.spec.serving
    told = Told(bounds=Bounds(memory=1 << 27))
    with trial(tiny.derivation.config, tiny.root, tiny.machine, serving=serving, told=told, binds=BINDS) as running:
        running.wait_until_ready(60)
        with pytest.raises(BuildError) as caught:
            running.post("/predict", {})
    assert caught.value.findings[0].code == "TB5915"


def test_secrets_in_files(tmp_path: Path) -> None:
    """A stand-in lies where the service looks for a secret, behind a link of the image too; nothing else is left."""
    answer = "def answer(question):\n    return 200, [open(each).read() for each in question]\n"
    tiny = _service(tmp_path, answer)
    (tiny.root / "run").mkdir()
    (tiny.root / "var").mkdir()
    (tiny.root / "var" / "run").symlink_to("/run")
    told = Told(secrets=("/run/secrets/one", "/var/run/secrets/two", "/etc/three"))
    serving = tiny.project.spec.serving
    with trial(tiny.derivation.config, tiny.root, tiny.machine, serving=serving, told=told, binds=BINDS) as running:
        running.wait_until_ready(60)
        body = running.post("/predict", list(told.secrets)).body
        assert body.count(b"no-secret-but-a-trial") == 3
    assert not list((tiny.root / "run").iterdir())


def test_floods(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of files, threads and lines there are bounds; of lines the beginning and the end are looked at."""
    answer = """
import threading
def answer(question):
    if question == "file":
        try:
            with open("/tmp/a", "wb") as file: [file.write(bytes(1 << 20)) for _ in range(9)]
        except OSError as error:
            return 200, error.strerror
    if question == "threads":
        try:
            [threading.Thread(target=time.sleep, args=(60,), daemon=True).start() for _ in range(999)]
        except RuntimeError as error:
            return 200, str(error)
    print("x" * 5000 + "end", flush=True)
    return 200, os.statvfs("/dev/shm").f_blocks * os.statvfs("/dev/shm").f_frsize
"""
    tiny = _service(tmp_path, answer)
    monkeypatch.setattr("twinbuild.pipeline.run.trying._SPACE", 4 << 20)
    monkeypatch.setattr("twinbuild.pipeline.run.trying.LARGEST_OUTPUT", 4096)
    serving = tiny.project.spec.serving
    told = Told(bounds=Bounds(shared=8 << 20))
    with trial(tiny.derivation.config, tiny.root, tiny.machine, serving=serving, told=told, binds=BINDS) as running:
        running.wait_until_ready(60)
        assert b"No space" in running.post("/predict", "file").body or b"large" in running.post("/predict", "file").body
        assert running.post("/predict", "shared").body == b"%d" % (8 << 20)
        assert running.output == b"x" * 4096
        assert running.last_words().endswith("xend")
        assert "\n" not in running.last_words()
        monkeypatch.setattr("twinbuild.pipeline.run.trying._PAUSE", 0.01)
        assert running.whole_output() == b"x" * 4096
    monkeypatch.setattr("twinbuild.pipeline.run.trying._PROCESSES", 32)
    with trial(tiny.derivation.config, tiny.root, tiny.machine, serving=serving, binds=BINDS) as running:
        running.wait_until_ready(60)
        assert _end_of(running, "threads") in ("TB5916", "can't start new thread")  # by whichever bound is met first


def _end_of(running: Trial, question: str) -> str:
    """The code of what ended the service, or its answer where it lives."""
    try:
        with contextlib.suppress(NoAnswer):
            return str(json.loads(running.post("/predict", question).body))
        running.service.wait(10)
    except BuildError as error:
        return error.findings[0].code
    return "nothing"


def _until_it_ends(running: Trial, question: str) -> None:
    with contextlib.suppress(NoAnswer):
        running.post("/predict", question)
    running.service.wait(10)


def test_a_start_that_takes_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is ended, whatever is being asked of it."""
    monkeypatch.setattr("twinbuild.pipeline.run.trying._LONGEST", 3.0)
    tiny = _service(tmp_path, "def answer(question):\n    time.sleep(90)\n")
    serving = tiny.project.spec.serving
    with (
        trial(tiny.derivation.config, tiny.root, tiny.machine, serving=serving, binds=BINDS) as running,
        pytest.raises(EnvironmentFault, match="TB5902"),
    ):
        _until_it_ends(running, "anything")


@pytest.mark.parametrize(
    ("stated", "bounds"),
    [
        ({}, Bounds()),
        ({"cpu": {"limit": "1500m"}, "memory": {"limit": "1.5Ki"}}, Bounds(memory=1536, processors=2)),
        ({"cpu": {"request": "2"}, "memory": {"request": "1Gi"}}, Bounds()),
    ],
)
def test_limits_of_a_spec(stated: dict[str, object], bounds: Bounds) -> None:
    """Requests are no limits; a part of a processor is a whole one."""
    assert bounds_of(Resources.model_validate(stated)) == bounds
    assert bounds_of(Resources(), shared="2Mi") == Bounds(shared=2 << 20)

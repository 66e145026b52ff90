"""A service in the sandbox, as its container would run, and questions to it."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakes.services import BINDS, Service, service
from twinbuild.errors import BuildError, EnvironmentFault
from twinbuild.model.spec.environment import Resources
from twinbuild.pipeline.trying import Bounds, bounds_of, trial

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
        tiny.derivation,
        tiny.root,
        tiny.machine,
        serving=serving,
        bounds=Bounds(memory=1 << 30, processors=1),
        environment=variables,
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
        trial(tiny.derivation, tiny.root, tiny.machine, serving=serving, binds=BINDS) as running,
        pytest.raises(EnvironmentFault, match="it answers 503") as caught,
    ):
        running.wait_until_ready(2)
    assert caught.value.findings[0].code == "TB5912"


def test_a_service_that_ends(tmp_path: Path) -> None:
    """Its last words are in the message."""
    tiny = _service(tmp_path, "sys.exit('no model')\n")
    serving = tiny.project.spec.serving
    with (
        trial(tiny.derivation, tiny.root, tiny.machine, serving=serving, binds=BINDS) as running,
        pytest.raises(EnvironmentFault, match="status 1; it printed: no model"),
    ):
        running.wait_until_ready(30)


def test_a_service_that_takes_too_much_memory(tmp_path: Path) -> None:
    """It is killed, as its container would be; what it only reserves does not count."""
    reserve = "import mmap\nreserved = mmap.mmap(-1, 1 << 30)\n"
    tiny = _service(tmp_path, reserve + "def answer(question):\n    time.sleep(9) if bytearray(1 << 28) else 0\n")
    serving = tiny.project.spec.serving
    bounds = Bounds(memory=1 << 27)
    with trial(tiny.derivation, tiny.root, tiny.machine, serving=serving, bounds=bounds, binds=BINDS) as running:
        running.wait_until_ready(60)
        with pytest.raises(BuildError) as caught:
            running.post("/predict", {})
    assert caught.value.findings[0].code == "TB5915"


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

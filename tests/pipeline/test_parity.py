"""Parity with what really runs: an example's image in the sandbox, as it is and after it was meddled with."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from twinbuild.cli.__main__ import cli
from twinbuild.cli.outcome import run
from twinbuild.cli.session import session
from twinbuild.pipeline.build.building import build_images, plan_release, source_epoch
from twinbuild.pipeline.capturing import capture_program
from twinbuild.pipeline.machine import Machine
from twinbuild.pipeline.project import open_project, read_lock, require_lock
from twinbuild.pipeline.reading.released import read_release
from twinbuild.pipeline.run.running import run_once, unpacked_image

ROOT = Path(__file__).resolve().parents[2]
SITE = "opt/venv/lib/python3.11/site-packages"


class Running:
    """The example's image, unpacked in a directory in which it runs."""

    def __init__(self, project: Path, root: Path, machine: Machine) -> None:
        self.project, self.root, self._machine = project, root, machine
        loaded = open_project(project)
        lock = require_lock(read_lock(loaded), loaded)
        (self._derivation,) = plan_release(loaded, lock, epoch=source_epoch(loaded, machine)).derivations
        self._release = read_release(project)

    def write(self, path: str, content: bytes) -> None:
        """Put a new file in the place of one of the image's."""
        (self.root / path).unlink(missing_ok=True)
        (self.root / path).write_bytes(content)

    def capture(self, name: str, **variables: str) -> Path:
        """What the program sees in the sandbox, as a file."""
        command = ("python", "-I", "-S", "-c", capture_program(self._release))
        status, output, errors = run_once(
            self._derivation, self.root, self._machine, command=command, environment=tuple(variables.items())
        )
        assert (status, errors) == (0, b"")
        path = self.project / name
        path.write_bytes(output)
        return path


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    """A release of the first example, and its image."""
    project = tmp_path / "fraud-scorer"
    shutil.copytree(ROOT / "examples" / "fraud-scorer", project, ignore=shutil.ignore_patterns("dist", "__pycache__"))
    assert run(cli, ("release", str(project), "--locked", "-q")) == 0
    with session(beside=project, quiet=True) as machine:
        loaded = open_project(project)
        lock = require_lock(read_lock(loaded), loaded)
        plan = plan_release(loaded, lock, epoch=source_epoch(loaded, machine))
        (image,) = build_images(plan, machine)
        with unpacked_image(image, machine) as root:
            yield Running(project, root, machine)


@pytest.mark.network
@pytest.mark.sandbox
def test_a_running_image(running: Running, capfd: pytest.CaptureFixture[str]) -> None:
    """An image as it was built has no drift; each change inside of it is listed, with its risk, and nothing else is."""
    project = str(running.project)
    same = running.capture("same.json", HOSTNAME="worker-1", KUBERNETES_PORT="tcp://10.0.0.1:443")
    capfd.readouterr()
    assert run(cli, ("parity", project, str(same))) == 0
    assert capfd.readouterr().out.startswith("no difference between fraud-scorer 1.0.0")

    _with_another_record(running)
    both = running.capture("both.json")
    assert run(cli, ("parity", project, str(both), "--json")) == 1
    (only,) = json.loads(capfd.readouterr().out)["differences"]
    assert (only["what"], only["risk"]) == ("record click", "high")
    (output,) = (running.project / "dist").iterdir()
    alone = shutil.copy(output / "manifest.json", running.project / "alone.json")
    assert run(cli, ("parity", str(alone), str(both), "--json")) == 0
    seen = json.loads(capfd.readouterr().out)
    assert seen["notes"][0].startswith("RECORD files, variables that the image sets: the release manifest lies alone")

    _meddle(running)
    capture = running.capture("meddled.json", LOG_LEVEL="debug", PYTHONPATH="/nowhere")
    assert "/nowhere" not in capture.read_text()
    assert run(cli, ("parity", project, str(capture), "--json")) == 1
    listed: list[dict[str, Any]] = json.loads(capfd.readouterr().out)["differences"]
    assert sorted((item["section"], item["what"], item["risk"]) for item in listed) == [
        ("configuration", "values LOG_LEVEL", "high"),
        ("configuration", "variables PYTHONPATH", "medium"),
        ("files", "/app/service/logs.py", "high"),
        ("files", "/models/classifier.skops", "high"),
        ("os_packages", "tzdata", "medium"),
        ("os_packages", "tzdate", "medium"),
        ("packages", "altered fastapi fastapi/routing.py", "high"),
        ("packages", "missing click click/core.py", "high"),
        ("packages", "record click", "high"),
        ("packages", "unowned sitecustomize.py", "high"),
    ]
    assert run(cli, ("parity", project, str(capture), "--format", "junit")) == 1
    junit = ET.fromstring(capfd.readouterr().out)
    failed = {case.get("name") for case in junit.iter("testcase") if case.find("failure") is not None}
    assert failed == {"packages", "files", "os_packages", "configuration"}


def _with_another_record(running: Running) -> None:
    """Change a file, and its RECORD with it."""
    (record,) = (running.root / SITE).glob("click-*.dist-info/RECORD")
    digest = base64.urlsafe_b64encode(hashlib.sha256(b"").digest()).decode().rstrip("=")
    text = re.sub(r"(?m)^click/core\.py,.*$", f"click/core.py,sha256={digest},0", record.read_text())
    running.write(str(record.relative_to(running.root)), text.encode())
    running.write(f"{SITE}/click/core.py", b"")


def _meddle(running: Running) -> None:
    running.write(f"{SITE}/fastapi/routing.py", b"# meddled")
    (running.root / SITE / "click" / "core.py").unlink()
    running.write(f"{SITE}/sitecustomize.py", b"")
    running.write("app/service/logs.py", b"# meddled")
    running.write("models/classifier.skops", b"0")
    status = (running.root / "var/lib/dpkg/status").read_bytes()
    running.write("var/lib/dpkg/status", status.replace(b"Package: tzdata\n", b"Package: tzdate\n"))

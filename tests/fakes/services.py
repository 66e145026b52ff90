"""A service of a few lines that runs on this machine's Python in a sandbox, and the spec that is about it."""

from __future__ import annotations

import os
import sys
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fakes.machines import machine
from twinbuild.build.rootfs import materialise
from twinbuild.build.sandbox import Bind
from twinbuild.model.digest import Digest
from twinbuild.model.image import Descriptor, Image
from twinbuild.model.plan import Derivation, ImageConfig, Plan
from twinbuild.model.platform import Platform
from twinbuild.model.tree import Symlink
from twinbuild.pipeline.machine import Machine
from twinbuild.pipeline.project import Project, open_project
from twinbuild.pipeline.run.trying import Trial, trial
from twinbuild.pipeline.trial.files import read_trial_files
from twinbuild.pipeline.trial.run import TrialRun, run_trial
from twinbuild.process.runner import SubprocessRunner
from twinbuild.store.memory import MemoryStore

__all__ = ["BINDS", "Service", "service", "trial_here"]

PYTHON = os.path.realpath(sys.executable)
_WANTED = ("/usr", "/lib", "/lib64", "/bin", "/etc/ld.so.cache", sys.base_prefix)
BINDS = tuple(
    Bind(source=path, target=path)
    for path in dict.fromkeys(_WANTED)
    if Path(path).exists() and not Path(path).is_symlink() and not (path != "/usr" and path.startswith("/usr/"))
)
_SPEC = """\
apiVersion: twinbuild/v1
kind: Release
metadata:
  name: tiny
  version: 1.0.0
  team: tests
  owners: [{name: Ada Example, email: ada@tests.example}]
  date: 2026-11-01
source: {directory: app, target: /app}
model: MODEL
environment:
  base: {debian: {suite: bookworm}}
  python: "3.11"
  platforms: [PLATFORM]
  variants: [{name: cpu, accelerator: none}]
  resources: {cpu: {limit: "1"}, memory: {limit: 256Mi}}
serving:
  command: [python, /app/main.py]
  ports: [{name: http, port: 8000}]
  health: {readiness: {path: /healthz, port: 8000}}
tests:
"""
# What a test adds: ``answer(question)``, which gives status and body; bytes go out as they are.
_PROGRAM = """
import json, os, sys, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet: two wait for each other (Nagle, delayed acknowledgement)

    def do_GET(self):
        if self.path == "/metrics" and "metrics" in globals():
            return self.give(200, metrics().encode())
        self.give(200, {"status": "ok"})

    def do_POST(self):
        self.give(*answer(json.loads(self.rfile.read(int(self.headers["content-length"])))))

    def give(self, status, body):
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


"""
_START = '\nThreadingHTTPServer(("127.0.0.1", 8000), Handler).serve_forever()\n'


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A project, the plan and image of its only variant, the unpacked root, and a machine to try it on."""

    project: Project
    derivation: Derivation
    image: Image
    root: Path
    machine: Machine

    @property
    def plan(self) -> Plan:
        """The plan of the project."""
        return Plan(derivations=(self.derivation,), documents=())

    def tried(self, *, image: str = "") -> TrialRun:
        """What its trial gives: of programs of this machine where ``trial_here`` serves."""
        files = read_trial_files(self.project)
        return run_trial(self.project, self.derivation, self.root, self.machine, files, image=image)


def service(
    directory: Path, answer: str, tests: str, *, model: str = "{family: none, version: 1.0.0}", variables: str = ""
) -> Service:
    """The service whose Python function ``answer`` is given, with the text of ``tests``, indented by two blanks."""
    text = _SPEC.replace("PLATFORM", f"linux/{_machine()}").replace("MODEL", model) + tests
    (directory / "app").mkdir(parents=True)
    (directory / "release.yaml").write_text(text)
    root = directory / "root"
    (root / "app").mkdir(parents=True)
    links = [name for name in ("bin", "lib", "lib64") if Path("/", name).is_symlink()]
    materialise([Symlink(path=name, target=os.readlink(f"/{name}")) for name in links], root)  # noqa: PTH115
    (root / "app" / "main.py").write_text(_PROGRAM + answer + _START)
    (directory / "scratch").mkdir()
    digest = Digest.of((answer + variables).encode())
    descriptor = Descriptor(media_type="application/vnd.oci.image.manifest.v1+json", digest=digest, size=1)
    config = ImageConfig(
        entrypoint=(PYTHON, "-S"),
        command=("/app/main.py",),
        environment=(("PATH", "/usr/bin:/bin"), ("LC_ALL", "C.UTF-8"), ("PYTHONDONTWRITEBYTECODE", "1")),
        user="10001:10001",
        working_directory="/app",
        exposed_ports=("8000/tcp",),
        labels=(),
        stop_signal="SIGTERM",
    )
    platform = Platform.parse(f"linux/{_machine()}")
    return Service(
        project=open_project(directory),
        derivation=Derivation(
            name="tiny",
            version="1.0.0",
            variant="cpu",
            platform=platform,
            builder="embedded/1",
            layers=(),
            config=config,
            source_date_epoch=0,
        ),
        image=Image(
            derivation=digest, variant="cpu", platform=platform, manifest=descriptor, config=descriptor, layers=()
        ),
        root=root,
        machine=replace(
            machine(MemoryStore(), directory / "scratch", runner=SubprocessRunner()), interpreter=Path(sys.executable)
        ),
    )


def trial_here(*arguments: Any, binds: tuple[Bind, ...] = (), **more: Any) -> AbstractContextManager[Trial]:
    """``trying.trial`` for a root in which programs of this machine are to be seen."""
    return trial(*arguments, binds=(*BINDS, *binds), **more)


def _machine() -> str:
    return {"x86_64": "amd64", "aarch64": "arm64"}[os.uname().machine]

"""A first spec, with an application that runs as it is: what ``twinbuild init`` writes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from twinbuild.errors import UsageError
from twinbuild.model.family import Written
from twinbuild.pipeline.family.beginning import fit_name, write_new

__all__ = ["first_files", "write_first_files"]

_SPEC: Final = """\
# Every key is described in docs/spec.md; `twinbuild schema > release.schema.json` gives your editor the same.
apiVersion: twinbuild/v1
kind: Release

metadata:
  name: {name}
  version: 0.1.0
  team: my-team
  owners:
    - {{name: Ada Example, email: ada@team.example}}
  {date}
  description: What the release is for.

source:
  directory: app
{commit}
model:
  family: my-model
  version: 0.1.0
  artifacts: []
  # - {{name: weights, uri: model/weights.onnx, format: onnx, licence: Apache-2.0, target: /models/weights.onnx}}

environment:
  base:
    debian: {{suite: bookworm}}
  python: "3.11"

dependencies:
  runtime: []
  # - fastapi==0.165.0

serving:
  command: [python, main.py]
  ports:
    - {{name: http, port: 8000}}
  health:
    readiness: {{path: /healthz, port: 8000}}
"""
_SERVICE: Final = '''\
"""Answers every request; put your service here."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Service(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b"ok\\n"
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


ThreadingHTTPServer(("0.0.0.0", 8000), Service).serve_forever()
'''


def first_files(name: str, *, today: str, committed: bool) -> tuple[Written, ...]:
    """The files. ``name`` is made fit for a release; where sources are ``committed`` the commit dates it."""
    spec = _SPEC.format(
        name=fit_name(name),
        date="date: commit" if committed else f"date: {today}",
        commit="  commit: record\n" if committed else "",
    )
    made = {"release.yaml": spec.encode(), "app/main.py": _SERVICE.encode(), ".gitignore": b"/dist/\n"}
    return tuple(Written(path=path, content=content, executable=False) for path, content in made.items())


def write_first_files(directory: Path, files: tuple[Written, ...]) -> tuple[str, ...]:
    """Write what isn't there yet, all or none; which were written. Raises UsageError TB8021 if there is a spec.

    Nothing is written through a link: what is one is there.
    """
    if os.path.lexists(directory / "release.yaml"):
        raise UsageError.of(
            "TB8021",
            f"{directory} has a release.yaml",
            hint="edit it, or name another directory",
            where=str(directory / "release.yaml"),
        )
    lacking = tuple(file for file in files if not os.path.lexists(directory / file.path))
    write_new(directory, lacking)
    return tuple(file.path for file in lacking)

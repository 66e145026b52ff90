"""A first spec, with an application that runs as it is: what ``twinbuild init`` writes."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path
from typing import Final

from twinbuild.errors import UsageError
from twinbuild.pipeline.output import write_file

__all__ = ["first_files", "fit_name", "write_first_files"]

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
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"ok\\n")


ThreadingHTTPServer(("0.0.0.0", 8000), Service).serve_forever()
'''
_UNFIT: Final = re.compile(r"[^a-z0-9]+")


def first_files(name: str, *, today: str, committed: bool) -> dict[str, bytes]:
    """The files by path. ``name`` is made fit for a release; where sources are ``committed`` the commit dates it."""
    spec = _SPEC.format(
        name=fit_name(name),
        date="date: commit" if committed else f"date: {today}",
        commit="  commit: record\n" if committed else "",
    )
    return {"release.yaml": spec.encode(), "app/main.py": _SERVICE.encode(), ".gitignore": b"/dist/\n"}


def fit_name(text: str) -> str:
    """The name of a directory made fit for a release."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()  # été → ete
    return _UNFIT.sub("-", plain.lower()).strip("-")[:63].strip("-") or "my-release"


def write_first_files(directory: Path, files: dict[str, bytes]) -> tuple[Path, ...]:
    """Write what isn't there yet; which were written. Raises UsageError TB8021 if there is a spec."""
    if (directory / "release.yaml").exists():
        raise UsageError.of(
            "TB8021",
            f"{directory} has a release.yaml",
            hint="edit it, or name another directory",
            where=str(directory / "release.yaml"),
        )
    written = []
    for name, content in files.items():
        path = directory / name
        if not path.exists():
            write_file(path, content)
            written.append(path)
    return tuple(written)

"""The golden tests of a spec, asked of a container that has no network."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from fakes.engine import docker

__all__ = ["answers"]

# In the container: the question on standard input; status and answer on standard output, once the service listens.
_ASK: Final = """\
import json, sys, time, urllib.error, urllib.request
method, path, body = sys.argv[1], sys.argv[2], sys.stdin.buffer.read()
headers = {"content-type": "application/json"}
request = urllib.request.Request("http://127.0.0.1:8000" + path, body, headers, method=method)
for _ in range(300):
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            print(json.dumps([response.status, json.load(response)]))
        break
    except urllib.error.HTTPError as error:
        print(json.dumps([error.code, error.read().decode(errors="replace")]))
        break
    except OSError:
        time.sleep(0.2)
"""


def answers(host: str, image: str, example: Path) -> None:
    """A container of the image passes every golden test of the example's spec.

    It has no network, and only /tmp can be written to: torch starts nowhere else.
    """
    confined = ("--network", "none", "--read-only", "--tmpfs", "/tmp")
    container = docker(host, "run", "--detach", *confined, image).strip()
    try:
        for golden in yaml.safe_load((example / "release.yaml").read_text())["tests"]["golden"]:
            request, expected = golden["request"], golden["expect"]
            asked = ("exec", "--interactive", container, "python", "-c", _ASK, request["method"], request["path"])
            said = docker(host, *asked, stdin=json.dumps(request["body"]))
            assert said, docker(host, "logs", container)
            status, body = json.loads(said)
            assert status == expected["status"], (golden["name"], body)
            _near(body, expected["body"], expected.get("tolerance", 0.0))
    finally:
        docker(host, "rm", "--force", container)


def _near(got: object, expected: Any, tolerance: float) -> None:
    """Numbers within the tolerance; of objects the fields that are expected."""
    if isinstance(expected, dict):
        assert isinstance(got, dict)
        for key, value in expected.items():
            _near(got[key], value, tolerance)
    elif isinstance(expected, list):
        assert isinstance(got, list)
        for one, other in zip(got, expected, strict=True):
            _near(one, other, tolerance)
    elif isinstance(expected, float):
        assert got == pytest.approx(expected, abs=tolerance)
    else:
        assert got == expected

"""``twinbuild test`` as a person uses it; ``pipeline/trial/test_every.py`` shows the tests themselves."""

from __future__ import annotations

import json
from pathlib import Path

from fakes.tiny import tiny_project
from fakes.tool import Tool

GOLDEN = """\
tests:
  golden:
    - name: one
      request: {method: GET, path: /}
      expect: {status: 200}
"""


def test_nothing_to_test(tool: Tool, tmp_path: Path) -> None:
    """An image without tests is named as such, as text and as JSON."""
    project = tiny_project(tmp_path / "tiny", tmp_path / "store")
    ended = tool("test", str(project), "-q")
    assert ended.status == 0, ended.err
    assert ended.out.startswith("untested cpu linux/amd64  sha256:")
    assert ended.out.endswith("  the spec has no tests\n")
    ended = tool("test", str(project), "--json")
    (image,) = json.loads(ended.out)["images"]
    assert (image["verdict"], image["reason"], image["variant"]) == ("untested", "the spec has no tests", "cpu")


def test_a_service_that_does_not_start(tool: Tool, tmp_path: Path) -> None:
    """Exit 6 for ``test``, and for ``release``, which writes nothing."""
    project = tiny_project(tmp_path / "tiny", tmp_path / "store")
    with (project / "release.yaml").open("a") as stream:
        stream.write(GOLDEN)
    for verb in ("test", "release"):
        ended = tool(verb, str(project), "--locked", "-q", "--json")
        assert ended.status == 6, ended.err
        (finding,) = json.loads(ended.err)["findings"]
        assert finding["code"] == "TB7201"
        assert finding["pointer"] == "/serving/command"
    assert not (project / "dist").exists()

"""``pipeline.challenge.archived``: who has an archive alone says the same as one with a project."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakes.archived import Archived, archived, archived_once
from fakes.signed import key_file
from fakes.tool import Tool, tool
from twinbuild.codec.dsse import decode_envelope
from twinbuild.govern.keys import new_key

__all__ = ["archived", "archived_once", "tool"]
pytestmark = pytest.mark.sandbox


def test_the_same_statement(tool: Tool, archived: Archived, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is signed is the same text, and the challenge counts both."""
    project = archived.dist.parent.parent
    said = []
    for name, words in (("ada", ("tiny@1.0.0", "--archive", str(archived.place))), ("grace", (str(project),))):
        key = key_file(tmp_path / name, new_key("ecdsa"))
        ended = tool("rebuild", *words, "-q", "--key", str(key), "--output", str(tmp_path / f"{name}.json"))
        assert ended.status == 0, ended.err
        said.append(decode_envelope((tmp_path / f"{name}.json").read_bytes(), name="x").payload)
        monkeypatch.setenv("TWINBUILD_STORE", str(project.parent / "store"))
    assert said[0] == said[1]
    statements = [str(tmp_path / f"{name}.json") for name in ("ada", "grace")]
    keys = [word for name in ("ada", "grace") for word in ("--key", str(tmp_path / f"{name}.pub"))]
    ended = tool("challenge", str(archived.dist), *statements, *keys)
    assert ended.status == 0, ended.err
    assert tool("rebuild", "tiny", "--archive", str(archived.place), "--variant", "cpu").status == 2

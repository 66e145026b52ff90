"""``twinbuild check-config``: of a spec and of a release, everything at once, each at its place."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path

import pytest

from fakes.tiny import tiny_release
from fakes.tool import Tool, tool

__all__ = ["tool"]

MORE = """\
configuration:
  parameters:
    - {name: batch, type: int, default: 8, minimum: 1, maximum: 64, description: d, environment: BATCH}
    - {name: queue, type: int, default: 64, description: d}
    - {name: level, type: enum, values: [debug, info], default: info, description: d}
  rules:
    - {name: fits, rule: batch <= queue, message: A batch fits into the queue.}
  stages: {dev: {level: debug}, prod: {batch: 32}}
secrets:
  - {name: token, provider: env, reference: API_TOKEN, purpose: p}
publish: {repositories: {dev: registry.example/dev/tiny, prod: registry.example/prod/tiny}}
"""
EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "fraud-scorer"


@pytest.fixture
def dist(tool: Tool, tmp_path: Path) -> Path:
    """The release of a tiny project that has knobs."""
    return tiny_release(tool, tmp_path, more=MORE)


def codes(err: str) -> list[str]:
    """The codes of a command's findings, in order."""
    return [line[6:12] for line in err.splitlines() if line.startswith("error[")]


def test_a_release_and_its_spec_say_the_same(tool: Tool, dist: Path) -> None:
    """Defaults, a stage, a file, and what is set: the last one wins; of both the same is said."""
    env = dist.parent / "prod.env"
    env.write_text("QUEUE=40\nAPI_TOKEN=hunter2\nPATH=/bin\n")
    for where in (dist, dist.parent.parent):
        said = tool("check-config", str(where), "--json")
        assert json.loads(said.out)["configuration"] == {"batch": "8", "queue": "64", "level": "info"}, said.err
        said = tool(
            "check-config", str(where), "--stage", "prod", "--env-file", str(env), "--set", "level=debug", "--json"
        )
        assert json.loads(said.out)["configuration"] == {"batch": "32", "queue": "40", "level": "debug"}, said.err
        said = tool("check-config", str(where), "--stage", "prod", "--env-file", str(env), "--set", "queue=31")
        assert (said.status, codes(said.err)) == (1, ["TB5414"])
        assert "rule fits (batch <= queue) does not hold with batch '32', queue '31'" in said.err


def test_everything_at_once(tool: Tool, dist: Path) -> None:
    """Unknown, wrong, out of range and missing, each at its line; no secret is printed."""
    env = dist.parent / "prod.env"
    env.write_text("BATCH=many\nQUEU=3\n\nLEVEL=loud\nAPI_TOKEN=\nSECRET_THING=hunter2\n")
    said = tool("check-config", str(dist), "--env-file", str(env), "--set", "bach=1", "--set", "queue=-1")
    assert said.status == 1
    assert codes(said.err) == ["TB5419", "TB5419", "TB5419", "TB5411", "TB5413", "TB5415"]
    for place in (":2:1", ":6:1", "--set bach", ":1:1", ":4:1"):
        assert f"{place}\n" in said.err
    assert "did you mean QUEUE?" in said.err
    assert "hunter2" not in said.err
    assert said.out == ""


def test_refused_before_anything_is_looked_at(tool: Tool, dist: Path, tmp_path: Path) -> None:
    """An unknown stage, a damaged file of values, a file that is no environment, no release."""
    env = tmp_path / "bad.env"
    env.write_text("A\n")
    for arguments, status, code in (
        (("--stage", "live"), 2, "TB7102"),
        (("--env-file", str(env)), 2, "TB7101"),
        (("--set", "x"), 2, ""),
    ):
        said = tool("check-config", str(dist), *arguments)
        assert (said.status, code in said.err) == (status, True), said.err
    (dist / "deploy" / "definitions.json").write_bytes(b"{}")
    said = tool("check-config", str(dist))
    assert (said.status, codes(said.err)) == (5, ["TB7005"])
    (dist / "deploy" / "definitions.json").unlink()
    os.mkfifo(dist / "deploy" / "definitions.json")
    said = tool("check-config", str(dist))
    assert (said.status, codes(said.err)) == (5, ["TB7005"])
    alone = tmp_path / "alone.json"
    shutil.copy(dist / "manifest.json", alone)
    assert codes(tool("check-config", str(alone)).err) == ["TB7103"]


def test_a_release_of_another_format(tool: Tool, dist: Path) -> None:
    """Definitions that a later version wrote are refused with a word, though everything agrees."""
    content = b'{"apiVersion": "twinbuild/configuration/v9"}'
    path = dist / "deploy" / "definitions.json"
    before = path.read_bytes()
    path.write_bytes(content)
    manifest = (dist / "manifest.json").read_bytes()
    manifest = manifest.replace(
        hashlib.sha256(before).hexdigest().encode(), hashlib.sha256(content).hexdigest().encode()
    )
    (dist / "manifest.json").write_bytes(manifest)
    (dist / "release.digest").write_text(f"sha256:{hashlib.sha256(manifest).hexdigest()}\n")
    said = tool("check-config", str(dist))
    assert (said.status, codes(said.err)) == (2, ["TB7103"])
    assert "has the format 'twinbuild/configuration/v9', expected 'twinbuild/configuration/v1'" in said.err


def test_a_value_is_shown_without_what_moves_a_terminal(tool: Tool, dist: Path) -> None:
    """Escape sequences and bytes that are no UTF-8 are told, not obeyed."""
    overlay = dist.parent / "note.yaml"
    overlay.write_text("configuration: {parameters: [{name: note, type: string, default: x, description: d}]}\n")
    arguments = ("check-config", str(dist.parent.parent), "--overlay", str(overlay), "--set")
    said = tool(*arguments, "note=a\x1b[2Jb")
    assert (said.status, "\x1b" in said.out, "'a\\x1b[2Jb'" in said.out) == (0, False, True), said.err


def test_this_machine(tool: Tool, dist: Path) -> None:
    """Secrets of a machine's files and the memory are asked for where somebody asks."""
    overlay = dist.parent / "large.yaml"
    overlay.write_text("environment: {resources: {memory: {request: 900Ti, limit: 900Ti}}}\n")
    arguments = ("check-config", str(dist.parent.parent), "--overlay", str(overlay))
    assert tool(*arguments).status == 0
    said = tool(*arguments, "--machine")
    assert (said.status, codes(said.err)) == (1, ["TB5415", "TB5401"])


def test_an_artifact_that_changed(tool: Tool, tmp_path: Path) -> None:
    """The project's own file is held against the lock."""
    copy = tmp_path / "copy"
    shutil.copytree(EXAMPLE, copy, ignore=shutil.ignore_patterns("dist"))
    assert tool("check-config", str(copy)).status == 0
    artifact = copy / "model" / "classifier.skops"
    artifact.write_bytes(artifact.read_bytes()[:-1] + b"x")
    said = tool("check-config", str(copy))
    assert (said.status, codes(said.err)) == (1, ["TB5416"])


def test_no_knobs(tool: Tool, tmp_path: Path) -> None:
    """A release without knobs has nothing to check."""
    said = tool("check-config", str(tiny_release(tool, tmp_path)))
    assert (said.status, said.out) == (0, "there are no knobs\n")


def test_a_live_change(tool: Tool) -> None:
    """What may change while the service runs is checked like any other; the others are refused."""
    said = tool("check-config", str(EXAMPLE), "--live", "--set", "decision_threshold=0.7", "--json")
    assert json.loads(said.out)["configuration"]["decision_threshold"] == "0.7", said.err
    said = tool("check-config", str(EXAMPLE), "--live", "--set", "decision_threshold=7", "--set", "batch_limit=8")
    assert (said.status, codes(said.err)) == (1, ["TB7104", "TB5412"])
    assert "knob 'batch_limit' does not change while the service runs" in said.err

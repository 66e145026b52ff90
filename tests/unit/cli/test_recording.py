"""``cli.recording``: a release that was made is archived and logged, once; a failure says what was done."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fakes.signed import key_file
from fakes.tiny import tiny_project, tiny_release
from fakes.tool import Tool, tool
from twinbuild.cli.recording import Recorded, Recording
from twinbuild.govern.keys import new_key
from twinbuild.model.settings import without_keys

__all__ = ["tool"]


def test_all_of_it(tool: Tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Built, signed, archived with its signatures, logged; again nothing is said twice. Half of it is named."""
    project = tiny_project(tmp_path / "tiny", tmp_path / "store")
    ada, auditor = (key_file(tmp_path / name, new_key("ecdsa")) for name in ("ada", "auditor"))
    log, archive = str(tmp_path / "log"), str(tmp_path / "archive")
    made = ("release", str(project), "--locked", "-q")
    monkeypatch.setenv("TWINBUILD_AUDIT_LOG", log)
    ended = tool(*made)
    assert (ended.status, "error[TB8043]: TWINBUILD_AUDIT_LOG is set" in ended.err) == (2, True), ended.err
    monkeypatch.setenv("TWINBUILD_AUDIT_KEY", str(auditor))
    ended = tool(*made)  # before anything is built
    assert ("error[TB8630]" in ended.err, (project / "dist").exists()) == (True, False), ended.err
    assert tool("audit", "new", log, "--origin", "tests.example", "--key", str(auditor)).status == 0
    (tmp_path / "archive").write_text("no archive")
    monkeypatch.setenv("TWINBUILD_ARCHIVE", archive)
    monkeypatch.setenv("TWINBUILD_SIGNING_KEY", str(ada))
    ended = tool(*made)
    assert (ended.status, "signed   by " in ended.out) == (2, True), ended.err
    assert f"lies in {project}/dist/tiny-1.0.0, and is not archived, is not logged" in ended.err
    assert "error[TB9101]" in ended.err
    (tmp_path / "archive").unlink()
    for count, place in enumerate((log, f"{log}-away")):
        (tmp_path / "log").rename(tmp_path / "log-away") if count else None
        monkeypatch.setenv("TWINBUILD_AUDIT_LOG", place)
        ended = tool(*made)
        assert ended.status == 0, ended.err
        assert f"archived in {archive}" in ended.out
        assert ("logged   released, signed: entry 1" in ended.out) == (not count)
    entries = json.loads(tool("audit", "log", place, "--json").out)["entries"]
    assert [each["action"] for each in entries] == ["released", "signed"]
    shown = json.loads(tool("archive", "show", "tiny", "--json").out)
    assert any(file["path"] == "signatures/release.dsse.json" for file in shown["files"])
    assert shown["digest"] == entries[0]["release"]
    ended = tool("sign", str(project), "--key", str(auditor), "--json")
    assert json.loads(ended.out)["logged"] == ["signed"], ended.err
    bundle = next((tmp_path / "log-away" / "tile").rglob("*"))
    assert bundle.exists()
    (tmp_path / "log-away" / "checkpoint").unlink()
    assert tool(*made).status == 2  # said before anything is done


def test_the_log_fails(tool: Tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is archived and could not be logged: both are said."""
    project = tiny_project(tmp_path / "tiny", tmp_path / "store")
    auditor = key_file(tmp_path / "auditor", new_key("ed25519"))
    log = str(tmp_path / "log")
    assert tool("audit", "new", log, "--origin", "tests.example", "--key", str(auditor)).status == 0
    for name, value in {"ARCHIVE": tmp_path / "archive", "AUDIT_LOG": log, "AUDIT_KEY": auditor}.items():
        monkeypatch.setenv(f"TWINBUILD_{name}", str(value))
    assert tool("audit", "add", log, "note", "--details", "x", "--key", str(auditor)).status == 0
    for tile in (tmp_path / "log" / "tile" / "0").rglob("*"):
        if tile.is_file():
            tile.write_bytes(b"x" * 32)
    ended = tool("release", str(project), "--locked", "-q")
    assert (ended.status, "error[TB8044]" in ended.err) == (5, True), ended.err
    assert "and is archived, is not logged" in ended.err
    assert "error[TB8642]" in ended.err


def test_no_program_is_told() -> None:
    """The log's key and the variable that holds it are shown to no other program."""
    told = without_keys({"TWINBUILD_AUDIT_KEY": "env:LOG_PEM", "LOG_PEM": "x", "TWINBUILD_AUDIT_LOG": "log"})
    assert told == {"TWINBUILD_AUDIT_LOG": "log"}


def test_two_at_once(tool: Tool, tmp_path: Path) -> None:
    """However many log the same release at once, the log says it once: who waits looks again."""
    auditor = new_key("ed25519")
    log = tmp_path / "log"
    key = str(key_file(tmp_path / "auditor", auditor))
    assert tool("audit", "new", str(log), "--origin", "tests.example", "--key", key).status == 0
    dist = tiny_release(tool, tmp_path)

    def record(_: int) -> Recorded:
        return Recording(archive="", log=str(log), signer=auditor).record(dist, actions=("released", "signed"))

    with ThreadPoolExecutor(4) as pool:
        told = [line for done in pool.map(record, range(8)) for line in done.lines]
    assert sum("logged   released, signed: entry 1" in line for line in told) == 1
    assert sum("logged   before" in line for line in told) == 7
    entries = json.loads(tool("audit", "log", str(log), "--json").out)["entries"]
    assert [each["action"] for each in entries] == ["released", "signed"]

"""``lock --export`` and ``lock --check`` on a lock that does not know its licences yet."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from fakes.tiny import tiny_project
from fakes.tool import EXAMPLES, Tool

NAME = "pylock.fraud-scorer-cpu-linux-amd64.toml"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The first example with its lock."""
    target = tmp_path / "fraud-scorer"
    shutil.copytree(EXAMPLES / "fraud-scorer", target, ignore=shutil.ignore_patterns("dist"))
    return target


def test_export(tool: Tool, project: Path, tmp_path: Path) -> None:
    """The files' paths are printed, as text and as JSON; by default they lie beside the lock files."""
    ended = tool("lock", "--export", "pylock", str(project))
    assert (ended.status, ended.out) == (0, f"{project / 'lockfiles' / NAME}\n")
    ended = tool("lock", "--export", "pylock", "--json", "--output", str(tmp_path / "out"), str(project))
    assert json.loads(ended.out) == {"files": [str(tmp_path / "out" / NAME)], "wheels": 0}
    assert (tmp_path / "out" / NAME).read_bytes() == (project / "lockfiles" / NAME).read_bytes()


def test_no_export_of_a_stale_lock(tool: Tool, project: Path, tmp_path: Path) -> None:
    """A lock that does not fit the spec, or wheels that are not here, are refused, and nothing is written."""
    ended = tool("lock", "--export", "pylock", "--wheels", "--output", str(tmp_path / "out"), str(project))
    assert (ended.status, "TB2258" in ended.err) == (3, True)
    spec = project / "release.yaml"
    spec.write_text(spec.read_text().replace("skops==0.16.0", "skops==0.15.0"))
    ended = tool("lock", "--export", "pylock", "--output", str(tmp_path / "out"), str(project))
    assert (ended.status, "TB2220" in ended.err) == (3, True)
    assert not (tmp_path / "out").exists()


def test_options_of_an_export(tool: Tool, project: Path) -> None:
    """They mean nothing without it."""
    assert tool("lock", "--wheels", str(project)).status == 2
    assert tool("lock", "--output", "out", str(project)).status == 2
    assert tool("lock", "--export", "poetry", str(project)).status == 2


def test_check_names_missing_licences(tool: Tool, project: Path) -> None:
    """A lock of the first version is read, and is not fresh before its licences are there."""
    lock = project / "release.lock"
    text = lock.read_text()
    assert tool("lock", "--check", str(project)).status == 0
    old = text[: text.index(',\n "licensing"')].replace('"lock": 3', '"lock": 1') + "\n}\n"
    lock.write_text(old)
    ended = tool("lock", "--check", "--json", str(project))
    assert ended.status == 1
    assert [finding["code"] for finding in json.loads(ended.err)["findings"]] == ["TB2225"]
    assert lock.read_text() == old


def test_a_damaged_lock(tool: Tool, project: Path) -> None:
    """It is refused with a remedy that works: only ``--upgrade-all``, which keeps nothing of it, goes past it."""
    lock = project / "release.lock"
    damaged = lock.read_text().replace('"size": 70936', '"size": 0')
    lock.write_text(damaged)
    ended = tool("lock", "--json", str(project))
    (finding,) = json.loads(ended.err)["findings"]
    assert (ended.status, finding["code"]) == (3, "TB2208")
    assert "twinbuild lock --upgrade-all" in finding["remedy"]
    for arguments in (["--check", "--upgrade-all"], ["--export", "pylock", "--upgrade-all"]):
        assert "TB2208" in tool("lock", *arguments, str(project)).err
    ended = tool("lock", "--json", "--offline", "--upgrade-all", str(project))
    assert ended.status != 0
    assert "TB2208" not in ended.err
    assert lock.read_text() == damaged


def test_other_bytes_under_one_version(tool: Tool, tmp_path: Path) -> None:
    """A file of the model that changed is refused (exit 3) until the model's version says so; nothing is written."""
    project = tiny_project(tmp_path / "tiny", tmp_path / "store")
    spec = project / "release.yaml"
    artifact = "{name: weights, uri: weights.bin, format: other, target: /models/weights.bin}"
    model = "model: {family: none, version: 1.0.0"
    spec.write_text(spec.read_text().replace(model, f"{model}, artifacts: [{artifact}]"))
    (project / "weights.bin").write_bytes(b"first")
    assert tool("lock", str(project), "--offline").status == 0
    (project / "weights.bin").write_bytes(b"second")
    before = (project / "release.lock").read_bytes()
    ended = tool("lock", str(project), "--offline")
    assert (ended.status, "error[TB7610]" in ended.err) == (3, True), ended.err
    assert "raise model.version, or bring the older file back" in ended.err
    assert (project / "release.lock").read_bytes() == before
    spec.write_text(spec.read_text().replace(model, "model: {family: none, version: 1.0.1"))
    stale = tool("lock", str(project), "--check")
    assert (stale.status, "error[TB2222]" in stale.err) == (1, True)
    assert "its artifacts are of model 1.0.0, the spec says 1.0.1" in stale.err
    assert tool("lock", str(project), "--offline").status == 0
    assert b'"model": "1.0.1"' in (project / "release.lock").read_bytes()
    assert tool("lock", str(project), "--check").status == 0


@pytest.mark.parametrize(
    ("section", "key", "what"),
    [
        ("datasets: [{name: cards, version: '7', sha256: DIGEST}]", "'7'", "data set 'cards' of version 7"),
        ("datasets: [{name: cards, sha256: DIGEST}]", "", "data set 'cards' of version 1.0.0"),
        (
            "features: [{name: cards, store: feast, reference: a, snapshot: of May, schema_sha256: DIGEST}]",
            "of May",
            "schema of the feature view 'cards' of version of May",
        ),
    ],
)
def test_other_data_under_one_version(tool: Tool, tmp_path: Path, section: str, key: str, what: str) -> None:
    """The digest of data that is never fetched is held, too: refused at its line until the version is another one."""
    project = tiny_project(tmp_path / "tiny", tmp_path / "store")
    spec = project / "release.yaml"
    model = "model: {family: none, version: 1.0.0"
    first, second = "a" * 64, "b" * 64
    plain = spec.read_text()
    spec.write_text(plain.replace(model, f"{model}, {section.replace('DIGEST', first)}"))
    assert tool("lock", str(project), "--offline").status == 0
    locked = (project / "release.lock").read_bytes()
    assert first.encode() in locked
    assert tool("lock", str(project), "--check").status == 0
    changed = spec.read_text().replace(first, second)
    spec.write_text(changed)
    stale = tool("lock", str(project), "--check")
    assert (stale.status, "error[TB2222]" in stale.err) == (1, True), stale.err
    ended = tool("lock", str(project), "--offline")
    assert (ended.status, "error[TB7610]" in ended.err) == (3, True), ended.err
    line = 1 + next(number for number, text in enumerate(changed.splitlines()) if second in text)
    assert f"release.yaml:{line}:" in ended.err
    assert f"the {what} has digest sha256:{second}" in ended.err
    assert (project / "release.lock").read_bytes() == locked
    old, new = (key, "'8'") if key else ("version: 1.0.0, datasets", "version: 1.1.0, datasets")
    spec.write_text(changed.replace(old, new))
    assert tool("lock", str(project), "--offline").status == 0
    assert tool("lock", str(project), "--check").status == 0


def test_a_digest_that_is_stated_later(tool: Tool, tmp_path: Path) -> None:
    """A lock that was made before is stale then; a digest that is taken out is remembered for its version."""
    project = tiny_project(tmp_path / "tiny", tmp_path / "store")
    spec = project / "release.yaml"
    plain = spec.read_text()

    def states(more: str) -> None:
        model = "model: {family: none, version: 1.0.0"
        spec.write_text(plain.replace(model, f"{model}, datasets: [{{name: cards{more}}}]"))

    states("")
    assert tool("lock", str(project), "--offline").status == 0
    states(f", sha256: {'a' * 64}")
    assert "error[TB2222]" in tool("lock", str(project), "--check").err
    assert tool("lock", str(project), "--offline").status == 0
    states("")
    assert tool("lock", str(project), "--offline").status == 0
    states(f", sha256: {'b' * 64}")
    assert "error[TB7610]" in tool("lock", str(project), "--offline").err

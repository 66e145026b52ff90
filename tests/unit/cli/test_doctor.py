"""``twinbuild doctor``: what it finds on machines that lack something."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fakes.tool import Tool
from twinbuild.cli.scratch import scratch_directory
from twinbuild.cli.session import home_of
from twinbuild.errors import EnvironmentFault

NAMES = ["twinbuild", "python", "machine", "store", "temporary directory", "sandbox", "git", "certificates"]


@pytest.fixture(autouse=True)
def _addresses(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An index that is a directory, and a mirror on a port where nobody listens."""
    monkeypatch.setenv("TWINBUILD_INDEX_URL", f"file://{tmp_path}")
    monkeypatch.setenv("TWINBUILD_DEBIAN_MIRROR", "http://127.0.0.1:1/debian")


def checks(tool: Tool, *arguments: str) -> tuple[int, dict[str, dict[str, str]]]:
    """Exit status, and the checks by name."""
    ended = tool("doctor", "--json", *arguments)
    answer = json.loads(ended.out)
    assert (ended.status == 0) == answer["ok"]
    return ended.status, {check["name"]: check for check in answer["checks"]}


def test_what_is_looked_at(tool: Tool) -> None:
    """Everything that a verb needs, each with a remedy where it is not in order; as text and as JSON."""
    _, found = checks(tool)
    assert list(found)[: len(NAMES)] == NAMES
    assert found["package index 'default'"]["state"] == "ok"
    assert found["archive 'debian'"]["state"] == "note"
    assert "cannot be reached" in found["archive 'debian'"]["detail"]
    assert all(check["remedy"] for check in found.values() if check["state"] != "ok")
    assert len(tool("doctor").out.splitlines()) == len(found) + sum(1 for check in found.values() if check["remedy"])


def test_offline_asks_nobody(tool: Tool) -> None:
    """Offline an address is named, not asked."""
    _, found = checks(tool, "--offline")
    assert found["archive 'debian'"]["state"] == "ok"
    assert "not asked" in found["archive 'debian'"]["detail"]


@pytest.mark.parametrize(
    ("variable", "value", "name"),
    [
        ("TMPDIR", "/nonexistent/tmp", "temporary directory"),
        ("TWINBUILD_STORE", "/proc/version/store", "store"),
        ("SSL_CERT_FILE", "/nonexistent/bundle.pem", "certificates"),
        ("TWINBUILD_INDEX_URL", "file:///nonexistent", "package index 'default'"),
    ],
)
def test_what_is_missing(tool: Tool, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, name: str) -> None:
    """Exit 4, and the remedy names the variable or the place."""
    monkeypatch.setenv(variable, value)
    status, found = checks(tool)
    assert status == 4
    assert found[name]["state"] == "missing"
    assert found[name]["remedy"]


def test_nothing_is_made(tool: Tool, tmp_path: Path) -> None:
    """Looking leaves no store behind."""
    tool("doctor")
    assert not (tmp_path / "store").exists()


def test_scratch_directory_is_one_s_own(tmp_path: Path) -> None:
    """TB8003 for a link, a file, a directory that others may write to, and a missing parent."""
    environment = {"TMPDIR": str(tmp_path)}
    path = scratch_directory(environment)
    assert path.stat().st_mode & 0o777 == 0o700
    assert scratch_directory(environment) == path
    path.chmod(0o777)
    cases = ["open", "file", "link", "gone"]
    for case in cases:
        if case == "file":
            path.rmdir()
            path.touch()
        elif case == "link":
            path.unlink()
            (tmp_path / "elsewhere").mkdir()
            path.symlink_to(tmp_path / "elsewhere")
        elif case == "gone":
            environment = {"TMPDIR": str(tmp_path / "none")}
        with pytest.raises(EnvironmentFault) as caught:
            scratch_directory(environment)
        assert caught.value.findings[0].code == "TB8003", case


def test_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user without a home has none; nothing fails."""

    def homeless(self: Path) -> Path:
        raise RuntimeError("Could not determine home directory.")

    assert home_of({"HOME": "/h"}) == "/h"
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr(Path, "expanduser", homeless)
    assert home_of({}) == "/nonexistent"

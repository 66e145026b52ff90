"""``pipeline.governing.remembered``: what was seen is not forgotten, and nothing older is taken."""

from __future__ import annotations

import os
from multiprocessing import get_context
from pathlib import Path

import pytest

from twinbuild.errors import EnvironmentFault, PolicyRefused
from twinbuild.pipeline.governing.remembered import remember, state_place

_ZEROTH = b'{"roots": {"a": {"version": 0, "sha256": ""}}, "places": {}}'


def _see(state: Path, version: int, digest: str = "", *, identity: str = "a", place: str = "/trust") -> bool:
    documents = [identity * 64, *(f"{number:064}" for number in range(2, version + 1))]
    if digest:
        documents[-1] = digest
    return remember(state, place=Path(place), documents=documents)


def _code(state: Path, *arguments: object, **named: str) -> str:
    with pytest.raises(PolicyRefused) as raised:
        _see(state, *arguments, **named)  # type: ignore[arg-type]
    return raised.value.findings[0].code


def test_never_back(tmp_path: Path) -> None:
    """A newer one, the same again, not an older one; wherever it lies."""
    assert all(_see(tmp_path, version) for version in (1, 3, 3))
    assert _code(tmp_path, 2) == "TB8804"
    assert _code(tmp_path, 2, place="/elsewhere") == "TB8804"
    assert _see(tmp_path, 4)


def test_another(tmp_path: Path) -> None:
    """Another document of the same version, and another trust root in the same place; elsewhere it may lie."""
    _see(tmp_path, 3)
    assert _code(tmp_path, 3, "f" * 64) == "TB8805"
    assert _code(tmp_path, 9, identity="b") == "TB8805"
    assert _see(tmp_path, 1, identity="b", place="/other")


def test_another_past(tmp_path: Path) -> None:
    """A higher number with another document under the number that was seen."""
    _see(tmp_path, 3, "f" * 64)
    assert _code(tmp_path, 4) == "TB8805"
    _see(tmp_path, 2, identity="b", place="/other")
    assert _see(tmp_path, 4, identity="b", place="/other")


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b'{"roots": {"a": 5}, "places": {}}', b"\xff", _ZEROTH])
def test_damaged(tmp_path: Path, content: bytes) -> None:
    """A damaged file is not taken for one that has seen nothing."""
    (tmp_path / "trust.json").write_bytes(content)
    with pytest.raises(EnvironmentFault) as raised:
        _see(tmp_path, 1)
    assert raised.value.findings[0].code == "TB8810"


def test_a_link(tmp_path: Path) -> None:
    """Nor is a link."""
    (tmp_path / "trust.json").symlink_to("/dev/null")
    with pytest.raises(EnvironmentFault):
        _see(tmp_path, 1)


def test_nowhere(tmp_path: Path) -> None:
    """A machine that keeps nothing says so."""
    (tmp_path / "file").write_text("")
    assert not _see(tmp_path / "file" / "state", 1)


def test_not_to_be_written(tmp_path: Path) -> None:
    """Where nothing more can be noted, what was noted still counts."""
    _see(tmp_path, 3)
    (tmp_path / "trust.lock").unlink()
    (tmp_path / "trust.lock").mkdir()
    assert _code(tmp_path, 2) == "TB8804"
    assert not _see(tmp_path, 4)


def _worker(state: str, number: int) -> None:
    _see(Path(state), 1, identity="0123456789"[number], place=f"/{number}")


def test_at_once(tmp_path: Path) -> None:
    """Several at once lose nothing."""
    context = get_context("fork")
    workers = [context.Process(target=_worker, args=(os.fspath(tmp_path), number)) for number in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert (tmp_path / "trust.json").read_text().count('"version":1') == 6


def test_place() -> None:
    """Where XDG says, if that is a whole path."""
    assert state_place({"XDG_STATE_HOME": "/state"}, "/home/a") == Path("/state/twinbuild")
    assert state_place({"XDG_STATE_HOME": "state"}, "/home/a") == Path("/home/a/.local/state/twinbuild")

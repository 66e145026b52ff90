"""``twinbuild store``: what a person sees of damage, of what is kept and for what, and of what goes."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from fakes.tool import Tool
from twinbuild.model.digest import Digest
from twinbuild.store.disk import DiskStore
from twinbuild.store.layout import blob_name


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store with a blob that a lock keeps, one that a release keeps, and one that nothing keeps."""
    lock, release = tmp_path / "release.lock", tmp_path / "dist"
    lock.touch()
    release.mkdir()
    with DiskStore(tmp_path / "store") as opened:
        opened.keep("lock-1", [opened.put(b"locked")], origin=lock)
        opened.keep("release-1", [opened.put(b"released")], origin=release)
        opened.put(b"loose")
    return tmp_path / "store"


def _damage(store: Path, content: bytes) -> Path:
    file = store / blob_name(Digest.of(content))
    file.chmod(0o644)
    file.write_bytes(content[::-1])
    file.chmod(0o444)
    return file


def test_verify_a_whole_store(tool: Tool, store: Path) -> None:
    """All is well: exit 0, one line; files of others are named."""
    (store / "notes.txt").touch()
    ended = tool("store", "verify", "--quiet")
    assert ended == (0, "not of the store: notes.txt\n3 files, 0.0 MB: all as their digests say\n", "")
    assert json.loads(tool("store", "verify", "--json").out) == {"blobs": 3, "size": 19, "foreign": ["notes.txt"]}


def test_verify_names_damage(tool: Tool, store: Path) -> None:
    """ST-01: exit 5, TB3103 with the digest; nothing is moved without --repair."""
    file = _damage(store, b"locked")
    ended = tool("store", "verify", "--json")
    assert (ended.status, ended.out) == (5, "")
    answer = json.loads(ended.err)
    assert answer["exit_code"] == 5
    assert [(item["code"], item["subject"]) for item in answer["findings"]] == [("TB3103", str(Digest.of(b"locked")))]
    assert file.exists()


def test_repair_takes_damage_away_and_names_who_lacks_it(tool: Tool, store: Path, tmp_path: Path) -> None:
    """The blob is in quarantine; TB3102 says which lock needs it."""
    _damage(store, b"locked")
    ended = tool("store", "verify", "--repair")
    assert ended.status == 5
    assert ended.out.startswith(f"moved to {store}/v1/quarantine/")
    assert f"needed by {tmp_path}/release.lock" in ended.err
    assert (tool("store", "verify").status, tool("store", "path", str(Digest.of(b"locked"))).status) == (5, 3)


def test_collecting(tool: Tool, store: Path) -> None:
    """A dry run changes nothing and says the same; then only what nothing needs is gone."""
    expected = "1 file, 0.0 MB {}; 2 locks, builds and releases keep the rest\n"
    assert tool("store", "gc", "--dry-run", "-q") == (0, expected.format("would be deleted"), "")
    assert tool("store", "gc", "--older-than", "1", "-q").out.startswith("0 files")
    assert tool("store", "gc", "-q") == (0, expected.format("deleted"), "")
    with DiskStore(store) as opened:
        assert set(opened.blobs()) == {Digest.of(b"locked"), Digest.of(b"released")}


def test_a_deleted_release_keeps_nothing(tool: Tool, store: Path, tmp_path: Path) -> None:
    """When the directory of a release is gone, so may its blobs be; a dry run leaves its root."""
    (tmp_path / "dist").rmdir()
    for dry in (["--dry-run"], []):
        answer = json.loads(tool("store", "gc", "--json", *dry).out)
        assert answer["orphaned"] == [{"root": "release-1", "origin": str(tmp_path / "dist")}]
        assert (answer["blobs"], answer["roots"]) == (2, 1)
    with DiskStore(store) as opened:
        assert list(opened.blobs()) == [Digest.of(b"locked")]
        assert list(opened.roots.all()) == ["lock-1"]


def test_nothing_is_deleted_while_another_runs(tool: Tool, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """TB3111, exit 4, while another process has the store open."""
    monkeypatch.setattr("twinbuild.store.locks._PAUSE", 0.01)
    monkeypatch.setattr("twinbuild.store.collection.delete.__kwdefaults__", {"wait": 0.05})
    with DiskStore(store):
        ended = tool("store", "gc", "--json")
    assert (ended.status, json.loads(ended.err)["findings"][0]["code"]) == (4, "TB3111")
    assert threading.active_count() == 1


def test_info_and_path(tool: Tool, store: Path, tmp_path: Path) -> None:
    """How much is held, for what, and where a file lies."""
    answer = json.loads(tool("store", "info", "--json").out)
    assert (answer["path"], answer["blobs"], answer["size"]) == (str(store), 3, 19)
    assert {(root["origin"], root["blobs"], root["size"]) for root in answer["roots"]} == {
        (str(tmp_path / "release.lock"), 1, 6), (str(tmp_path / "dist"), 1, 8),
    }  # fmt: skip
    assert tool("store", "path").out == f"{store}\n"
    assert Path(tool("store", "path", str(Digest.of(b"loose"))).out.strip()).read_bytes() == b"loose"
    assert tool("store", "path", "sha256:../../etc/passwd").status == 2
